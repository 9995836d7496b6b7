import numpy as np
import pandas as pd
import pytest

from seqconv_jax._checks import UserError
from seqconv_jax.data.series import find_time_columns

DAY = ["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"]
UNIX = ["1577836800", "1577836860", "1577836920", "1577836980"]
COUNT = [1, 2, 3, 4]
KW = ["4.2", "?", "4.4", "4.5"]


def find(**samples):
    return find_time_columns(list(samples), samples)


@pytest.mark.parametrize(
    ("samples", "found"),
    [
        ({"date": DAY, "load": KW}, ("date",)),
        ({"when": DAY, "load": KW}, ("when",)),
        ({"Month": ["1949-01", "1949-02"], "Passengers": ["112", "118"]}, ("Month",)),
        ({"Month": ["Jan 1949", "Feb 1949"], "n": ["112", "118"]}, ("Month",)),
        ({"t": UNIX, "price": KW}, ("t",)),
        ({"x": UNIX, "price": KW}, ("x",)),
        ({"time": [int(cell) * 1000 for cell in UNIX], "a": COUNT}, ("time",)),
        ({"Date": ["16/12/2006"], "Time": ["17:24:00"], "kW": ["4"]}, ("Date", "Time")),
        ({"Time": ["17:24:00"], "kW": ["4"], "Date": ["16/12/2006"]}, ("Date", "Time")),
        ({"Date": ["10/03/2004"], "Time": ["18.00.00"], "CO": KW}, ("Date", "Time")),
        ({"day": ["18.03.20"], "Time": ["18.00.00"], "CO": KW}, ("day", "Time")),
        ({"day": ["18.03.20"], "CO": KW}, ("day",)),
        ({"MTU": ["01.01.2015 00:00 - 01.01.2015 01:00"], "kW": KW}, ("MTU",)),
        ({"": DAY, "close": KW}, ("",)),
        ({"": COUNT, "date": DAY, "close": KW}, ("date",)),
        ({"year": ["1900", "1901"], "n": ["1", "2"]}, ("year",)),
        ({"time": ["1949.0", "1949.083"], "value": ["112", "118"]}, ("time",)),
        ({"date": DAY, "year": ["2020"] * 4, "month": ["1"] * 4}, ("date",)),
        ({"date": DAY[:1] * 4, "hour": [0, 1, 2, 3], "kW": KW}, ("date", "hour")),
        ({"date": DAY, "hour": [0] * 4, "kW": KW}, ("date",)),
        ({"unix": UNIX, "date": ["2020-01-01 00:00", "2020-01-01 00:01"] * 2}, None),
        ({"a": COUNT, "b": KW}, None),
        ({"yr": [0, 0, 1, 1], "hr": [0, 1, 2, 3]}, None),
        ({"T (degC)": ["1500", "1501", "1503", "1502"]}, None),
        ({"people": ["231000000", "232000000", "234500000", "239000000"]}, None),
        ({"date": ["", "", "", ""], "b": KW}, None),
    ],
)
def test_which_columns_are_the_time(samples, found):
    if "unix" in samples:  # two that differ are a choice
        with pytest.raises(
            UserError, match="2 columns look like times: 'unix', 'date'"
        ):
            find(**samples)
        samples["date"] = [f"2020-01-01 00:0{minute}" for minute in range(4)]
        found = ("unix",)
    assert find(**samples) == found


def test_parts_of_a_time_in_their_order():
    parts = {"No": COUNT, "hour": COUNT, "day": COUNT, "month": COUNT}
    samples = {**parts, "year": ["2010"] * 4, "pm2.5": ["NA", "NA", "1", "2"]}
    assert find(**samples) == ("year", "month", "day", "hour")


def test_an_open_choice_is_named():
    samples = {"a": DAY, "b": ["2021-01-01"] * 4, "c": ["2022-01-01"] * 4, "d": COUNT}
    match = "^3 columns look like times: 'a', 'b', 'c'; name one with time=$"
    with pytest.raises(UserError, match=match):
        find(**samples)


def test_times_of_pandas_and_numpy():
    assert find(a=COUNT, b=list(pd.to_datetime(DAY))) == ("b",)
    assert find(a=COUNT, b=np.array(DAY, "datetime64[s]")) == ("b",)
    assert find(a=np.arange(4.0), b=[None, "2020-01-02", float("nan")]) == ("b",)
