"""Which columns become inputs, and what is said of the others."""

import io
import os
from datetime import time

import numpy as np
import pandas as pd
import pytest
from data.series.csv_files import read, reject

from seqconv_jax._checks import UserError
from seqconv_jax.data.series import Series, read_series

COUNTED = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
DATED = COUNTED.set_index(pd.to_datetime(["2020-01-01", "2020-01-02"]))


@pytest.mark.parametrize("ends", ["", "\n", "\n\n \n"])
@pytest.mark.parametrize("options", [{}, {"keep": ["b"]}, {"time": "a"}])
@pytest.mark.parametrize("header", ["a,b", "a,b,c"])
def test_no_rows(tmp_path, header, options, ends):
    reject(tmp_path, header + ends, "has column names but no rows after", **options)


@pytest.mark.parametrize("flag", ["True", "FALSE", "tRuE", "false", "yes", "No", "T"])
@pytest.mark.parametrize("others", ["1", "", "NaN"])
def test_true_and_false_are_text_even_alone(tmp_path, flag, others):
    text = f"a,b\n1,{others}\n2,{flag}\n"
    if others == "1":
        reject(tmp_path, text, f"line 3, column 'b': '{flag}' is not a number")
    else:
        assert read(tmp_path, text).columns == ("a",)
        hot = read(tmp_path, text, categories="one-hot", missing="keep")
        assert hot.columns == ("a", f"b={flag}") and hot.values[1, 1] == 1
    assert read(tmp_path, text, drop=["b"]).columns == ("a",)


def test_flags_beside_text_that_nobody_reads(tmp_path):
    text = "a,note\n1,true\n0,false\n"
    assert read(tmp_path, text, keep=["a"]).values.tolist() == [[1], [0]]


@pytest.mark.parametrize("option", ["keep", "drop"])
@pytest.mark.parametrize("names", ["a", 3])
def test_lists_of_names(tmp_path, option, names):
    with pytest.raises(UserError, match=f"`{option}` must be a list of names, got"):
        read(tmp_path, "a,b\n1,2\n", **{option: names})
    series = read(tmp_path, "a,b\n1,2\n", **{option: (name for name in ["a"])})
    assert series.columns == (("a",) if option == "keep" else ("b",))


def test_an_index_that_counts_rows_is_left_out_and_said(tmp_path):
    again = pd.read_csv(io.StringIO(COUNTED.to_csv())).to_csv(index=False)
    named = COUNTED.set_axis(pd.Index([7, 8]))
    named.to_parquet(tmp_path / "x.parquet")
    for series, name in (
        (read(tmp_path, COUNTED.to_csv()), "''"),
        (read(tmp_path, again), "'Unnamed: 0'"),
        (read(tmp_path, "a,b,\n1,3,\n2,4,\n"), "''"),
        (read_series(tmp_path / "x.parquet"), "'__index_level_0__'"),
    ):
        assert series.columns == ("a", "b")
        assert series.values.tolist() == [[1, 3], [2, 4]]
        assert f"columns without a name left out (an index?): {name}" in series.report()
    text = COUNTED.to_csv()
    assert read(tmp_path, text, keep=["", "b"]).values.tolist() == [[0, 3], [1, 4]]
    assert read(tmp_path, text, drop=[""]).notes == ()
    frame = pd.DataFrame({"Unnamed: 0": [0, 1], "a": [1, 2]})
    assert "'Unnamed: 0'" in Series.from_pandas(frame).report()


def test_the_columns_of_the_time_are_told_where_they_were_to_be_found(tmp_path):
    text = "day;clock;end;a\n13/02/2020;10:00;10:30;1\n13/02/2020;10:30;11:00;2\n"
    alone = "day;clock;a\n13/02/2020;10:00;1\n13/02/2020;10:30;2\n"
    series = read(tmp_path, alone, time="auto")
    assert "times in 'day', 'clock' (found)" in series.notes
    series = read(tmp_path, text, time=("day", "clock"))
    assert series.columns == ("a",) and "text left out: 'end'" in series.report()
    assert not any("times in" in note for note in series.notes)
    assert "no times found" in read(tmp_path, "a,b\n1,2\n5,3\n", time="auto").notes
    frame = pd.DataFrame({"a": [1.0, 2.0], "when": ["2020-01-01", "2020-01-02"]})
    notes = Series.from_pandas(frame, time="auto").notes
    assert "times in 'when' (found)" in notes


def test_a_table_that_lies_on_its_side_is_named(tmp_path):
    days = pd.date_range("2020-01-01", periods=5).strftime("%Y-%m-%d")
    frame = pd.DataFrame(np.ones((2, 5)), columns=days, index=["x", "y"])
    text = frame.rename_axis("page").to_csv()
    match = "times are the names of columns .*read_csv.*index_col='page'.*T$"
    reject(tmp_path, text, match, time="auto")
    assert read(tmp_path, text).values.shape == (2, 5)


def test_an_index_of_times_is_not_lost(tmp_path):
    text = DATED.to_csv()
    reject(tmp_path, text, r"without a name \(''\) holds '2020-01-01'; pass time=''")
    DATED.to_parquet(tmp_path / "x.parquet")
    with pytest.raises(UserError, match=r"holds timestamp\[.*time='__index_level_0__'"):
        read_series(tmp_path / "x.parquet")
    for series in (
        read(tmp_path, text, time=""),
        read_series(tmp_path / "x.parquet", time="__index_level_0__"),
    ):
        assert series.times is not None and series.columns == ("a", "b")
        assert (
            series.times.tolist()
            == pd.DatetimeIndex(DATED.index).to_pydatetime().tolist()
        )
    frame = pd.DataFrame({"Unnamed: 0": ["x", "y"], "a": [1, 2]})
    with pytest.raises(UserError, match="without a name .*'Unnamed: 0'"):
        Series.from_pandas(frame)


@pytest.mark.parametrize(
    ("text", "options", "match"),
    [
        ("a, a\n1,2\n", {}, "names columns more than once: 'a'"),
        ("a,b\n1,10:30\n", {}, "'10:30' is not a number"),
        ("t,b\n10:30,1\n", {"time": "t"}, "'10:30' is no time in a known form"),
        ("t,b\n157,1\n", {"time": "t"}, "'157' is no time in a known form"),
        ("a,b\n1,+2+\n", {}, r"'\+2\+' is not a number"),
        ("a,b\n1,1 234\n", {}, "'1 234' is not a number"),
        ("a,b\n1,1'234\n", {}, "is not a number"),
        ("a,b\n1,0b1\n", {}, "'0b1' is not a number"),
        ("a,b\n1,2\n3,x\n", {}, "line 3, column 'b': 'x' is not a number"),
        ("a,b\n1,2\n", {"keep": ["a" * 5000]}, "`keep` = 'aaa.* is no column of"),
    ],
)
def test_cells_and_names_that_mislead(tmp_path, text, options, match):
    reject(tmp_path, text, match, **options)


def test_other_objects_and_files_are_no_path(tmp_path):
    with pytest.raises(UserError, match="got DataFrame .*Series.from_pandas"):
        read_series(COUNTED)  # pyright: ignore[reportArgumentType]
    os.mkfifo(tmp_path / "x.csv")
    with pytest.raises(UserError, match="x.csv is no regular file"):
        read_series(tmp_path / "x.csv")


@pytest.mark.parametrize(
    ("column", "match"),
    [
        (pd.array([1, 2]), "row 0: '1' is no time in a known form"),
        (pd.to_timedelta([1, 2], unit="h"), "must hold times, dates or text, got dur"),
        ([True, False], "must hold times, dates or text, got bool"),
        ([time(1), None], "dates or text, got time64"),
        (["2020-01-01", None], "row 1: the time must be"),
    ],
)
def test_parquet_columns_that_are_no_time(tmp_path, column, match):
    frame = pd.DataFrame({"t": column, "a": [1.0, 2.0]})
    frame.to_parquet(tmp_path / "x.parquet")
    with pytest.raises(UserError, match=match):
        read_series(tmp_path / "x.parquet", time="t")


def test_parquet_times_of_every_unit(tmp_path):
    import pyarrow
    import pyarrow.parquet

    days = np.array(["2020-01-01", "2020-01-02"], "datetime64[ns]")
    kinds = [pyarrow.timestamp(unit) for unit in ("s", "ms", "us", "ns")]
    dictionary = pyarrow.array(["2020-01-01", "2020-01-02"]).dictionary_encode()
    date = pyarrow.array(days.astype("datetime64[D]"))
    for column in [
        *(pyarrow.array(days).cast(kind) for kind in kinds),
        dictionary,
        date,
    ]:
        table = pyarrow.table({"t": column, "a.b": [1.0, 2.0], "a": [3.0, 4.0]})
        pyarrow.parquet.write_table(table, tmp_path / "x.parquet")
        series = read_series(tmp_path / "x.parquet", time="t", keep=["a"])
        assert series.times is not None
        assert series.times.tolist() == days.astype("datetime64[us]").tolist()
        assert series.values.tolist() == [[3], [4]]


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (
            {"missing_marks": -9999},
            "`missing_marks` must be a list of numbers and texts, got -99",
        ),
        ({"missing_marks": [()]}, r"`missing_marks` must be finite .*, got \(\)"),
        ({"trim": 1}, "`trim` must be a bool, got 1"),
        ({"day_first": "no"}, "`day_first` must be True, False or None, got 'no'"),
        ({"day_first": True}, "`day_first` = True is for times"),
        (
            {"categories": "onehot"},
            "`categories` must be 'one-hot', None, or",
        ),
        ({"categories": {"a": "x"}}, "`categories` must be lists of texts, got 'x'"),
        ({"categories": {"z": ["x"]}}, "`categories` = 'z' is no column of"),
        ({"separator": "::"}, "`separator` must be one of ',', ';'"),
        ({"decimal": ";"}, "`decimal` must be '.' or ','"),
        ({"thousands": "x"}, "`thousands` must be one of"),
        ({"thousands": "."}, "`thousands` must differ from the decimal mark"),
        ({"thousands": ",", "decimal": ","}, "`thousands` must differ from `decimal`"),
        ({"comment": "//"}, "`comment` must be one character"),
        ({"skip_rows": -1}, "`skip_rows` must be an integer of at least 0"),
        ({"skip_rows": [0]}, "`skip_rows` must be a number of lines, or the numbers"),
        ({"skip_rows": 9}, "`skip_rows` = 9 lies beyond the end of"),
        ({"skip_footer": 1.5}, "`skip_footer` must be an integer"),
        ({"encoding": "utf-9"}, "`encoding` must be an encoding that Python knows"),
        ({"encoding": "hex"}, "`encoding` must be an encoding that Python knows"),
        ({"reverse": "no"}, "`reverse` must be a bool, got 'no'"),
        ({"max_bytes": "1"}, "`max_bytes` must be a positive integer, got '1'"),
        ({"duplicates": "frist"}, "`duplicates` must be one of .*did you mean 'first'"),
        ({"unsorted": True}, "`unsorted` must be one of 'error', 'sort', 'keep'"),
        ({"duplicates": "first"}, "`duplicates` = 'first' is for times, but .*without"),
        ({"unsorted": "sort"}, "`unsorted` = 'sort' is for times"),
        ({"time_format": "%Y"}, "`time_format` = '%Y' is for times"),
        ({"missing": None}, "`missing` must be one of 'error', .*, got None"),
        ({"time": "t", "time_format": 5}, "`time_format` must be a strptime format"),
        ({"time": [["t"]]}, r"`time` = \['t'\] is no column of"),
        ({"time": ["t", "u"]}, r"`time` = 'u' is no column of"),
        ({"time": "t", "drop": [["t"]]}, r"`drop` = \['t'\] is no column of"),
    ],
)
def test_options_of_another_kind(tmp_path, options, match):
    with pytest.raises(UserError, match=match):
        read(tmp_path, "t,a\n20200101,1\n", **options)


def test_blank_lines_of_one_column_are_told(tmp_path):
    """They may have been meant as missing values; those at the ends were not."""
    note = '2 blank lines left out; a missing value is "" (found)'
    series = read(tmp_path, "a\n\n1\n\n3\n  \n4\n\n")
    assert series.values.tolist() == [[1], [3], [4]] and note in series.notes
    series = read(tmp_path, 'a\n1\n""\n3\n', missing="interpolate")
    assert series.values.tolist() == [[1], [2], [3]]
    assert not any("blank" in each for each in series.notes)
    assert read(tmp_path, "a,b\n1,2\n\n3,4\n").notes == ()
