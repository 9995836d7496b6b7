"""What else `fit` is given: the run, the reporter, the callback, the optimiser."""

# Arguments of wrong types are what is tested.
# pyright: reportArgumentType=false, reportOperatorIssue=false

import functools
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from train.tiny import tiny_fit, tiny_task

import seqconv_jax as sc
from seqconv_jax.checkpoint import Checkpoints, load_params


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"run": "runs/a"}, "`run` must be an open run directory, .* got 'runs/a'"),
        ({"run": Path("runs/a")}, "`run` must be an open run directory"),
        ({"reporter": print}, "`reporter` must be a reporter with begin, advance, end"),
        ({"reporter": "tqdm"}, "`reporter` must be a reporter with"),
        ({"callback": "stop"}, "`callback` must be a function of the state"),
        ({"callback": [print]}, "`callback` must be a function of the state"),
        (
            {"callback": lambda state: None},
            "`callback` must be a function of the state",
        ),
        ({"optimizer": optax.adam("fast")}, "`optimizer` must do with .* that says"),
        (
            {"optimizer": optax.sgd(lambda step: 0.1 if step > 3 else 1.0)},
            "`optimizer` must do with .* that says: Attempted boolean",
        ),
    ],
)
def test_the_argument_is_named(options, says):
    with pytest.raises(sc.UserError, match=says):
        tiny_fit(**options)


def keras_order(y_true, y_pred):
    return jnp.abs(y_true - y_pred).mean(-1)


@pytest.mark.parametrize(
    "options",
    [
        {"loss": keras_order},
        {"metrics": {"error": lambda targets, predictions: predictions[:, 0]}},
        {"loss": jax.jit(keras_order)},
    ],
)
def test_targets_before_predictions_are_told_by_their_names(options):
    with pytest.raises(sc.UserError, match="must take predictions first and targets"):
        tiny_fit(**options)


@pytest.mark.parametrize(
    "loss",
    [
        functools.partial(sc.losses.binary_cross_entropy),
        jax.jit(sc.losses.binary_cross_entropy),
    ],
)
def test_labels_are_looked_at_however_the_loss_is_wrapped(loss):
    labels = 1 + np.arange(24, dtype=np.float32)[:, None] % 2
    with pytest.raises(sc.UserError, match="must be labels from 0 to 1"):
        tiny_fit(task=tiny_task(targets=labels), loss=loss, metrics={})


@pytest.mark.parametrize("wrong", [lambda p: p[9, 0, 0], lambda p: p.numpy()])
def test_whatever_a_score_raises_names_it(wrong):
    with pytest.raises(sc.UserError, match="`loss` must take predictions float32"):
        tiny_fit(loss=lambda p, y: wrong(p))


def test_a_callback_finds_the_epoch_saved(tmp_path):
    found = []
    with sc.runs.open(tmp_path / "run") as run:

        def look(state, record):
            params = load_params(run.path, step=record["step"])
            found.append(np.array_equal(*map(_kernel, (params, state.params))))

        tiny_fit(run=run, callback=look)
    assert found == [True, True]


def test_without_any_finite_score_the_last_epoch_is_best_resumed_or_not(tmp_path):
    def never(p, y):
        return jnp.full(len(p), jnp.nan)

    options = {"metrics": {"x_loss": never}, "monitor": "val_x_loss"}
    whole = tiny_fit(epochs=3, **options)
    for epochs in (2, 3):
        with sc.runs.open(tmp_path / "run", resume=True) as run:
            parts = tiny_fit(epochs=epochs, run=run, **options)
    assert parts.best.epoch == whole.best.epoch == 3
    assert np.array_equal(_kernel(parts.best.params), _kernel(whole.best.params))
    assert np.array_equal(_kernel(whole.best.params), _kernel(whole.state.params))


def test_a_mode_that_contradicts_the_run_would_load_the_worst(tmp_path):
    with Checkpoints(tmp_path, monitor="val_loss") as checkpoints:
        tree = {"state": {"params": {"w": jnp.ones(1)}}}
        checkpoints.save(1, tree, {"val_loss": 0.5})
        with pytest.raises(
            sc.UserError, match=r"`metrics\['val_loss'\]` must be a num"
        ):
            checkpoints.save(2, tree, {"val_loss": "low"})
    with pytest.raises(sc.UserError, match="`mode` must be 'min' for 'val_loss'"):
        load_params(tmp_path, mode="max")


def _kernel(params):
    return np.asarray(params["Dense_0"]["kernel"])
