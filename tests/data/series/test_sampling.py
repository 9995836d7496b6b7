import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqconv_jax.data.series import BusinessDays, Series
from seqconv_jax.data.series.durations import format_duration
from seqconv_jax.data.series.sampling import continued, sampled_every, sampling


def dates(freq, periods=40, start="1999-11-03", **options):
    index = pd.date_range(start, periods=periods, freq=freq, unit="us", **options)
    if index.tz is not None:
        index = index.tz_convert(None)
    return index.to_numpy("datetime64[us]")


@pytest.mark.parametrize(
    ("freq", "every"),
    [
        ("MS", "1month"),
        ("ME", "1month"),
        ("BMS", "1month"),
        ("BME", "1month"),
        ("QS", "3months"),
        ("QE", "3months"),
        ("2MS", "2months"),
        ("YS", "1y"),
        ("YE", "1y"),
        ("YE-JUN", "1y"),
        ("10YS", "10y"),
        ("B", "1 business day"),
        ("D", "1d"),
        ("W", "7d"),
        ("30D", "30d"),
        ("365D", "365d"),
        ("h", "1h"),
    ],
)
def test_the_sampling_of_what_pandas_makes(freq, every):
    times = dates(freq)
    found = sampling(times)
    assert found.every is not None and format_duration(found.every) == every
    assert found.regularity == 1.0 and not len(found.gaps)
    assert sampled_every(times[:5], found.every).regularity == 1.0
    last = dates(freq, periods=49)[40:]
    np.testing.assert_array_equal(continued(times, found.every, 9), last)


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Asia/Tokyo"])
@pytest.mark.parametrize(("freq", "every"), [("MS", "1month"), ("B", "1 business day")])
def test_midnights_of_a_zone_follow_the_calendar(zone, freq, every):
    times = dates(freq, periods=300, tz=zone)
    found = sampling(times)
    assert found.every is not None and format_duration(found.every) == every
    assert found.regularity == 1.0


def test_closing_times_of_a_market_are_business_days():
    times = dates("B", periods=300) + np.timedelta64(16, "h")
    found = sampling(times)
    assert found.every == BusinessDays(1) and not len(found.gaps)
    assert continued(times, BusinessDays(1), 1)[0] == times[-1] + np.timedelta64(1, "D")


def test_a_missing_month_and_a_holiday_are_gaps():
    months = np.delete(dates("MS", periods=100), [50, 51])
    series = Series(values=np.zeros((98, 1)), columns=("a",), times=months)
    assert series.regular and series.every == np.timedelta64(1, "M")
    assert series.gaps.tolist() == [50]
    assert "every 1month; gaps: 1 (at rows 50)" in series.report()
    days = np.delete(dates("B", periods=100), [50])
    found = sampling(days)
    assert found.every == BusinessDays(1) and found.gaps.tolist() == [50]
    assert not found.shorter and found.regularity == pytest.approx(97 / 98)


def test_a_repeated_month_is_a_shorter_step():
    months = dates("MS", periods=30)
    times = np.insert(months, 10, months[10])
    series = Series(
        values=np.zeros((31, 1)), columns=("a",), times=times, allow=("duplicates",)
    )
    assert "every 1month; gaps and shorter steps: 1 (at rows 11)" in series.report()


def test_what_follows_no_calendar_is_not_regular():
    times = dates("D", periods=60)[np.cumsum(np.tile([0, 1, 1, 3], 7))]
    series = Series(
        values=np.zeros((28, 1)), columns=("a",), times=times, allow=("duplicates",)
    )
    assert not series.regular
    assert "gaps are not counted" in series.report()
    assert sampled_every(times, np.timedelta64(1, "M")).regularity == 0.0


@given(st.lists(st.integers(0, 5_000), min_size=2, max_size=40, unique=True))
def test_gaps_of_business_days_are_those_that_numpy_counts(offsets):
    days = np.busday_offset("1990-01-01", np.sort(offsets), roll="forward")
    found = sampled_every(days.astype("datetime64[us]"), BusinessDays(1))
    steps = np.busday_count(days[:-1], days[1:])
    assert found.gaps.tolist() == (np.flatnonzero(steps != 1) + 1).tolist()
