"""Text files as people write them, against what pandas reads when it is told how."""

import io
import json
import zipfile

import numpy as np
import pandas as pd
import pytest
from data.series.csv_files import read, reject, write

from seqconv_jax.data.series import read_series

DAYS = "2020-01-01", "2020-01-02", "2020-01-03"


def table(separator=",", decimal=".", gap="", names=("t", "a", "b")):
    rows = [DAYS, (2.5, None, -0.25), (1000.5, 7, 1e-3)]
    lines = [separator.join(names)]
    for day, *cells in zip(*rows, strict=True):
        texts = [str(cell).replace(".", decimal) for cell in cells]
        lines.append(separator.join([day, *texts]).replace("None", gap))
    return "\n".join(lines) + "\n"


def against_pandas(series, text, **how):
    want = pd.read_csv(io.StringIO(text), **how).set_index("t")
    assert series.columns == tuple(want.columns)
    np.testing.assert_array_equal(series.values, want.to_numpy(float))
    assert series.times.tolist() == pd.to_datetime(want.index).to_pydatetime().tolist()


@pytest.mark.parametrize("gap", ["", "?", "NA", "-", "n/a", "NULL", "--", ".", " NA "])
@pytest.mark.parametrize(
    ("separator", "decimal"),
    [(",", "."), (";", ","), ("\t", ","), ("|", "."), (";", ".")],
)
def test_separators_decimals_and_marks_are_found(tmp_path, separator, decimal, gap):
    text = table(separator, decimal, gap)
    series = read(tmp_path, text, time="t", missing="keep")
    against_pandas(
        series, text, sep=separator, decimal=decimal, na_values=[gap, gap.strip()]
    )
    assert dict(series.missing) == {"a": 1}
    notes = "\n".join(series.notes)
    assert ("separated by" in notes) == (separator != ",")
    assert ("decimal comma (found)" in notes) == (decimal == ",")
    said = f"text that means missing: {gap!r} in 1 cells (found)"
    assert (said in notes) == (gap in ("?", "-", "--", ".", " NA "))


SEMI = {"sep": ";", "decimal": ","}
THOUSANDS = table(";", ",").replace("1000", "1.000")
QUOTED = 't,a\n2020-01-01,"1,234.5"\n2020-01-02,"7"\n'
OPEN = "t;a\n2020-01-01;1,234\n2020-01-02;2,345\n"


@pytest.mark.parametrize(
    ("text", "options", "how"),
    [
        (THOUSANDS, {"thousands": ".", "decimal": ","}, SEMI | {"thousands": "."}),
        (QUOTED, {"thousands": ","}, {"thousands": ","}),
        (OPEN, {"decimal": ","}, SEMI),
        (OPEN, {"thousands": ","}, {"sep": ";", "thousands": ","}),
        (table(gap="x"), {"missing_marks": ("x",)}, {"na_values": ["x"]}),
        ("# by hand\n# twice\n" + table(), {}, {"skiprows": 2}),
        ("Station: X\nUnit: m\n\n" + table(";", ","), {}, SEMI | {"skiprows": 3}),
        ("a, b, c\n" + table(), {"skip_rows": 1}, {"skiprows": 1}),
        (table().replace("\n", "\n,m,m\n", 1), {"skip_rows": [2]}, {"skiprows": [1]}),
        ("#x,y\n" + table() + "#z\n", {"comment": "#"}, {"comment": "#"}),
        (table().replace("7", "7 # here"), {"comment": "#"}, {"comment": "#"}),
        (table() + "Source: me\n\n", {"skip_footer": 1}, {"nrows": 3}),
        ("t,a,b\n" + table().replace("\n", ",\n")[7:], {}, {"index_col": False}),
        (table().replace("b\n", "b,\n"), {}, {"usecols": ["t", "a", "b"]}),
        (table().replace("\n", ",\n"), {}, {"usecols": ["t", "a", "b"]}),
        ("\ufeff" + table(";").replace("\n", "\r\n"), {}, {"sep": ";"}),
        ('"t";"a"\n"2020-01-01";"2,5"\n"2020-01-02";"3,5"\n', {}, SEMI),
        (table(" ", gap="NA"), {"separator": " "}, {"sep": r"\s+"}),
        (table(";", ",") + ";;\n;;\n", {}, SEMI | {"nrows": 3}),
    ],
)
@pytest.mark.filterwarnings("ignore:Length of header")
def test_options_mean_what_they_mean_to_pandas(tmp_path, text, options, how):
    series = read(tmp_path, text, time="t", missing="keep", **options)
    against_pandas(series, text.removeprefix("\ufeff"), **how)
    again = read(tmp_path, text, **json.loads(json.dumps(dict(series.read_options))))
    assert again.columns == series.columns
    np.testing.assert_array_equal(again.values, series.values)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-le"])
def test_encodings(tmp_path, encoding):
    text = table(";", ",", names=("t", "T (\u00b0C)", "b"))
    path = write(tmp_path, text, encoding=encoding)
    options = {} if encoding == "utf-16" else {"encoding": encoding}
    series = read_series(path, time="t", missing="keep", **options)
    against_pandas(series, text, sep=";", decimal=",")
    assert ("encoded as UTF-16 (found)" in series.notes) == (encoding == "utf-16")
    assert series.read_options["encoding"] == encoding


@pytest.mark.parametrize("name", ["x.txt", "x.tsv", "x.dat", "x.zip"])
def test_names_of_text_files(tmp_path, name):
    text = table("\t")
    path = tmp_path / name
    if name == "x.zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("data.txt", text)
    else:
        path.write_text(text)
    series = read_series(path, time="t", missing="keep")
    against_pandas(series, text, sep="\t")


@pytest.mark.parametrize(
    ("text", "options", "match"),
    [
        ("a|b;c\n1|2;3\n4|5;6\n", {}, "can be separated by ';' or by '|'; pass sep"),
        ("a;b\n1;1,234\n2;2,345\n", {}, "'1,234' can be 1.234 or 1234; pass decimal"),
        ("a;b\n1;2\n", {"separator": ","}, "no line is separated by ',', but .* ';'"),
        ("a;b\n1;2\n3;4;5\n", {}, r"line 3 has 3 fields.*names 2 .*separator inside"),
        ("a;b\n1;2,5\n3;4.5\n", {}, "'2,5' is not a number with a decimal point, as"),
        ("load\n2,5\n", {}, "line 2 has 2 fields, .*separator=';' reads one column"),
        ("a b c\n1 2 3\n4 5 6\n", {}, "has 3 fields in each line with blanks"),
        ("a,b\n1,2\n# x\n3,4\n", {}, "line 3 has 1 fields.*pass comment='#'"),
        ("#x,y\na,b\n1,2\n3,4\n", {}, r"first line \('#x'\) looks like a comment"),
        ("a,b\n1,2\nby me\n\nall, or, none\n", {}, "is a footer, pass skip_footer=2"),
        (
            "t,a\n2020-01-01,1\n2020-01-02,2\nMean,1.5\n\n",
            {"time": "t"},
            "got 'Mean' .1 such rows.*or leave a footer out with skip_footer=1",
        ),
        (
            'year,a\n1901,1\n1902,2\n"Source: us, 2020",\n',
            {},
            r"line 4, column 'year'.*is a footer, pass skip_footer=1",
        ),
        ('t,a,b\n"\n"', {}, "cannot be read as separated text"),
        ("t,a\n2020-01-01,$1.5\n", {"time": "t"}, r"column's name; drop=\['a'\]"),
        ("m,a\n1-01,1\n1-02,2\n", {}, r"time='m' and time_format=.*drop=\['m'\]"),
        (
            "x,y\na,b\n1,2\n3,4\n",
            {},
            r"line 2 .'a, b'. holds no.*skip_rows=\[2\]",
        ),
        ("a,b\n1,2,3\n4,5,6\n7,8,9\n", {}, "line 2 has 3 fields, but the first line"),
        ("a,b\n1,2,\n4,5,6\n7,8,\n", {}, "line 2 has 3 fields, but the first line"),
        ("a,b\n1,2\n3,x\n4,5\n", {}, r"line 3, column 'b'.*missing_marks=\('x',\)"),
        (
            "a,b\n1,10:30\n",
            {"keep": ["b"]},
            r"of the time, pass time=\(..., 'b'\)",
        ),
        (THOUSANDS, {"keep": ["b"]}, "pass decimal=',' and thousands='.'"),
        (
            QUOTED,
            {"keep": ["a"]},
            "',' stands between thousands, pass thousands=','",
        ),
        ("a,b,b\n1,2,3\n", {}, r"more than once: 'b'; rename.*drop=\['b'\]"),
    ],
)
def test_choices_are_named_and_not_made(tmp_path, text, options, match):
    reject(tmp_path, text, match, **options)


def test_a_row_that_ends_in_more_than_a_separator_is_named(tmp_path):
    rows = "".join(f"{row},{row},\n" for row in range(400))
    reject(tmp_path, "a,b\n" + rows + "1,2,3\n", "is not empty in all of them")
    assert len(read(tmp_path, "a,b\n" + rows).values) == 400


def test_many_unnamed_columns_and_repeats_nobody_reads(tmp_path):
    series = read(tmp_path, "a;b;;\n1,5;2;;\n2,5;3;;\n")
    assert series.columns == ("a", "b") and series.values[:, 0].tolist() == [1.5, 2.5]
    assert read(tmp_path, "a,b,a\n1,2,3\n", keep=["b"]).columns == ("b",)


@pytest.mark.parametrize("above", ['"\n\n', '"made by us\n\n', '" \n\n\n'])
def test_a_quote_that_may_hold_the_names_raises(tmp_path, above):
    text = above + table()
    reject(tmp_path, text, r"opens a quote above its names.*skip_rows=", time="t")


@pytest.mark.parametrize("above", ['a 5" gauge\n\n', '"two\nlines"\n\n'])
def test_other_quotes_above_the_names_do_not(tmp_path, above):
    series = read(tmp_path, above + table(), time="t", missing="keep")
    against_pandas(series, table())
