"""Every baseline of forecasts keeps the contract, whatever a task forecasts."""

import numpy as np
import pytest
from baselines.forecasts import small_series, small_task

from seqconv_jax import UserError, baselines, losses
from seqconv_jax.data import arrays_task

FITS = {
    "last": baselines.last_value,
    "drift": baselines.drift,
    "seasonal": baselines.seasonal_naive,
    "climatology": baselines.climatology,
    "ridge": baselines.ridge_lags,
    "map": baselines.linear_map,
}
OPTIONS = [
    {},
    {"predict": "change"},
    {"predict": "normalised", "target": ("b", "a (m)"), "calendar": True},
    {"horizon": None, "delay": 2, "exact_horizon": False, "every": 2},
    {"horizon": None, "delay": 2, "predict": "change", "exact_horizon": True},
    {"series": {"x": small_series(), "y": small_series(seed=1)}, "scale": "series"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", FITS)
def test_outputs_are_laid_out_as_a_networks(name, options):
    task = small_task(lookback=26, **options)
    baseline = FITS[name](task)
    outputs = baseline.outputs(task, task.test)
    assert outputs.shape == (len(task.test), task.outputs)
    assert outputs.dtype == np.float64 and np.isfinite(outputs).all()
    few = baseline.outputs(task, task.test[:2])
    np.testing.assert_allclose(few, outputs[:2], rtol=1e-12, atol=1e-12)
    found = baselines.scores(baseline, task, "test", {"mae": losses.mae})["mae"]
    expected = float(np.abs(outputs - task.truth(task.test)).mean())
    assert found == pytest.approx(expected, rel=1e-6)
    again = FITS[name](task).outputs(task, task.test)
    assert again.tobytes() == outputs.tobytes()


@pytest.mark.parametrize("name", ["climatology", "ridge", "map"])
def test_values_and_changes_are_the_same_forecast(name):
    value, change = (small_task(predict=kind) for kind in ("value", "change"))
    one, other = (
        task.restore(task.test, FITS[name](task).outputs(task, task.test))
        for task in (value, change)
    )
    np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("name", FITS)
def test_only_training_rows_are_learnt_from(name):
    series = small_series()
    values = series.values.copy()
    values[200:] = 77.0  # rows that only test windows hold
    other = type(series)(values=values, columns=series.columns, times=series.times)
    one, two = small_task(series), small_task(other)
    rows = one.validation
    first, second = (FITS[name](task).outputs(task, rows) for task in (one, two))
    np.testing.assert_array_equal(first, second)


def test_scores_take_each_row_once_in_blocks(monkeypatch):
    monkeypatch.setattr("seqconv_jax.baselines.contract._AT_ONCE", 20)
    task = small_task()
    last, metrics = baselines.last_value(task), {"mse": losses.mse, "mae": losses.mae}
    found = baselines.scores(last, task, task.test, metrics)
    errors = task.naive(task.test, "last") - task.truth(task.test)
    assert found["mse"] == pytest.approx(np.square(errors).mean(), rel=1e-6)
    assert found["mae"] == pytest.approx(task.baseline("test"), rel=1e-6)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "`rows` must be at least one row"),
        ("testing", "'train', 'validation' or 'test', got 'testing'"),
        ([10**6], "`rows` must be rows from 5 to"),
    ],
)
def test_rows_that_are_none(rows, message):
    task = small_task()
    with pytest.raises(UserError, match=message):
        baselines.scores(baselines.last_value(task), task, rows, {"mae": losses.mae})


def test_majority_has_the_rates_of_training():
    x = np.zeros((8, 2, 1), np.float32)
    two = arrays_task(x, np.array([1.0, 1, 1, 0, 1, 1, 1, 0]))
    found = baselines.majority(two).outputs(two, two.train)
    np.testing.assert_allclose(1 / (1 + np.exp(-found)), 0.75)
    four = arrays_task(x, np.array([3, 3, 0, 3, 1, 3, 3, 0]))
    logits = baselines.majority(four).outputs(four, four.train[:1])
    rates = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(rates, np.array([[2, 1, 0.5, 5]]) / 8.5)
    several = arrays_task(x, np.tile([[1.0, 0.0]], (8, 1)))
    assert (
        baselines.majority(several).outputs(several, several.train[:1]) > 0
    ).tolist() == [[True, False]]
    entropy = baselines.scores(
        baselines.majority(two), two, "train", {"loss": losses.binary_cross_entropy}
    )
    assert entropy["loss"] == pytest.approx(
        -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    )


def test_labels_that_are_none():
    task = arrays_task(np.zeros((4, 2, 1)), np.array([0.5, 1.5, 2.0, 1.0]))
    with pytest.raises(UserError, match="must be labels, 0 or 1 or the number of a"):
        baselines.majority(task)
