import gzip
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqconv_jax._checks import UserError
from seqconv_jax.data.series.csv import LONGEST_LINE, parse_csv
from seqconv_jax.data.series.series import Series, read_series
from seqconv_jax.data.series.table import Columns

HOURLY = """time,a,b (m/s)
2020-01-01 00:00:00,1,10
2020-01-01 01:00:00,2,20
2020-01-01 02:00:00,3.5,-30
"""


def write(tmp_path, text, name="x.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def read(tmp_path, text, **options):
    return read_series(write(tmp_path, text), **options)


def refuse(tmp_path, text, match, **options):
    path = write(tmp_path, text)
    with pytest.raises(UserError, match=match) as caught:
        read_series(path, **options)
    message = str(caught.value)
    assert "x.csv" in message and "\n" not in message


def column(*cells, header="a"):
    return header + "\n" + "".join(f"{cell}\n" for cell in cells)


def times(*stamps):
    return "t,a\n" + "".join(f"{stamp},{row}\n" for row, stamp in enumerate(stamps))


def test_reads_values_names_times_and_hash(tmp_path):
    series = read(tmp_path, HOURLY, time="time")
    assert series.columns == ("a", "b (m/s)")
    assert series.values.tolist() == [[1, 10], [2, 20], [3.5, -30]]
    assert series.values.dtype == np.float64 and series.values.flags.c_contiguous
    assert series.times is not None
    assert series.times.tolist() == list(
        pd.date_range("2020-01-01", periods=3, freq="h")
    )
    assert series.every == np.timedelta64(1, "h")
    assert (series.share, series.repeated, series.gaps.tolist()) == (1.0, 0, [])
    assert series.path == str(tmp_path / "x.csv")
    assert series.sha256 is not None and len(series.sha256) == 64
    assert series.data_source == "file" and series.regular


@pytest.mark.parametrize(
    "text",
    [
        HOURLY + "\n",
        HOURLY.rstrip("\n"),
        HOURLY.replace("\n", "\r\n"),
        HOURLY.replace("\n", "\r"),
        "\ufeff" + HOURLY,
        "\n\n" + HOURLY,
        HOURLY.replace("\n", "\n\n") + "  \n\t\n",
        HOURLY.replace("time,a,b (m/s)", '"time","a","b (m/s)"'),
        HOURLY.replace("2020-01-01 01:00:00,2,20", '"2020-01-01 01:00:00","2",20'),
        HOURLY.replace("3.5", " +3.50e0 "),
    ],
    ids="blank-end no-end crlf cr bom blank-start blanks quotes quoted spaces".split(),
)
def test_accepts_harmless_variety(tmp_path, text):
    series = read(tmp_path, text, time="time")
    assert series.columns == ("a", "b (m/s)")
    assert series.values.tolist() == [[1, 10], [2, 20], [3.5, -30]]


def test_reads_packed_files(tmp_path):
    packed = write(tmp_path, gzip.compress(HOURLY.encode()), "x.csv.gz")
    zipped = tmp_path / "x.csv.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("inner.csv", HOURLY)
    plain = read(tmp_path, HOURLY, time="time")
    for path in (packed, zipped):
        series = read_series(path, time="time")
        np.testing.assert_array_equal(series.values, plain.values)
        assert series.sha256 != plain.sha256


def test_reads_parquet_like_csv(tmp_path):
    plain = read(tmp_path, HOURLY, time="time")
    frame = pd.read_csv(tmp_path / "x.csv")
    frame.to_parquet(tmp_path / "text.parquet")
    frame["time"] = pd.to_datetime(frame["time"]).dt.tz_localize("Europe/Berlin")
    frame.to_parquet(tmp_path / "zone.parquet")
    series = read_series(tmp_path / "text.parquet", time="time")
    np.testing.assert_array_equal(series.values, plain.values)
    np.testing.assert_array_equal(series.times, plain.times)
    zoned = read_series(tmp_path / "zone.parquet", time="time", keep=["a"])
    assert zoned.times is not None and zoned.columns == ("a",)
    assert str(zoned.times[0]) == "2019-12-31T23:00:00.000000"


def test_refuses_parquet_that_is_no_table_of_numbers(tmp_path):
    frame = pd.DataFrame({"a": [1.0, None], "s": ["x", "y"]})
    path = tmp_path / "x.parquet"
    frame.to_parquet(path)
    with pytest.raises(UserError, match=r"column 's' holds .*string.*drop=\['s'\]"):
        read_series(path)
    with pytest.raises(UserError, match="1 missing cells, first row 1, column 'a'"):
        read_series(path, keep=["a"])
    with pytest.raises(UserError, match="more than 15 bytes"):
        read_series(path, keep=["a"], max_bytes=15)
    write(tmp_path, b"PAR1 nonsense", "bad.parquet")
    with pytest.raises(UserError, match="damaged, or no Parquet file"):
        read_series(tmp_path / "bad.parquet")


def test_names_the_extra_without_pyarrow(tmp_path, monkeypatch):
    path = write(tmp_path, b"", "x.parquet")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(UserError, match=r"pip install 'seqconv-jax\[parquet\]'"):
        read_series(path)


def test_refuses_places_and_kinds(tmp_path):
    with pytest.raises(UserError, match="nothing.csv does not exist"):
        read_series(tmp_path / "nothing.csv")
    with pytest.raises(UserError, match="is a folder"):
        read_series(tmp_path)
    with pytest.raises(UserError, match=r"must end in .csv, .csv.gz, .zip or .parquet"):
        read_series(write(tmp_path, HOURLY, "x.xlsx"))
    with pytest.raises(UserError, match="damaged, or no gzip file"):
        read_series(write(tmp_path, HOURLY, "y.csv.gz"))
    cut = gzip.compress(HOURLY.encode())[:-12]
    with pytest.raises(UserError, match="damaged, or no gzip file"):
        read_series(write(tmp_path, cut, "z.csv.gz"))
    for name, data in (("b.csv", HOURLY), ("b.csv.gz", gzip.compress(b"a\n" * 999))):
        with pytest.raises(UserError, match="holds more than 50 bytes; raise `max_b"):
            read_series(write(tmp_path, data, name), max_bytes=50)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("a,b\n", "has column names but no rows"),
        ("a,b", "has column names but no rows"),
        ("a,b\n\n\n", "has column names but no rows"),
        ("1,2\n3,4\n", "first line must name the columns, got '1,2'"),
        ("a;b\n1;2\n", "separated by ';'; only commas"),
        ("a\tb\n1\t2\n", "separated by .*only commas"),
        ("a,b\n1,2\n3\n", "line 3 has 1 fields, but the first line names 2 columns$"),
        ("a,b\n1,2\n\n3,4,\n", r"line 4 has 3 fields.*2 columns \(a decimal comma"),
        ("a,b\n1,2\n1,5,2,5\n", r"line 3 has 4 fields.*a decimal comma"),
        ('a,b\n"1",2\n3\n', "line 3 has 1 fields"),
        ('a,b\n1,"2\n', "line 2: unexpected end of data"),
        ("a,b,a\n1,2,3\n", "names columns more than once: 'a'"),
        ('a,b\n1,"2,5"\n', "line 2, column 'b': '2,5' is not a number.*decimal point"),
        ('a,b\n1,"1,234.5"\n', "line 2.*'1,234.5' is not a number.*thousands"),
        ("a,b\n1,2\n1,3.5 degC\n", "line 3, column 'b': '3.5 degC'.*units belong in"),
        ("a,b\n1,=2+3\n", "column 'b': '=2.3' is not a number.*drop=.'b'."),
        ("a,b\n1,@x\n", "column 'b': '@x' is not a number"),
        ("a,b\n1,0x10\n", "column 'b': '0x10' is not a number"),
        ("a,b\n1,1_000\n", "column 'b': '1_000' is not a number"),
        ("a,b\n1,\u0661\n", "column 'b': .* is not a number"),
        ("a,b\n1,2020-01-01\n", "if the column holds the time, pass time='b'"),
        ("a,b\n1," + "x" * 99 + "\n", r"'x{40}\.\.\.' is not a number"),
        ("a" + ",a" * 10_000 + "\n", "has 10,001 columns; at most 10,000"),
        ("a," + "x" * LONGEST_LINE + "\n1,2\n", "line 1 is longer than 4,194,304"),
        ("a,b\n1,2\n1," + "2" * LONGEST_LINE + "\n1,2", "line 3 is longer than"),
    ],
)
def test_refuses_what_is_no_table(tmp_path, text, match):
    refuse(tmp_path, text, match)


def test_refuses_other_encodings(tmp_path):
    refuse(tmp_path, HOURLY.encode("utf-16"), "UTF-16 text; save it as UTF-8")
    refuse(tmp_path, HOURLY.encode("utf-16-le"), "line 1 holds a NUL byte")
    refuse(tmp_path, b"a\n1\n2\0\n", "line 3 holds a NUL byte")
    latin = "a,T (\u00b0C)\n1,2\n".encode("latin-1")
    refuse(tmp_path, latin, "line 1 is not UTF-8 .byte 0xb0.*iconv -f latin1")
    assert read(tmp_path, "a,T (\ufffdC)\n1,2\n").columns == ("a", "T (\ufffdC)")


def test_keeps_and_drops_columns_in_the_files_order(tmp_path):
    assert read(tmp_path, "a,b,c\n1,2,3\n", keep=["c", "a"]).columns == ("a", "c")
    assert read(tmp_path, "a,b,c\n1,x,3\n", drop=["b"]).values.tolist() == [[1, 3]]
    text = "Alpha,b\n1,2\n"
    refuse(
        tmp_path, text, "`keep` = 'alpha' is no .*did you mean 'Alpha'", keep=["alpha"]
    )
    refuse(tmp_path, text, "`drop` = 'zzz' is no .*it has 'Alpha', 'b'", drop=["zzz"])
    refuse(tmp_path, text, "`time` = 'Date' is no column", time="Date")
    refuse(tmp_path, text, "no column of values is left of", drop=["Alpha", "b"])
    with pytest.raises(UserError, match="`keep` must be a list of names"):
        read(tmp_path, text, keep="b")


@pytest.mark.parametrize("cell", ["", "NaN", "NA", "null", "inf", "-Infinity", "1e400"])
def test_missing_cells_are_refused_with_row_column_and_count(tmp_path, cell):
    text = f"t,a,b\n2020-01-01,1,2\n2020-01-02,{cell},3\n2020-01-03,5,-9999\n"
    refuse(
        tmp_path,
        text,
        r"2 missing cells, first row 1 \(2020-01-02\), column 'a', .*'a' 1, 'b' 1\)",
        time="t",
    )


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
    refuse(
        tmp_path,
        column("NA", 1),
        "first row, so missing='previous'",
        missing="previous",
    )
    refuse(tmp_path, column(1, "NA"), "missing in the last row", missing="interpolate")
    refuse(tmp_path, column("NA"), "every row has a missing cell", missing="drop")
    with pytest.raises(UserError, match="did you mean 'previous'"):
        got(missing="previos")
    with pytest.raises(UserError, match="`missing_marks` must be finite"):
        got(missing_marks=(float("nan"),))


def test_missing_is_filled_in_order_of_time(tmp_path):
    text = "t,a\n2020-01-03,\n2020-01-02,2\n2020-01-01,1\n"
    series = read(tmp_path, text, time="t", reverse=True, missing="previous")
    assert series.values[:, 0].tolist() == [1, 2, 2]


@pytest.mark.parametrize(
    ("stamps", "second"),
    [
        (("31.01.2009 00:10:00", "01.02.2009 00:10:00"), "2009-02-01T00:10"),
        (("1.1.2009 1:10:00", "1.2.2009 00:10:00"), "2009-02-01T00:10"),
        (("31.01.2009 00:10", "01.02.2009 00:10"), "2009-02-01T00:10"),
        (("31.01.2009", "01.02.2009"), "2009-02-01"),
        (("2009-01-31", "2009-02-01"), "2009-02-01"),
        (("2009-01-31T10:00", "2009-02-01T00:00"), "2009-02-01"),
        (("2009-01-31 10:00:00.25", "2009-02-01 00:00:00.5"), "2009-02-01T00:00:00.5"),
        (("2009/01/31", "2009/02/01"), "2009-02-01"),
        (("20090131", "20090201"), "2009-02-01"),
        (("01/31/2009", "02/01/2009"), "2009-02-01"),
        (("31/01/2009 10:00", "01/02/2009 11:00"), "2009-02-01T11:00"),
        (("31-01-2009", "01-02-2009"), "2009-02-01"),
        (("2009-01-31T10:00:00Z", "2009-02-01T00:00:00Z"), "2009-02-01"),
        (("2009-01-31T10:00:00+01:00", "2009-02-01T02:00:00+02:00"), "2009-02-01"),
    ],
)
def test_documented_time_forms(tmp_path, stamps, second):
    series = read(tmp_path, times(*stamps), time="t")
    assert series.times is not None
    assert series.times[1] == np.datetime64(second, "us")


def test_time_forms_are_never_guessed(tmp_path):
    day_or_month = times("01/02/2020", "02/02/2020")
    refuse(
        tmp_path,
        day_or_month,
        "'01/02/2020' can have the day or the month first; pass time_format=",
        time="t",
    )
    series = read(tmp_path, day_or_month, time="t", time_format="%d/%m/%Y")
    assert series.times is not None and str(series.times[0])[:10] == "2020-02-01"
    refuse(tmp_path, times("Jan 1"), "row 0: 'Jan 1' is no time in a known", time="t")
    refuse(tmp_path, times("2020-01-01", "x"), "row 1: the time must be", time="t")
    refuse(tmp_path, times("2020-01-01", ""), "row 1: the time must be", time="t")
    bad = times("01.01.2009 00:10:00", "32.01.2009 00:10:00")
    refuse(tmp_path, bad, r"row 1: .*like '%d.%m.%Y %H:%M:%S'.*1 such rows", time="t")
    with pytest.raises(UserError, match="`time_format` must be a strptime format"):
        read(tmp_path, day_or_month, time="t", time_format="mixed")


DAYS = [f"2020-01-{day:02d}" for day in range(1, 7)]


def test_newest_first_is_detected_and_reversed(tmp_path):
    text = times(*DAYS[::-1])
    refuse(tmp_path, text, r"newest \(2020-01-06\).*reverse=True .--reverse", time="t")
    series = read(tmp_path, text, time="t", reverse=True)
    assert series.values[:, 0].tolist() == [5, 4, 3, 2, 1, 0]
    assert series.times is not None and str(series.times[0])[:10] == "2020-01-01"
    assert series.notes == ("rows reversed",)
    refuse(tmp_path, times(*DAYS), "leave it out if it is not", time="t", reverse=True)


def test_unsorted_times(tmp_path):
    text = times(DAYS[0], DAYS[2], DAYS[1], DAYS[3])
    refuse(
        tmp_path,
        text,
        "time runs backwards at 1 rows, first at 2020-01-02 after 2020-01-03",
        time="t",
    )
    series = read(tmp_path, text, time="t", unsorted="sort")
    assert series.values[:, 0].tolist() == [0, 2, 1, 3]
    assert series.gaps.tolist() == []
    kept = read(tmp_path, text, time="t", unsorted="keep")
    assert kept.values[:, 0].tolist() == [0, 1, 2, 3]
    assert (kept.every, kept.gaps.tolist()) == (np.timedelta64(2, "D"), [2])


def test_repeated_times_even_as_a_block(tmp_path):
    text = times(*DAYS[:4], *DAYS[2:6])  # rows 4 and 5 repeat rows 2 and 3
    refuse(
        tmp_path, text, r"2 rows repeat a time, first row 4 \(2020-01-03\)", time="t"
    )
    first = read(tmp_path, text, time="t", duplicates="first")
    assert first.values[:, 0].tolist() == [0, 1, 2, 3, 6, 7] and first.repeated == 0
    last = read(tmp_path, text, time="t", duplicates="last")
    assert last.values[:, 0].tolist() == [0, 1, 4, 5, 6, 7]
    refuse(tmp_path, text, "time runs backwards", time="t", duplicates="keep")
    kept = read(tmp_path, text, time="t", duplicates="keep", unsorted="keep")
    assert kept.values[:, 0].tolist() == list(range(8))
    assert (kept.repeated, kept.gaps.tolist()) == (2, [4])
    assert kept.every == np.timedelta64(1, "D")


def test_gaps_and_sampling(tmp_path):
    hours = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14]
    stamps = [f"2020-01-01 {hour:02d}:00" for hour in hours]
    series = read(tmp_path, times(*stamps), time="t")
    assert series.gaps.tolist() == [12] and series.every == np.timedelta64(1, "h")
    assert series.share == pytest.approx(12 / 13) and series.regular
    assert "every 1h; gaps: 1 (at rows 12)" in series.report()
    one = read(tmp_path, times(DAYS[0]), time="t")
    assert one.every is None and not one.regular and one.gaps.tolist() == []
    untimed = read(tmp_path, "a\n1\n2\n")
    assert (untimed.times, untimed.every, untimed.regular) == (None, None, False)


def test_reports_what_a_person_asks(tmp_path):
    text = "t,a,b\n2020-01-01,1,2\n2020-01-02,,3\n2020-01-03,5,6\n2020-01-03,5,6\n"
    series = read(
        tmp_path, text, time="t", missing="previous", duplicates="keep", unsorted="keep"
    )
    assert (
        series.report()
        .splitlines()[0]
        .endswith("x.csv: 4 rows, 2 columns, 2020-01-01 to 2020-01-03")
    )
    assert "most common step 1d (67% of the rows): not regular" in series.report()
    assert "repeated times: 1" in series.report()
    assert "missing cells in the file: a 1" in series.report()
    assert "1 missing cells filled (missing='previous')" in series.report()


def test_series_checks_its_shapes():
    with pytest.raises(UserError, match=r"shape \(rows, 1\).*got \(3, 2\)"):
        Series(values=np.zeros((3, 2)), columns=("a",))
    with pytest.raises(UserError, match=r"`times` must have shape \(3,\), got \(2,\)"):
        Series(
            values=np.zeros((3, 1)),
            columns=("a",),
            times=np.zeros(2, "datetime64[us]"),
        )


def test_the_original_jena_form_is_read_as_it_is(tmp_path):
    """Repeated blocks, backward time and -9999 marks, as the source used them."""
    stamps = pd.date_range("2009-01-01 00:10", periods=30, freq="10min")
    order = [*range(20), *range(15, 30)]
    rows = [
        f"{stamps[at]:%d.%m.%Y %H:%M:%S},{row}.00,{-9999 if row == 3 else 1}.00"
        for row, at in enumerate(order)
    ]
    text = '"Date Time","T (degC)","wv (m/s)"\n' + "\n".join(rows) + "\n"
    series = read(
        tmp_path,
        text,
        time="Date Time",
        duplicates="keep",
        unsorted="keep",
        missing="keep",
    )
    assert series.values[:, 0].tolist() == list(range(35))
    assert series.values[3, 1] == -9999 and dict(series.missing) == {"wv (m/s)": 1}
    assert series.repeated == 5 and series.gaps.tolist() == [20]
    assert series.every == np.timedelta64(10, "m") and series.regular


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.text(alphabet='a1,.\n\r"- :e;\t', max_size=60).map(str.encode),
    )
)
def test_any_bytes_are_read_or_refused_in_one_line(data):
    try:
        table = parse_csv(b"a,b\n" + data, Columns(), "x.csv")
    except UserError as error:
        assert str(error).startswith("x.csv") and "\n" not in str(error)
    else:
        assert table.names == ("a", "b") and table.values.shape[1] == 2
        lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        assert len(table.values) == sum(bool(line.strip()) for line in lines)
