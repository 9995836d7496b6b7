"""Times in several columns: parts by their names, and texts that are joined."""

import numpy as np
import pandas as pd
import pytest

from seqconv_jax._checks import UserError
from seqconv_jax.data.series.times import parse_time_columns

HOURS = pd.date_range("2010-02-27 20:00", periods=60, freq="h")


def parse(columns, **options):
    return parse_time_columns(columns, where="x.csv", **options)


def parts(*names):
    return {name: getattr(HOURS, name.lower()) for name in names}


@pytest.mark.parametrize("kind", [np.int64, np.float64, str])
def test_year_month_day_and_hour(kind):
    columns = {
        name: pd.Series(cells.to_numpy().astype(kind))
        for name, cells in parts("year", "Month", "day", "hour").items()
    }
    times, notes, found = parse(columns)
    np.testing.assert_array_equal(times, HOURS.to_numpy("datetime64[us]"))
    assert notes[0].startswith("times are put together from 'year' and 'Month' and")
    assert found == {}


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"YYYY": [2010], "MM": [2]}, "2010-02-01"),
        ({"year": ["2010"], "month": ["Feb"]}, "2010-02-01"),
        ({"year": ["2010"], "month": ["September"]}, "2010-09-01"),
        ({"Year": ["2010"], "Quarter": ["Q2"]}, "2010-04-01"),
        ({"year": [2012], "DOY": [366], "hour": [6]}, "2012-12-31T06:00"),
        (
            {"#YY": [2010], "MM": [1], "DD": [2], "hh": [3], "mm": [4]},
            "2010-01-02T03:04",
        ),
        ({"year": [2010], "month": [1], "day": [31], "hour": [24]}, "2010-02-01"),
        ({"Date": ["13/02/2010"], "Time": ["17:24:00"]}, "2010-02-13T17:24"),
        ({"Date": ["2010-02-13"], "Time": ["5:24 PM"]}, "2010-02-13T17:24"),
        ({"<DATE>": ["20100213"], "<TIME>": ["172400"]}, "2010-02-13T17:24"),
        ({"date": ["2010-02-13"], "hour": [24]}, "2010-02-14"),
        ({"date": ["2010-02-13"], "hour": ["5"], "minute": ["7"]}, "2010-02-13T05:07"),
        ({"day": ["2010-02-13"], "hour": ["05:30"]}, "2010-02-13T05:30"),
    ],
)
def test_parts_and_joined_texts(columns, expected):
    assert parse(columns)[0][0] == np.datetime64(expected)


def test_joined_texts_say_how_they_are_read():
    columns = {"Date": ["13/02/2010", "01/03/2010"], "Time": ["17:24", "09:00"]}
    times, notes, found = parse(columns)
    assert times[1] == np.datetime64("2010-03-01T09:00")
    assert notes == (
        "times are joined from 'Date' and 'Time'",
        "times are read as '%d/%m/%Y %H:%M', as a day above 12 shows",
    )
    assert found == {"day_first": True}
    form = "%d/%m/%Y %H:%M"
    np.testing.assert_array_equal(parse(columns, time_format=form)[0], times)


@pytest.mark.parametrize(
    ("columns", "match"),
    [
        (
            {"year": [2010], "month": [13]},
            r"row 0: .*'year' and 'month', got \(2010, 13",
        ),
        (
            {"year": [2011], "month": [2], "day": [29]},
            "row 0: the time must be made of",
        ),
        ({"year": [97], "month": [2]}, r"row 0: .*got \(97, 2\)"),
        ({"year": [2011, 2011], "month": ["1", ""]}, "row 1: .*1 such rows"),
        ({"year": [2011], "month": [2], "x": [3]}, "and 'x', which is no part of a"),
        ({"month": [2], "day": [3]}, "'2 3' is no time in a known form"),
        ({"date": ["2010-02-13"], "hour": [25]}, "row 0: the time must be made of"),
        ({"date": ["x"], "hour": [2]}, "'x' is no time in a known form"),
    ],
)
def test_parts_that_make_no_time(columns, match):
    with pytest.raises(UserError, match=match):
        parse(columns)
