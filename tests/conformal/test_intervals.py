"""Intervals of tasks: units, steps and targets, quantiles, and what is refused."""

import warnings
from typing import Any

import numpy as np
import pytest

from seqconv_jax import UserError, conformal
from seqconv_jax.data import Series, forecast_task

RNG = np.random.default_rng(3)


def task_of(length=3000, predict: Any = "value", **options):
    values = RNG.normal(size=(length, 2)) * [1, 50] + [0, 400]
    series = Series(values=values, columns=("a (m)", "b"))
    settings = {"lookback": 3, "horizon": 2, "split": (0.2, 0.6)} | options
    return forecast_task(series, target=("a (m)", "b"), predict=predict, **settings)


TASK = task_of()
ROWS = TASK.validation


@pytest.mark.parametrize("predict", ["value", "change"])
def test_margins_are_in_the_unit_of_each_target(predict):
    """Of noise, a forecast of the mean misses by 1.645 standard deviations."""
    task = task_of(predict=predict)
    rows = task.validation
    mean = np.zeros((len(rows), task.outputs))
    if predict == "change":
        mean -= np.tile(task.last[rows], 2)
    intervals = conformal.calibrate(task, rows, mean, level=0.9)
    low, high = np.moveaxis(intervals.restore(task, rows, mean), -1, 0)
    assert np.allclose(high[..., 0] - low[..., 0], 3.29, atol=0.25)
    assert np.allclose(high[..., 1] - low[..., 1], 3.29 * 50, atol=13)
    table = intervals.coverage(task, rows, mean)
    assert table["coverage"].between(0.9, 0.902).all()
    assert table["unit"].tolist() == ["m", "m", "", ""]
    assert table["step"].tolist() == [1, 2, 1, 2]


def test_of_later_windows_as_many_are_inside():
    mean = np.zeros((len(ROWS), TASK.outputs))
    intervals = conformal.calibrate(TASK, ROWS, mean, level=0.8)
    tested = intervals.coverage(TASK, TASK.test, mean[: len(TASK.test)])
    assert tested["coverage"].to_numpy() == pytest.approx(0.8, abs=0.04)


def quantile_outputs(rows, low, high):
    """The same three quantiles for every output, the quantile fastest."""
    return np.tile([low, 0.0, high], (len(rows), TASK.outputs))


@pytest.mark.parametrize(("low", "high"), [(-0.2, 0.2), (-9.0, 9.0), (9.0, -9.0)])
def test_quantiles_are_widened_or_drawn_together(low, high):
    outputs = quantile_outputs(ROWS, low, high)
    levels = (0.05, 0.5, 0.95)
    found = conformal.calibrate(TASK, ROWS, outputs, level=0.9, quantiles=levels)
    assert found.pair == (0.05, 0.95)
    assert (found.margin < 0).all() == (abs(low) > 2)
    ends = found.bounds(outputs)
    assert ends[0] == pytest.approx(-1.645, abs=0.15)
    assert ends[1] == pytest.approx(1.645, abs=0.15)
    assert found.coverage(TASK, ROWS, outputs)["coverage"].between(0.9, 0.91).all()


def test_a_median_alone_has_the_margin_of_its_errors():
    outputs = np.zeros((len(ROWS), TASK.outputs))
    plain = conformal.calibrate(TASK, ROWS, outputs)
    median = conformal.calibrate(TASK, ROWS, outputs, quantiles=(0.5,))
    assert median.pair is None and (median.margin == plain.margin).all()


def test_ends_never_cross():
    found = conformal.Intervals(
        level=0.9,
        margin=np.array([-5.0]),
        quantiles=(0.1, 0.9),
        pair=(0.1, 0.9),
        count=9,
    )
    low, high = found.bounds(np.array([[0.0, 4.0]]))
    assert low.tolist() == high.tolist() == [[2.0]]


def test_settings_make_equal_ones():
    outputs = quantile_outputs(ROWS, -1, 1)
    found = conformal.calibrate(TASK, ROWS, outputs, quantiles=(0.1, 0.5, 0.9))
    again = conformal.Intervals.from_settings(found.settings())
    assert again.settings() == found.settings() and again.name == "90%"
    for changes in (
        {"margin": [[0]]},
        {"pair": [0.2, 0.9]},
        {"level": 2},
        {"count": ""},
    ):
        with pytest.raises(UserError, match="`settings` must be those of intervals"):
            conformal.Intervals.from_settings(found.settings() | changes)


def test_what_is_refused():
    zeros = np.zeros((len(TASK.train), TASK.outputs))
    with pytest.raises(UserError, match="rows that trained nothing, got .596 of train"):
        conformal.calibrate(TASK, TASK.train, zeros)
    with pytest.raises(UserError, match="needs at least 9 examples .* got 8"):
        conformal.calibrate(TASK, ROWS[:8], zeros[:8])
    with pytest.raises(UserError, match=r"`truth` must be of shape \(20, 3\)"):
        conformal.calibrate(TASK, ROWS[:20], zeros[:20, :3])
    with pytest.raises(UserError, match="a multiple of 3 quantiles"):
        conformal.calibrate(TASK, ROWS[:20], zeros[:20], quantiles=(0.1, 0.5, 0.9))
    found = conformal.calibrate(TASK, ROWS, np.zeros((len(ROWS), 4)))
    with pytest.raises(UserError, match="of 4 outputs, as calibrated, got '3 of them'"):
        found.bounds(zeros[:, :3])


def test_many_windows_of_few_stretches_are_warned_of():
    task = task_of(length=800, horizon=100, split=(0.2, 0.6))
    outputs = np.zeros((len(task.validation), task.outputs))
    with pytest.warns(conformal.ConformalWarning, match="about 2 forecast no row in"):
        conformal.calibrate(task, task.validation, outputs)
    with warnings.catch_warnings(action="error"):
        conformal.calibrate(task, task.validation, outputs, level=0.5)
