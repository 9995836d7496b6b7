"""The names of columns: none, given, in several lines, in front of what Excel wants."""

import io

import numpy as np
import pandas as pd
import pytest
from data.series.csv_files import read, reject

from seqconv_jax._checks import UserError
from seqconv_jax.data.series import read_series

NO_NAMES = "".join(
    f"{1609459200000 + 3600000 * at},{at}.5,{mark}\n" for at, mark in enumerate("abab")
)


def test_a_file_without_names_is_read_by_given_ones(tmp_path):
    want = pd.read_csv(io.StringIO(NO_NAMES), header=None)
    for names, time, value in (
        ("numbered", "column 1", "column 2"),
        (["opened", "price", "flag"], "opened", "price"),
    ):
        series = read(tmp_path, NO_NAMES, names=names, time="auto")
        assert series.columns == (value,) and series.read_options["time"] == time
        np.testing.assert_array_equal(series.values[:, 0], want[1])
        times = pd.to_datetime(want[0], unit="ms").to_numpy("datetime64[us]")
        np.testing.assert_array_equal(series.times, times)
        again = read_series(tmp_path / "x.csv", **series.read_options)
        np.testing.assert_array_equal(again.values, series.values)
    ends = "1;2,5;\n2;3,5;\n"
    assert read(tmp_path, ends, names="numbered").values.tolist() == [
        [1, 2.5],
        [2, 3.5],
    ]
    reject(
        tmp_path, NO_NAMES, "each of the 3 columns .*, got 2 names", names=["a", "b"]
    )
    for wrong in ("a", [1], [], 3):
        with pytest.raises(UserError, match="`names` must be 'numbered', or a list"):
            read(tmp_path, NO_NAMES, names=wrong)


@pytest.mark.parametrize(
    "text",
    [
        NO_NAMES,
        "1,2\n3,4\n",
        "2020-01-01,1.5\n2020-01-02,2\n",
        "A;16/12/2006;?\nA;17/12/2006;2\n",
        "2020-01-01,\n2020-01-02,\n2020-01-03,2\n",
    ],
)
def test_data_are_not_taken_for_names(tmp_path, text):
    match = "first line must name the columns, got .*; if no line does, pass names="
    reject(tmp_path, text, match)


@pytest.mark.parametrize("names", ["time,2010,2011", "x,2020-01-01,b", ",0,1", "1,2,A"])
def test_numbers_may_be_names(tmp_path, names):
    series = read(tmp_path, f"{names}\n1,2,3\n4,5,6\n")
    held = [name for name in names.split(",") if name]
    assert list(series.columns) == held


@pytest.mark.parametrize(
    ("tickers", "levels"),
    [(["^X"], ["Price", "Ticker"]), (["7203.T", "B"], ["Price", "Ticker"])],
)
def test_levels_of_pandas_are_put_together(tmp_path, tickers, levels):
    columns = pd.MultiIndex.from_product([["Close", "Volume"], tickers], names=levels)
    days = pd.date_range("2020-01-01", periods=4, name="Date")
    values = np.arange(4.0 * len(columns)).reshape(4, -1)
    frame = pd.DataFrame(values, index=days, columns=columns)
    series = read(tmp_path, frame.to_csv(), time="auto")
    joined = [" ".join(pair) for pair in columns]
    assert list(series.columns) == (joined if len(tickers) > 1 else ["Close", "Volume"])
    assert series.read_options["time"] == "Date"
    assert "names put together from 3 lines (found)" in series.notes
    np.testing.assert_array_equal(series.values, values)
    np.testing.assert_array_equal(series.times, days.to_numpy("datetime64[us]"))
    again = read_series(tmp_path / "x.csv", **series.read_options)
    np.testing.assert_array_equal(again.values, values)


def test_rows_without_cells_are_no_line_of_names(tmp_path):
    text = "t,a,b\n2020-01-01,1,2\n2020-01-02,,\n2020-01-03,3,4\n"
    assert len(read(tmp_path, text, time="t", missing="drop").values) == 2
    reject(tmp_path, "t,a,b\nUTC,,\n2020-01-01,1,2\n", "UTC", time="t")


def test_the_separator_that_excel_is_told(tmp_path):
    series = read(tmp_path, '"sep=;"\nt;a\n2020-01-01;1,5\n2020-01-02;2\n', time="t")
    assert series.values[:, 0].tolist() == [1.5, 2.0]
    assert "separated by ';' (found)" in series.notes
    again = read_series(tmp_path / "x.csv", **series.read_options)
    np.testing.assert_array_equal(again.values, series.values)
    reject(tmp_path, "sep=;\n", "is empty")


def test_blanks_are_named_before_names(tmp_path):
    text = "# by me\n 1958   3  315.70\n 1958   4  317.45\n 1958   5  317.51\n" * 4
    match = r"has 3 fields in each line with blanks .*separator=' '"
    reject(tmp_path, text, match, comment="#")
    text = "#YY MM a\n#yr mo m\n2020 1 2.5\n2020 2 3.5\n"
    reject(tmp_path, text, "looks like a comment", separator=" ")
    match = r"line 2 \('#yr, mo, m'\) holds no data"
    reject(tmp_path, text, match, separator=" ", skip_rows=0)
    series = read(tmp_path, text, separator=" ", skip_rows=[2], time="auto")
    assert series.values.tolist() == [[2.5], [3.5]]
