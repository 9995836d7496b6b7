"""The rows of the default setup against the book's generator, row by row.

The book is F. Chollet, *Deep Learning with Python*, section 6.4.
"""

import os
import warnings
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqconv_jax.data.datasets import CSI300, JENA, jena_split
from seqconv_jax.data.forecast import forecast_task
from seqconv_jax.data.forecast.scaling import ScaleWarning
from seqconv_jax.data.series import BusinessDays, Series, read_series

DATA = Path(
    os.environ.get("SEQCONV_DATA", Path(__file__).parents[4] / "shared" / "data")
)
TEN_MINUTES_TAIL = "jena/jena_climate_2016-11-28_2017-01-01_10min.csv.zip"
TEN_MINUTES_HEAD = "jena/jena_climate_2009-01-01_2009-01-28_10min_11col.csv.zip"
HOURLY = "jena/jena_climate_2009_2016_hourly_6col.csv.zip"
YEAR_2020 = "jena2020/weather.csv.zip"
CSI = "hs300/000300.SH.csv"


def real(name, **options):
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"{name} is not in {DATA} (set $SEQCONV_DATA)")
    return read_series(path, **{"time": "Date Time", **options})


def windows_of_the_book(length, lookback, delay, step, low, high, batch):
    """Return what its in-order generator reads in one pass: (inputs, target) rows.

    It starts again before a batch that would touch `high`, so the last is lost.
    """
    if high is None:
        high = length - delay - 1
    at, windows = low + lookback, []
    while at + batch < high:
        rows = np.arange(at, min(at + batch, high))
        at += len(rows)
        for row in rows:
            windows.append((range(row - lookback, row, step), row + delay))
    return windows


def check_against_the_book(series, target, cuts, lookback, step, delay, batch=1):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScaleWarning)
        task = forecast_task(
            series,
            target=target,
            lookback=lookback,
            every=step,
            delay=delay,
            split=cuts,
        )
    assert task.offsets is not None
    first, second = cuts
    length, column = len(series.values), series.columns.index(target)
    mean, std = series.values[:first].mean(axis=0), series.values[:first].std(axis=0)
    table = (series.values - mean) / np.where(std == 0, 1.0, std)
    # Train rows are drawn by np.random.randint(0 + lookback, first).
    assert task.train.tolist() == list(range(lookback, first))
    bounds: dict[Literal["validation", "test"], tuple[int, int | None]] = {
        "validation": (first + 1, second),
        "test": (second + 1, None),
    }
    for name, (low, high) in bounds.items():
        expected = windows_of_the_book(length, lookback, delay, step, low, high, batch)
        rows = task.rows(name)
        stop = length - delay - 1 if high is None else high
        assert rows.tolist() == list(range(low + lookback, stop))
        # Every row of the book, and the ones its dropped batch left out.
        assert len(expected) < len(rows) <= len(expected) + batch
        assert rows.max() + delay < length
        for row, (inputs, ahead) in zip(rows.tolist(), expected, strict=False):
            assert row + delay == ahead
            assert row + int(task.offsets[0]) == inputs[0]
            assert row + int(task.offsets[-1]) == inputs[-1]
        some = slice(None, None, max(1, len(expected) // 20))
        chosen = rows[: len(expected)][some]
        x, y = task.gather(chosen)
        reads = np.array([list(inputs) for inputs, _ in expected[some]])
        np.testing.assert_array_equal(chosen[:, None] + task.offsets, reads)
        np.testing.assert_allclose(x, table[reads], rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(
            y[:, 0], table[chosen + delay, column], rtol=1e-6, atol=1e-6
        )
    return task


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_window_reads_the_rows_of_the_book(data):
    lookback = data.draw(st.integers(1, 30), "lookback")
    step = data.draw(st.integers(1, lookback), "step")
    delay = data.draw(st.integers(0, 20), "delay")
    batch = data.draw(st.integers(1, 3), "batch")
    size = st.integers(lookback + delay + 6, lookback + delay + 40)
    first = data.draw(size, "first")
    second = first + data.draw(size, "second")
    length = second + data.draw(size, "third")
    values = np.random.default_rng(length).normal(size=(length, 2))
    series = Series(values=values, columns=("a", "b"))
    check_against_the_book(series, "b", (first, second), lookback, step, delay, batch)


@pytest.mark.parametrize("shape", [(720, 3, 144), (144, 6, 36), (100, 7, 5), (7, 2, 0)])
@pytest.mark.parametrize("name", [TEN_MINUTES_HEAD, TEN_MINUTES_TAIL])
def test_ten_minute_extracts_read_the_rows_of_the_book(name, shape):
    series = real(name)
    check_against_the_book(series, "T (degC)", (1700, 2800), *shape, batch=16)


@pytest.mark.parametrize("shape", [(120, 1, 24), (241, 6, 24)])
def test_the_hourly_file_reads_the_rows_of_the_book(shape):
    series = real(HOURLY)
    cuts = jena_split(series)
    check_against_the_book(series, "T (degC)", cuts, *shape, batch=128)


def test_the_year_2020_reads_the_rows_of_the_book():
    series = real(
        YEAR_2020,
        time="date",
        keep=["p (mbar)", "T (degC)", "OT"],
        missing="keep",
        duplicates="keep",
    )
    assert len(series.values) == 52_696 and series.repeated == 1
    assert dict(series.missing) == {"OT": 50}
    task = check_against_the_book(
        series, "T (degC)", (30_000, 40_000), 1440, 6, 144, batch=128
    )
    assert task.horizon == "25h" and task.spanning["train"] > 0


def test_every_column_of_2020_and_its_marks():
    series = real(YEAR_2020, time="date", missing="previous", duplicates="first")
    assert series.values.shape == (52_695, 21)
    assert sum(series.missing.values()) == 81
    assert series.gaps.tolist() == [21_513]
    assert any("\ufffd" in name for name in series.columns)


def test_hourly_baselines():
    series = real(HOURLY)
    assert series.values.shape == (70_038, 6) and len(series.gaps) == 5
    options: dict[str, Any] = dict(
        target=JENA.target, lookback="5d", every="1h", delay="24h"
    )
    exact = forecast_task(
        series, **options, split=jena_split(series), exact_horizon=True
    )
    assert (exact.horizon, exact.unit) == ("1d", "degC")
    assert exact.unit_scale == pytest.approx(8.85, abs=0.005)
    assert exact.baseline("validation") == pytest.approx(0.278, abs=0.0005)
    assert exact.baseline("test") == pytest.approx(0.293, abs=0.001)
    published = forecast_task(series, **options, split=jena_split(series))
    assert published.horizon == "25h"
    assert published.baseline("validation") == pytest.approx(0.290, abs=0.001)
    dropped = forecast_task(series, **options, split=jena_split(series), gaps="drop")
    assert dict(dropped.dropped) == {"train": 144, "validation": 288, "test": 288}


def test_the_index_counts_business_days():
    series = real(CSI, time=CSI300.time)
    assert series.regular and series.every == BusinessDays(1)
    task = forecast_task(
        series,
        target=CSI300.target,
        lookback=CSI300.lookback,
        every=CSI300.every,
        delay=CSI300.delay,
        split=CSI300.rows,
    )
    assert task.example.shape == (1, 60, 6) and task.unit == ""
    assert len(task.validation) == 339 and task.horizon == "2 business days"
