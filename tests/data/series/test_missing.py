from typing import Any

import numpy as np
import pandas as pd
import pytest
from data.series.csv_files import column, read, reject

from seqconv_jax._checks import UserError
from seqconv_jax.data.series import Series, read_series


@pytest.mark.parametrize("cell", ["", "NaN", "NA", "null", "inf", "-Infinity"])
def test_missing_cells_are_rejected_with_row_column_and_count(tmp_path, cell):
    text = f"t,a,b\n2020-01-01,1,2\n2020-01-02,{cell},3\n2020-01-03,5,-9999\n"
    reject(
        tmp_path,
        text,
        r"2 missing cells, first row 1 \(2020-01-02\), column 'a', .*'a' 1, 'b' 1\)",
        time="t",
    )


def test_a_number_beyond_float64_is_no_number(tmp_path):
    # pandas 2 fails on it, pandas 3 reads infinity
    for cell in ("1e400", "-" + "9" * 400):
        text = column("1", cell, "5")
        reject(tmp_path, text, "1 missing cells, first row 1|too large for float64")


def test_missing_rules(tmp_path):
    text = "a,b\n1,0\n,1\n-9999,2\n4,3\n"

    def got(**options):
        return read(tmp_path, text, **options).values[:, 0].tolist()

    assert got(missing="previous") == [1, 1, 1, 4]
    assert got(missing="interpolate") == [1, 2, 3, 4]
    assert got(missing="drop") == [1, 4]
    np.testing.assert_equal(got(missing="keep"), [1, np.nan, -9999, 4])
    assert got(missing="previous", missing_marks=()) == [1, 1, -9999, 4]
    assert got(missing="drop", missing_marks=(-9999, 4)) == [1]
    series = read(tmp_path, text, missing="drop")
    assert dict(series.missing) == {"a": 2}
    assert series.notes == ("2 rows with missing cells left out",)
    reject(
        tmp_path,
        column("NA", 1),
        "first row, so missing='previous'",
        missing="previous",
    )
    reject(tmp_path, column(1, "NA"), "missing in the last row", missing="interpolate")
    reject(tmp_path, column("NA"), "every row has a missing cell", missing="drop")
    with pytest.raises(UserError, match="did you mean 'previous'"):
        got(missing="previos")
    with pytest.raises(UserError, match="`missing_marks` must be finite"):
        got(missing_marks=(float("nan"),))


def test_missing_is_filled_in_order_of_time(tmp_path):
    text = "t,a\n2020-01-03,\n2020-01-02,2\n2020-01-01,1\n"
    series = read(tmp_path, text, time="t", reverse=True, missing="previous")
    assert series.values[:, 0].tolist() == [1, 2, 2]


@pytest.mark.parametrize(
    ("rule", "filled"),
    [("previous", [1, 1, 3]), ("interpolate", [1, 2, 3]), ("drop", [1, 3])],
)
@pytest.mark.parametrize("kind", ["csv", "csv without times", "parquet", "pandas"])
@pytest.mark.parametrize("reverse", [False, True])
def test_the_only_column_can_be_filled(tmp_path, kind, rule, filled, reverse):
    days, cells = ["2020-01-01", "2020-01-02", "2020-01-03"], [1, None, 3]
    if reverse:
        days, cells = days[::-1], cells[::-1]
    options: dict[str, Any] = {"missing": rule, "reverse": reverse}
    frame = pd.DataFrame({"a": cells}, index=pd.Index(pd.to_datetime(days), name="t"))
    if kind == "pandas":
        series = Series.from_pandas(frame, **options)
    elif kind == "parquet":
        frame.to_parquet(tmp_path / "x.parquet")
        series = read_series(tmp_path / "x.parquet", time="t", **options)
    elif kind == "csv":
        frame.to_csv(tmp_path / "x.csv")
        series = read_series(tmp_path / "x.csv", time="t", **options)
    else:
        frame.to_csv(tmp_path / "x.csv", index=False, na_rep="NaN")
        series = read_series(tmp_path / "x.csv", **options)
    assert series.values[:, 0].tolist() == filled
    assert series.values.flags.c_contiguous
