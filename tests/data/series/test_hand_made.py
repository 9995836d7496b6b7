from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest

from seqconv_jax._checks import UserError
from seqconv_jax.data.series import Series

DAYS = np.arange("2020-01-01", "2020-01-05", dtype="datetime64[D]")
HOURS = pd.date_range("2020-01-01", periods=4, freq="h")


def make(values=None, times=None, columns=("a",), **options):
    values = np.arange(4.0)[:, None] if values is None else values
    return Series(values=values, columns=columns, times=times, **options)


@pytest.mark.parametrize(
    ("values", "match"),
    [
        (np.arange(4.0), r"shape \(rows, 1\), one column .*values\[:, None\]"),
        (np.zeros((4, 2)), r"have shape \(rows, 1\).*got \(4, 2\)"),
        (np.zeros((4, 1, 1)), r"have shape .*got \(4, 1, 1\)"),
        (np.zeros((0, 1)), "at least one row"),
        (np.zeros((4, 1), object), "integers or floats, got object"),
        (np.zeros((4, 1), bool), "integers or floats, got bool"),
        (np.zeros((4, 1), complex), "integers or floats, got complex128"),
        ([["1"], ["2"]], "integers or floats, got <U1"),
        ([[1.0], [1.0, 2.0]], "be an array of numbers"),
        ("text", r"have shape"),
        (pd.DataFrame({"a": [1.0]}), "pandas DataFrame; use Series.from_pandas"),
        (pd.Series([1.0]), "pandas Series; use Series.from_pandas"),
        ([[0.0], [np.nan], [np.inf]], "2 missing cells, first row 1, column 'a', nan"),
        (
            np.ma.array([[1.0], [2.0]], mask=[[False], [True]]),
            "1 missing cells, first row 1",
        ),
    ],
)
def test_values_that_are_no_table_of_numbers(values, match):
    with pytest.raises(UserError, match="`values` must .*" + match):
        make(values)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64, np.uint8])
def test_numbers_become_float64(dtype):
    values = make(np.arange(4, dtype=dtype)[:, None]).values
    assert values.dtype == np.float64
    assert values[:, 0].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("columns", "match"),
    [
        ("a", "a tuple of one name or more, got 'a'"),
        ((), "a tuple of one name or more"),
        ((1,), "be texts, got 1"),
        (("a", "b", "a"), "each column once, got 'a'"),
    ],
)
def test_names_that_are_none(columns, match):
    with pytest.raises(UserError, match="`columns` must .*" + match):
        make(np.zeros((4, 1)), columns=columns)


@pytest.mark.parametrize(
    "times",
    [
        DAYS,
        DAYS.astype("datetime64[ns]"),
        DAYS.astype("datetime64[s]"),
        list(DAYS),
        [date(2020, 1, day) for day in (1, 2, 3, 4)],
        [datetime(2020, 1, day) for day in (1, 2, 3, 4)],
        np.array([datetime(2020, 1, day) for day in (1, 2, 3, 4)], object),
        [pd.Timestamp(2020, 1, day) for day in (1, 2, 3, 4)],
        pd.DatetimeIndex(DAYS),
        pd.Series(DAYS),
        pd.Series(DAYS, index=[9, 8, 7, 6]),
        pd.Index([date(2020, 1, day) for day in (1, 2, 3, 4)]),
        pd.period_range("2020-01-01", periods=4, freq="D"),
        pd.Series(pd.period_range("2020-01-01", periods=4, freq="D")),
        pd.Series(DAYS).astype("timestamp[ns][pyarrow]"),
    ],
    ids=lambda times: f"{type(times).__name__}-{getattr(times, 'dtype', '')}",
)
def test_every_kind_of_times(times):
    series = make(times=times)
    assert series.times is not None and series.times.dtype == "datetime64[us]"
    assert series.times.tolist() == DAYS.astype("datetime64[us]").tolist()
    assert series.every == np.timedelta64(1, "D")


@pytest.mark.parametrize(
    "times",
    [
        HOURS.tz_localize("Europe/Berlin"),
        pd.Series(HOURS.tz_localize("Europe/Berlin")),
        [
            datetime(2020, 1, 1, hour, tzinfo=timezone(timedelta(hours=1)))
            for hour in range(4)
        ],
        [datetime(2019, 12, 31, 23, tzinfo=UTC)]
        + [datetime(2020, 1, 1, hour, tzinfo=UTC) for hour in range(3)],
    ],
    ids="index series list utc".split(),
)
def test_times_with_a_zone_become_utc_and_it_is_said(times):
    series = make(times=times)
    assert series.times is not None
    assert str(series.times[0]) == "2019-12-31T23:00:00.000000"
    assert "times with a zone are given in UTC" in series.report()


@pytest.mark.parametrize(
    ("times", "match"),
    [
        (DAYS[:3], r"have shape \(4,\), got \(3,\)"),
        (DAYS[:, None], r"have shape \(4,\), got \(4, 1\)"),
        (np.arange(4), "be datetime64, got int64; seconds since 1970"),
        (np.arange(4.0), "be datetime64, got float64"),
        (DAYS - DAYS[0], "be datetime64, got timedelta64"),
        (DAYS.astype(str), "be datetime64, got <U28; .*text is for pandas"),
        (["2020-01-01"] * 4, "got '2020-01-01' in row 0; pandas.to_datetime"),
        ([*DAYS[:2], None, DAYS[3]], "got None in row 2"),
        ([*DAYS[:2], pd.NaT, DAYS[3]], "got NaT in row 2"),
        (
            np.where(DAYS == DAYS[2], np.datetime64("NaT", "D"), DAYS),
            "NaT in 1 rows.* 2",
        ),
        (pd.DatetimeIndex([*DAYS[:3], None]), "NaT in 1 rows, first row 3"),
        ([datetime(2020, 1, 1), datetime(2020, 1, 2, tzinfo=UTC)], "all have a zone"),
        (pd.RangeIndex(4), "a pandas index of times, got int64"),
        (pd.MultiIndex.from_product([DAYS, [1]]), "be one index of times"),
        (pd.DataFrame({"t": DAYS}), "be one index of times, got DataFrame"),
        ("2020-01-01", "an array of datetime64, got '2020-01-01'"),
        (iter(DAYS), "an array of datetime64"),
        (np.array([0, 1, 10**6, 10**7], "datetime64[Y]"), "within 290,000 years"),
        (DAYS[::-1], r"newest \(2020-01-04\) to oldest \(2020-01-01\); reverse `val"),
        (pd.DatetimeIndex(DAYS[::-1]), "newest .* to oldest"),
        (DAYS[[0, 1, 1, 2]], r"1 rows repeat a time, first row 2 \(2020-01-02\)"),
        (DAYS[[3, 3, 2, 2]], "newest .* to oldest"),
        (DAYS[[0, 2, 1, 3]], "runs backwards at 1 rows, first at 2020-01-02 after"),
    ],
)
def test_times_that_do_not_rise_or_are_none(times, match):
    with pytest.raises(UserError, match="`times` must .*" + match):
        make(times=times)


def test_faults_stay_on_request_and_are_said():
    days = DAYS[[0, 2, 1, 1]]
    series = make(
        [[1.0], [np.nan], [3.0], [4.0]],
        days,
        allow=("missing", "unsorted", "duplicates"),
    )
    assert dict(series.missing) == {"a": 1} and series.repeated == 1
    report = series.report()
    assert "the series: 4 rows, 1 columns, 2020-01-01 to 2020-01-03" in report
    assert "runs backwards: 1\n  repeated times: 1\n  missing cells: a 1" in report
    with pytest.raises(UserError, match="newest"):
        make(times=DAYS[::-1], allow=("unsorted",))


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [
        ("allow", ("gaps",), "one of 'missing'"),
        ("allow", "missing", "a tuple of texts, got 'missing'"),
        ("allow", 3, "a tuple of texts"),
        ("notes", "text", "a tuple of texts"),
        ("missing", 3, "a mapping of columns to counts"),
        ("origin", "x.csv", "an Origin"),
        ("columns", {"a"}, "a tuple of one name or more"),
    ],
)
def test_parts_of_another_kind(name, value, match):
    with pytest.raises(UserError, match=f"`{name}` must be {match}"):
        make(**{name: value})


def test_times_that_differ_by_less_than_a_second_are_shown_apart():
    times = np.array([0, 2, 1, 3], "datetime64[ms]")
    with pytest.raises(UserError, match=r"00:00:00.001 after .* 00:00:00.002;"):
        make(times=times)


def test_report_says_what_was_not_checked():
    assert "no times: their order, sampling, gaps, repeats not" in make().report()
    irregular = make(times=np.array([0, 1, 3, 8], "datetime64[D]"))
    assert "gaps are not counted" in irregular.report()
    minutes = np.array([*range(30), 29.5, *range(30, 60)]) * 60
    shorter = make(np.zeros((61, 1)), np.sort(minutes).astype("datetime64[s]")).report()
    assert "every 1min; gaps and shorter steps: 2 (at rows 30, 31)" in shorter
