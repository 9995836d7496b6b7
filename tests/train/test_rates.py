"""Several learning rates together: each is what it is alone."""

import numpy as np
import optax
import pytest
from train.test_step import leaves
from train.tiny import Line, tiny_fit, tiny_task

import seqconv_jax as sc
from seqconv_jax import UserError
from seqconv_jax.train import NonFiniteError, RatesResult, fit_rates


def tried(**changes):
    options = {
        "optimizer": sc.optim.rmsprop(1.0),
        "rates": [1e-2, 1e-1],
        "loss": sc.losses.mae,
        "metrics": {"mse": sc.losses.mse},
        "epochs": 2,
        "batch_size": 8,
    }
    return fit_rates(Line(0.1), tiny_task(), **options | changes)


@pytest.mark.parametrize(
    ("how", "optimizer"),
    [
        ("vmap", sc.optim.rmsprop),
        ("vmap", optax.adam),
        ("one by one", sc.optim.rmsprop),
    ],
)
def test_each_is_its_run_alone(how, optimizer):
    found = tried(how=how, optimizer=optimizer(1.0), seeds=[3])
    assert found.results.keys() == {(1e-2, 3), (1e-1, 3)}
    for (rate, seed), result in found.results.items():
        alone = tiny_fit(Line(0.1), optimizer=optimizer(rate), seed=seed)
        for one, other in zip(
            leaves(result.state.params), leaves(alone.state.params), strict=True
        ):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
        losses = [[r["val_loss"] for r in each.history] for each in (result, alone)]
        np.testing.assert_allclose(*losses, rtol=1e-5)


def test_the_best_rate_has_the_best_mean():
    found = tried(seeds=[3, 4])
    assert (found.monitor, found.mode) == ("val_loss", "min")
    values = [found.results[1e-1, seed].best.val_loss for seed in (3, 4)]
    assert found.scores()[1e-1].mean == pytest.approx(np.mean(values))
    assert found.best() == 1e-1  # six steps of 0.01 don't get far
    assert found._replace(mode="max").best() == 1e-2


@pytest.mark.parametrize("how", ["vmap", "one by one"])
def test_one_that_diverges_leaves_the_others(how):
    found = tried(how=how, optimizer=optax.sgd(1.0), rates=[1e-2, 3e38])
    assert found.results.keys() == {(1e-2, 0)} and found.diverged.keys() == {(3e38, 0)}
    assert found.scores().keys() == {1e-2} and found.best() == 1e-2
    with pytest.raises(NonFiniteError):
        RatesResult({}, found.diverged, "val_loss", "min").best()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rates": []}, "`rates` must be positive numbers, none twice, got"),
        ({"rates": [0.1, 0.1]}, "`rates` must be positive numbers, none twice, got"),
        ({"rates": [0.1, -1]}, "`rates` must be positive numbers, none twice, got"),
        ({"rates": 0.1}, "`rates` must be positive numbers, none twice, got 0.1"),
        ({"rates": ["fast"]}, "`rates` must be positive numbers, none twice, got"),
        ({"rates": [float("nan")]}, "`rates` must be positive numbers, none twice"),
        ({"seeds": [1, 1]}, "`seeds` must be integers in"),
        ({"how": "processes"}, "`how` must be one of"),
        ({"run": None}, "`options` must be one of"),
        ({"how": "vmap", "data": "streamed"}, "`how` must be another where"),
        ({"optimizer": sc.optim.rmsprop}, "`optimizer` must be"),
    ],
)
def test_mistakes(changes, message):
    with pytest.raises(UserError, match=message):
        tried(**changes)


def test_a_callback_that_fails_is_told():
    def fail(state, record):
        raise ZeroDivisionError("of this rate")

    with pytest.raises(RuntimeError, match="rate 0.01, seed 0: ZeroDivisionError: of"):
        tried(how="vmap", callback=fail)
