from typing import Any

import numpy as np
import pytest
from data.forecast.ramps import START, series_of

from seqconv_jax._checks import UserError
from seqconv_jax.data import Series, forecast_task


def gapped(drop_rows):
    values = np.arange(60.0)
    keep = np.setdiff1d(np.arange(60), drop_rows)
    times = START + keep * np.timedelta64(10, "m")
    return series_of(values[keep], times=times)


def test_windows_over_gaps_are_counted_or_dropped():
    series = gapped([30, 31])  # row 30 of the file does not follow row 29
    options: dict[str, Any] = dict(
        target="a", lookback=4, every=1, delay=2, split=(16, 40)
    )
    kept = forecast_task(series, **options)
    dropped = forecast_task(series, **options, gaps="drop")
    crossing = [28, 29, 30, 31, 32, 33]  # first input <= 29, target >= 30
    assert dict(kept.spanning) == {"train": 0, "validation": 6, "test": 0}
    assert dict(kept.dropped) == {"train": 0, "validation": 0, "test": 0}
    assert dict(dropped.dropped) == dict(dropped.spanning) == dict(kept.spanning)
    assert set(kept.validation) - set(dropped.validation) == set(crossing)
    assert "left out: train 0, validation 6, test 0" in dropped.describe()
    with pytest.raises(UserError, match="leaves no train window of .*all 12 cross"):
        forecast_task(
            gapped([5, 10, 14]), **{**options, "split": (16, 40)}, gaps="drop"
        )


def test_irregular_sampling_counts_rows_only():
    hours = np.cumsum(np.tile([1, 2, 3], 20)).astype("timedelta64[h]")
    series = series_of(np.arange(60), times=START + hours)
    task = forecast_task(
        series, target="a", lookback=5, every=1, delay=1, split=(20, 40)
    )
    assert (task.horizon, task.horizon_rows) == ("2 rows", 2)
    assert dict(task.spanning) == {}
    assert "gaps in time: not counted: the data has no regular" in task.describe()
    exact = forecast_task(
        series,
        target="a",
        lookback=5,
        every=1,
        delay=1,
        split=(20, 40),
        exact_horizon=True,
    )
    assert exact.horizon == "1 row"
    with pytest.raises(
        UserError, match="`lookback` = 60d is a duration, but .*regular"
    ):
        forecast_task(
            series, target="a", lookback="60d", every=1, delay=1, split=(20, 40)
        )
    with pytest.raises(UserError, match="gaps='drop' needs a regular sampling"):
        forecast_task(
            series,
            target="a",
            lookback=5,
            every=1,
            delay=1,
            split=(20, 40),
            gaps="drop",
        )


def test_a_hole_of_four_years_in_business_days_is_a_gap():
    held = np.array([*range(30), *range(1070, 1100)])
    days = np.busday_offset(np.datetime64("2010-01-04"), held)
    series = series_of(np.arange(60), times=days.astype("datetime64[us]"))
    options: dict[str, Any] = dict(
        target="a", lookback="1w", every="1B", delay="1B", split=(16, 40)
    )
    task = forecast_task(series, **options)
    assert (task.lookback, task.horizon) == (5, "2 business days")
    assert task.report.count("every 1 business day; gaps: 1 (at rows 30)") == 1
    assert "windows over gaps in time: train 0, validation 6," in task.describe()


def test_a_task_says_what_was_not_checked():
    options: dict[str, Any] = dict(
        target="a", lookback=4, every=1, delay=2, split=(16, 40)
    )
    untimed = Series(values=np.arange(60.0)[:, None], columns=("a",))
    described = forecast_task(untimed, **options).describe()
    assert "windows over gaps in time: not counted: the data has no times" in described
    assert "data: arrays in memory\n" in described
    timed = forecast_task(series_of(np.arange(60)), **options).describe()
    assert "windows over gaps in time: none; left out: none" in timed
