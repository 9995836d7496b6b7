"""The pinball loss and the rates of quantiles against plain loops."""

from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from numerics import assert_close, normal

from seqconv_jax import UserError, losses
from seqconv_jax.train.describe import describe

QUANTILES = (0.1, 0.5, 0.9)
PREDICTED, ACTUAL = normal(5, 2 * 3), normal(5, 2, seed=1)


def loss_of(predicted, actual, quantiles):
    """The loss of each example, one quantile of one output at a time."""
    rows = []
    for row, truth in zip(predicted, actual, strict=True):
        costs = []
        for output, y in enumerate(truth):
            for index, q in enumerate(quantiles):
                p = row[output * len(quantiles) + index]
                costs.append(q * (y - p) if y > p else (1 - q) * (p - y))
        rows.append(sum(costs) / len(costs))
    return np.array(rows)


def test_pinball_equals_the_formula():
    got = losses.pinball(QUANTILES)(PREDICTED, ACTUAL)
    assert got.shape == (5,) and got.dtype == jnp.float32
    assert_close(got, loss_of(PREDICTED, ACTUAL, QUANTILES))


def test_pinball_of_the_median_is_half_the_absolute_error():
    x, y = normal(5, 2), normal(5, 2, seed=1)
    assert_close(2 * losses.pinball([0.5])(x, y), losses.mae(x, y))


def test_the_best_prediction_is_the_quantile():
    values: Any = (
        np.random.default_rng(0).exponential(size=(1, 4001)).astype(np.float32)
    )
    tried: Any = np.linspace(0, 4, 401, dtype=np.float32)
    for q in (0.1, 0.8):
        loss = losses.pinball((q,))
        costs = [loss(np.full_like(values, p), values)[0] for p in tried[::10]]
        best = tried[::10][int(np.argmin(costs))]
        assert best == pytest.approx(np.quantile(values, q), abs=0.1)


@pytest.mark.usefixtures("x64")
def test_derivative_in_float64():
    x, y = normal(5, 6, dtype="float64"), normal(5, 2, seed=1, dtype="float64")
    loss = losses.pinball(QUANTILES)
    check_grads(lambda x: loss(x, y), (x,), order=1, modes=["rev"])


def test_rates_and_the_error_of_one_quantile():
    predicted: Any = np.array([[0, 1, 2, 5, 6, 7]] * 2, np.float32)
    actual: Any = np.array([[1.5, 4.0], [0.0, 6.0]], np.float32)
    given: Any = {"quantiles": QUANTILES}
    assert losses.interval_rate(predicted, actual, **given).tolist() == [0.5, 1]
    for quantile, rates in ((0.1, [0.5, 0.5]), (0.5, [0.5, 1]), (0.9, [1, 1])):
        got = losses.quantile_rate(predicted, actual, quantile=quantile, **given)
        assert got.tolist() == rates
    assert losses.quantile_mae(predicted, actual, **given).tolist() == [1.25, 0.5]
    got = losses.quantile_mae(predicted, actual, quantile=0.9, **given)
    assert got.tolist() == [1.75, 1.5]
    missing: Any = np.full_like(actual, np.nan)
    assert np.isnan(losses.interval_rate(predicted, missing, **given)).all()


def test_a_run_is_told_apart_by_its_quantiles():
    one, other = (describe(losses.pinball(q), "loss") for q in ((0.1, 0.9), (0.2, 0.9)))
    assert one["loss"] == "pinball_loss"
    assert {k for k in one if one[k] != other[k]} == {"loss.quantiles.0"}


@pytest.mark.parametrize(
    "quantiles", [(), (0.5, 0.5), (0.9, 0.1), (0, 0.5), (0.5, 1), ("a",), 0.5, "0.5"]
)
def test_what_are_no_quantiles(quantiles):
    message = r"`quantiles` must be numbers in \(0, 1\), ascending, got"
    with pytest.raises(UserError, match=message):
        losses.pinball(quantiles)


@pytest.mark.parametrize(
    "score, x, y, message",
    [
        (
            "pinball_loss",
            (4, 2),
            (4, 1),
            r"shape \(4, 3\), 3 quantiles of 1 output",
        ),
        ("pinball_loss", (4, 3), (4,), r"`targets` must have shape \(batch, outputs\)"),
        ("interval_rate", (3, 3), (4, 1), r"`predictions` must have shape \(4, 3\)"),
        ("quantile_mae", (4,), (4, 1), r"`predictions` must have shape \(batch, outpu"),
    ],
)
def test_shapes_that_do_not_fit_raise(score, x, y, message):
    with pytest.raises(UserError, match=message):
        getattr(losses, score)(jnp.zeros(x), jnp.zeros(y), quantiles=QUANTILES)


def test_a_quantile_that_is_not_predicted():
    below = partial(losses.quantile_rate, quantiles=QUANTILES, quantile=0.25)
    with pytest.raises(UserError, match="`quantile` must be one of 0.1, 0.5, 0.9, got"):
        below(PREDICTED, ACTUAL)
    with pytest.raises(UserError, match="`quantiles` must be two or more"):
        losses.interval_rate(PREDICTED, PREDICTED, quantiles=(0.5,))
