"""Means of the hour and the day of the year, counted one by one."""

import importlib

import numpy as np
import pytest
from baselines.forecasts import small_task

from seqconv_jax import UserError, baselines
from seqconv_jax.data import Series


def years(rows=24 * 500):
    hours = np.arange(0, rows, 6)
    values = np.random.default_rng(0).normal(size=(len(hours), 1))
    times = np.datetime64("2019-10-01T03", "us") + hours * np.timedelta64(1, "h")
    return Series(values=values, columns=("a (m)",), times=times)


@pytest.mark.parametrize("span", [0, 4])
def test_it_is_the_mean_of_the_hour_on_days_near(span):
    task = small_task(years(), split=(0.8, 0.9))
    usual = baselines.climatology(task, span=span)
    assert task.times is not None
    day = np.array([time.timetuple().tm_yday - 1 for time in task.times.tolist()])
    hour = np.array([time.hour for time in task.times.tolist()])
    z = task.inputs[:, 0].astype(float)
    seen = np.zeros(len(z), bool)
    seen[np.unique(task.train[:, None] + np.array([1, 2, 3]))] = True
    for row, found in zip(
        task.test[::9], usual.outputs(task, task.test[::9]), strict=True
    ):
        for step in range(3):
            at = row + 1 + step
            away = np.abs(day - day[at])
            near = np.minimum(away, 366 - away) <= span
            same = seen & (hour == hour[at])
            used = same & near if (same & near).any() else same
            assert found[step] == pytest.approx(z[used].mean(), abs=1e-6)


def test_the_span_is_the_best_on_validation():
    usual = baselines.climatology(small_task(years(), split=(0.8, 0.9)))
    assert usual.tried[usual.span] == min(usual.tried.values())
    with pytest.raises(UserError, match="`span` must be an integer of at least 0"):
        baselines.climatology(small_task(years()), span=-1)


def test_very_many_series_share_a_table(monkeypatch):
    both = {"x": years(24 * 300), "y": years(24 * 300)}
    task = small_task(both, split=(0.8, 0.9))
    alone = baselines.climatology(task, span=4)
    module = importlib.import_module("seqconv_jax.baselines.climatology")
    monkeypatch.setattr(module, "_MOST_NUMBERS", 0)
    shared = baselines.climatology(task, span=4)
    assert (len(alone.table), len(shared.table)) == (2, 1)
    rows = task.test  # of two equal series
    np.testing.assert_allclose(
        shared.outputs(task, rows), alone.outputs(task, rows), atol=1e-12
    )
