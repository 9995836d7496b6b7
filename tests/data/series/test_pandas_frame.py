from typing import Any

import numpy as np
import pandas as pd
import pytest

from seqconv_jax._checks import UserError
from seqconv_jax.data.series import Series

HOURS = pd.date_range("2020-01-01", periods=3, freq="h")


def frame(index: Any = HOURS, **columns):
    return pd.DataFrame(columns or {"a": [1.0, 2.0, 3.0]}, index=index)


@pytest.mark.parametrize(
    ("source", "options"),
    [
        (frame(), {}),
        (frame()["a"], {}),
        (frame(a=[1, 2, 3]), {}),
        (frame(a=pd.array([1, 2, 3], "Int64")), {}),
        (frame(a=pd.array([1, 2, 3], "Float32")), {}),
        (frame(a=pd.array([1, 2, 3], "int64[pyarrow]")), {}),
        (frame(a=pd.arrays.SparseArray([1.0, 2.0, 3.0])), {}),
        (frame(HOURS.to_period("h")), {}),
        (frame(HOURS.as_unit("s")), {}),
        (frame(HOURS.rename("t")), {"time": "t"}),
        (frame(None, a=[1, 2, 3], t=HOURS), {"time": "t"}),
        (frame(None, a=[1, 2, 3], t=HOURS.astype(str)), {"time": "t"}),
        (frame(None, a=[1, 2, 3], t=HOURS.to_pydatetime()), {"time": "t"}),
        (frame(a=[1, 2, 3], s=list("xyz")), {"drop": ["s"]}),
        (frame()[::-1], {"reverse": True}),
        (frame().iloc[[0, 2, 1]], {"unsorted": "sort"}),
        (frame().iloc[[0, 1, 1, 2]], {"duplicates": "first"}),
        (frame(a=[1.0, None, 3.0]), {"missing": "interpolate"}),
        (frame(a=[1.0, -9999.0, 3.0]), {"missing": "interpolate"}),
        (frame(a=pd.array([1, None, 3], "Int64")), {"missing": "interpolate"}),
        (
            frame(a=pd.array([1, None, 3], "double[pyarrow]")),
            {"missing": "interpolate"},
        ),
    ],
)
def test_every_kind_of_frame(source, options):
    series = Series.from_pandas(source, **options)
    assert series.columns == ("a",) and series.values.dtype == np.float64
    assert series.values[:, 0].tolist() == [1, 2, 3]
    assert series.times is not None
    assert series.times.tolist() == HOURS.to_pydatetime().tolist()


def test_frames_without_times_and_with_zones():
    untimed = Series.from_pandas(pd.DataFrame({"a": [1.0, 2.0], "b": [3, 4]}))
    assert untimed.times is None and untimed.values.tolist() == [[1, 3], [2, 4]]
    zoned = Series.from_pandas(frame(HOURS.tz_localize("Asia/Tokyo")))
    assert zoned.times is not None and str(zoned.times[0])[:13] == "2019-12-31T15"
    assert zoned.notes == ("times with a zone are given in UTC",)
    wide = pd.DataFrame({f"c{at}": [1.0] for at in range(4)})
    assert Series.from_pandas(wide, keep=["c3", "c1"]).columns == ("c1", "c3")


@pytest.mark.parametrize(
    ("source", "options", "match"),
    [
        (np.zeros((3, 1)), {}, "must be a pandas DataFrame or Series, got ndarray"),
        (HOURS, {}, "must be a pandas DataFrame or Series"),
        (pd.Series([1.0]), {}, "series without a name"),
        (frame()[:0], {}, "at least one row"),
        (pd.DataFrame(np.zeros((3, 2))), {}, "texts as column names, got 0, 1"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), {}, "more than once: 'a'"),
        (frame(s=list("xyz"), a=[1, 2, 3]), {"keep": ["s"]}, "'s' holds text, not n"),
        (
            frame(s=["1", "2", "3"], a=[1, 2, 3]),
            {},
            r"1 columns hold no n.*drop=\['s'\]",
        ),
        (frame(a=[True, False, True]), {}, "no column of numbers is left; 'a' holds b"),
        (frame(a=pd.array([True, None, False], "boolean")), {}, "'a' holds boolean"),
        (frame(a=pd.Categorical([1, 2, 1])), {}, "'a' holds category"),
        (frame(a=np.array([1, 2, None], object)), {}, "'a' object.*frame.astype"),
        (frame(None, a=HOURS), {}, "'a' datetime64"),
        (frame(a=HOURS), {"keep": ["a"]}, "'a' datetime64"),
        (frame(a=HOURS), {}, "no column of numbers is left"),
        (frame(a=[1j, 2, 3]), {}, "'a' complex"),
        (frame(["x", "y", "z"]), {}, "an index of times, or one that counts rows"),
        (frame(HOURS.astype(str)), {}, "an index of times, or one that counts rows"),
        (frame([2019, 2020, 2022]), {}, "counts rows out of order"),
        (frame(pd.RangeIndex(3, name="year")), {}, "one that counts rows"),
        (frame(HOURS[[0, 1, 1]]), {}, "1 rows repeat a time"),
        (frame(HOURS[::-1]), {}, "pass reverse=True"),
        (frame(), {"time": "t"}, "`time` = 't' is no column of the frame"),
        (frame(), {"keep": ["z"]}, "`keep` = 'z' is no column"),
        (frame(), {"drop": ["a"]}, "no column of values is left"),
        (frame(a=[1, None, 3]), {}, "the frame: 1 missing cells, first row 1 .2020"),
        (frame(a=[1.0, np.inf, 3]), {}, "1 missing cells"),
        (frame(a=[1, 2, 3], t=[1, 2, 3]), {"time": "t"}, "'1' is no time in"),
    ],
)
def test_frames_that_are_no_series(source, options, match):
    with pytest.raises(UserError, match=match):
        Series.from_pandas(source, **options)


def test_one_level_of_rows_and_columns():
    rows = pd.MultiIndex.from_product([["x"], HOURS])
    for source in (frame(rows), frame(rows).T.set_index(pd.Index(["b"])).T):
        with pytest.raises(UserError, match="got a MultiIndex; take one group"):
            Series.from_pandas(source)
    columns = pd.MultiIndex.from_product([["x"], ["y"]])
    with pytest.raises(UserError, match="got a MultiIndex"):
        Series.from_pandas(pd.DataFrame([[1.0]], columns=columns))
