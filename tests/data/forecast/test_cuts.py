from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest

from seqconv_jax._checks import UserError
from seqconv_jax.data.forecast.cuts import cut_rows
from seqconv_jax.data.series import Series

SERIES = Series(
    values=np.zeros((100, 1)),
    columns=("a",),
    times=np.datetime64("2020-01-01", "us") + np.arange(100) * np.timedelta64(12, "h"),
)
UNTIMED = Series(values=np.zeros((100, 1)), columns=("a",))


@pytest.mark.parametrize(
    "split",
    [
        (20, 40),
        [np.int64(20), 40],
        ("20", "40"),
        ("20 rows", "40 rows"),
        (0.2, 0.4),
        ("0.2", ".4"),
        ("2020-01-11", "2020-01-21"),
        ("2020-01-10 13:00", "2020-01-21T00:00:00"),
        (date(2020, 1, 11), datetime(2020, 1, 20, 23)),
        (pd.Timestamp("2020-01-11"), np.datetime64("2020-01-21")),
        [pd.Timestamp(day, tz="Asia/Tokyo") for day in ("2020-01-11", "2020-01-21")],
    ],
)
def test_rows_dates_and_fractions(split):
    assert cut_rows(split, SERIES) == (20, 40)


@pytest.mark.parametrize(
    ("split", "match"),
    [
        ((10, 0.5), "of one kind, got fractions and rows"),
        (("2020-01-11", 40), "of one kind, got dates and rows"),
        ((10, 100), "row 100 lies past the end of .*100 rows.*fractions such as"),
        ((200_000, 300_000), "row 200,000 lies past the end of .*100 rows"),
        ((0.5, 0.25), r"rise from above 0.*rows 50 and 25.*50/25/25 is \(0.5, 0.75\)"),
        ((10, 10), "two cut points that rise"),
        ((0, 10), "two cut points that rise"),
        ((-5, 10), "two cut points that rise"),
        ((0.0, 0.5), r"fractions in \(0, 1\).*got 0.0"),
        ((0.5, 1.0), r"fractions in \(0, 1\).*got 1.0"),
        ((True, 2), "got True"),
        (("19.10.2012", "20.10.2012"), r"dates \(YYYY-MM-DD\), got '19.10.2012'"),
        (("2020-13-01", "2020-14-01"), "got '2020-13-01'"),
        ((float("nan"), 0.5), "got nan"),
        ((pd.NaT, pd.NaT), "got NaT"),
        ((1, 2, 3), "two cut points"),
        ("0.5", "two cut points"),
        (0.5, "two cut points"),
        ({0.25, 0.5}, "two cut points"),
        (("9" * 5_000, "1"), "must hold rows .*, got '999"),
        (("2019-01-01", "2020-01-11"), "2019-01-01 lies outside .* from 2020-01-01 to"),
        (("2020-01-11", "2021-01-01"), "2021-01-01 lies outside"),
    ],
)
def test_other_splits_are_rejected(split, match):
    with pytest.raises(UserError, match=match):
        cut_rows(split, SERIES)


def test_dates_need_times():
    with pytest.raises(UserError, match="read without a time column; pass time="):
        cut_rows(("2020-01-11", "2020-01-21"), UNTIMED)
    assert cut_rows((0.2, 0.4), UNTIMED) == (20, 40)


MONTHLY = Series(
    values=np.zeros((3000, 1)),
    columns=("sunspots",),
    times=(np.datetime64("1749-01") + np.arange(3000)).astype("datetime64[us]"),
)


def test_years_as_text_are_dates_of_a_series_with_times():
    rows = ((1900 - 1749) * 12, (1950 - 1749) * 12)
    assert cut_rows(("1900", "1950"), MONTHLY) == rows
    assert cut_rows(("1900", "1950-01-01"), MONTHLY) == rows
    assert cut_rows((1900, 1950), MONTHLY) == (1900, 1950)
    assert cut_rows(("1900 rows", "1950rows"), MONTHLY) == (1900, 1950)
    untimed = Series(values=np.zeros((3000, 1)), columns=("a",))
    assert cut_rows(("1900", "1950"), untimed) == (1900, 1950)


def test_a_year_without_rows_is_never_taken_for_a_row():
    with pytest.raises(UserError, match="'2100' may be a year, .* give '2100 rows'"):
        cut_rows(("1900", "2100"), MONTHLY)
    with pytest.raises(UserError, match="of one kind, got dates and rows"):
        cut_rows(("1900", "500"), MONTHLY)
