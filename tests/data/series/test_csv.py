import pytest
from data.series.csv_files import HOURLY, read, reject
from hypothesis import given, settings
from hypothesis import strategies as st

from seqconv_jax._checks import UserError
from seqconv_jax.data.series.csv import parse_csv
from seqconv_jax.data.series.csv_lines import LONGEST_LINE
from seqconv_jax.data.series.table import Columns


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


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("a,b\n", "has column names but no rows"),
        ("a,b", "has column names but no rows"),
        ("a,b\n\n\n", "has column names but no rows"),
        ("1,2\n3,4\n", "first line must name the columns, got '1,2'"),
        ("a,b\n1,2\n3\n", "line 3 has 1 fields, but the first line names 2 columns$"),
        ("a,b\n1,2\n\n3,4,\n", r"line 4 has 3 fields.*2 columns \(a decimal comma"),
        ("a,b\n1,2\n1,5,2,5\n", r"line 3 has 4 fields.*a decimal comma"),
        ('a,b\n"1",2\n3\n', "line 3 has 1 fields"),
        ('a,b\n1,"2\n', "line 2: unexpected end of data"),
        ("a,b,a\n1,2,3\n", "names columns more than once: 'a'"),
        (
            'a,b\n1,"2,5"\n2,2.5\n',
            "line 2, column 'b': '2,5' is not .*decimal point",
        ),
        ('a,b\n1,"1,234.5"\n', "line 2.*'1,234.5' is not a number.*thousands"),
        ("a,b\n1,2\n1,3.5 degC\n", "line 3, column 'b': '3.5 degC'.*units belong in"),
        ("a,b\n1,=2+3\n1,2\n", "column 'b': '=2.3' is not a number.*drop=.'b'."),
        ("a,b\n1,@x\n1,2\n", "column 'b': '@x' is not a number"),
        ("a,b\n1,0x10\n", "column 'b': '0x10' is not a number"),
        ("a,b\n1,1_000\n", "column 'b': '1_000' is not a number"),
        ("a,b\n1,\u0661\n1,2\n", "column 'b': .* is not a number"),
        ("a,b\n1,2020-01-01\n", "if the column holds the time, pass time='b'"),
        ("a,b\n1,1949-01\n", "if the column holds the time, pass time='b'"),
        ("a,b\n1,Jan 1949\n", "if the column holds the time, pass time='b'"),
        ("a,b\n1," + "x" * 99 + "\n1,2\n", r"'x{40}\.\.\.' is not a number"),
        ("a" + ",a" * 10_000 + "\n", "has 10,001 columns; at most 10,000"),
        ("a," + "x" * LONGEST_LINE + "\n1,2\n", "line 1 is longer than 4,194,304"),
        ("a,b\n1,2\n1," + "2" * LONGEST_LINE + "\n1,2", "line 3 is longer than"),
    ],
)
def test_rejects_what_is_no_table(tmp_path, text, match):
    reject(tmp_path, text, match)


def test_rejects_other_encodings(tmp_path):
    half = HOURLY.encode("utf-16")[:-1]
    reject(tmp_path, half, "is not utf-16 throughout")
    reject(tmp_path, HOURLY.encode("utf-16-le"), "NUL byte.*encoding='utf-16-le'")
    reject(tmp_path, b"a\n1\n2\0\n", "line 3 holds a NUL byte")
    for byte in (b"\x0b", b"\x0c", b"\x1c", b"\x1a", b"\x7f"):
        message = f"line 3 holds the control character {byte[0]:#04x}"
        reject(tmp_path, b"a\n1\n" + byte + b"\n2\n", message)
    latin = "a,T (\u00b0C)\n1,2\n".encode("latin-1")
    reject(tmp_path, latin, "line 1 is not UTF-8 .byte 0xb0.*encoding='latin-1'")
    assert read(tmp_path, "a,T (\ufffdC)\n1,2\n").columns == ("a", "T (\ufffdC)")


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.text(alphabet='a1,.\n\r"- :e;\t', max_size=60).map(str.encode),
    )
)
def test_any_bytes_are_read_or_rejected_in_one_line(data):
    try:
        table = parse_csv(b"a,b\n" + data, Columns(), "x.csv")
    except UserError as error:
        assert str(error).startswith("x.csv") and "\n" not in str(error)
    else:
        assert {*table.names, *table.left_out} == {"a", "b"} or "skip_rows" in (
            table.options
        )
        lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        above = table.options.get("skip_rows", 0)
        assert len(table.values) == sum(bool(line.strip()) for line in lines) - above
