"""Files that are no text of columns are named for what they are."""

import gzip

import pytest

from seqconv_jax._checks import UserError
from seqconv_jax.data.series import read_series


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"<!DOCTYPE html>\n<html>", "is a web page"),
        (b"\n <HTML><body>", "is a web page"),
        (b'<?xml version="1.0"?>', "is XML"),
        (b"version https://git-lfs.github.com/spec/v1\noid x\n", "Git LFS .*lfs pull"),
        (b'{"a": [1, 2]}', "is JSON.*pandas.read_json"),
        (b'[{"a": 1}]', "is JSON"),
        (b"%PDF-1.7\n\0", "is a PDF"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), "is gzip.*name it .csv.gz"),
        (b"PK\x03\x04\0\0xl/workbook.xml", "is an Excel file"),
        (b"PK\x03\x04\0\0data.csv", "is a zip file; name it .zip"),
        (b"\xd0\xcf\x11\xe0\0", "is an old Excel file"),
        (b"PAR1\0", "is Parquet, .*name it .parquet"),
        (b"\x89HDF\r\n\x1a\n", "is HDF5"),
        (b"SQLite format 3\0", "SQLite"),
    ],
)
@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz"])
def test_other_kinds_are_named(tmp_path, data, match, name):
    path = tmp_path / name
    path.write_bytes(data)
    if name == "x.csv.gz" and data.startswith(b"\x1f\x8b"):
        assert read_series(path).values.tolist() == [[1, 2]]
        return
    with pytest.raises(UserError, match=match) as caught:
        read_series(path)
    assert name in str(caught.value)
