"""What a file is that is no text of columns, by how it begins."""

import re

from seqconv_jax._checks import UserError

__all__ = ["check_text"]

# How bytes begin, what they then are, and what to do about it.
_BEGINNINGS = (
    (b"version https://git-lfs", "a Git LFS pointer", "`git lfs pull` gets the data"),
    (b"%PDF-", "a PDF", "export the table as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file", "save it as CSV"),
    (b"\x1f\x8b", "gzip", "name it .csv.gz, or unpack it"),
    (b"BZh", "bzip2", "unpack it"),
    (b"\xfd7zXZ\0", "xz", "unpack it"),
    (b"\x28\xb5\x2f\xfd", "zstd", "unpack it"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it"),
    (b"Rar!", "a RAR archive", "unpack it"),
    (b"PAR1", "Parquet", "name it .parquet"),
    (b"ARROW1", "an Arrow file", "read it with pandas and use Series.from_pandas"),
    (b"\x89HDF\r\n", "HDF5", "read it with pandas and use Series.from_pandas"),
    (b"CDF\x01", "NetCDF", "export the columns as CSV"),
    (b"CDF\x02", "NetCDF", "export the columns as CSV"),
    (b"SQLite format 3\0", "an SQLite database", "export the table as CSV"),
    (
        b"\x93NUMPY",
        "a NumPy array",
        "make a Series(values=..., columns=...) of it",
    ),
    (b"\x80\x04\x95", "a Python pickle", "pickles can run code: save it as CSV"),
    (b"{\\rtf", "a rich text document", "save it as plain text"),
)
_PAGE = re.compile(rb"\s*<(!doctype\s+html|html|head|body|!--|script)", re.I)
_XML = re.compile(rb"\s*<\?xml", re.I)
_JSON = re.compile(rb'\s*(\{\s*["}]|\[\s*[\[{])')
_EXCEL = (b"xl/workbook", b"xl/worksheets", b"[Content_Types].xml")


def check_text(data: bytes, where: str) -> None:
    r"""Raise for the bytes of a file of another kind than text, naming the kind.

    Args:
        data: the bytes, or the first thousand of them.
        where: the file, for messages.

    Raises:
        UserError: naming what the file is and what to do about it.

    >>> check_text(b"date,load\n", "x.csv")
    >>> check_text(b"7z\xbc\xaf", "x.csv")
    Traceback (most recent call last):
    seqconv_jax._checks.UserError: x.csv is a 7z archive, no text of columns; unpack it
    """
    head = data[:1000].removeprefix(b"\xef\xbb\xbf")
    for beginning, kind, remedy in _BEGINNINGS:
        if head.startswith(beginning):
            raise UserError(f"{where} is {kind}, no text of columns; {remedy}")
    if head.startswith(b"PK\x03\x04"):
        if any(part in data[: 1 << 16] for part in _EXCEL):
            raise UserError(
                f"{where} is an Excel file, which is not read; save the sheet as CSV, "
                "or use pandas.read_excel and Series.from_pandas"
            )
        raise UserError(f"{where} is a zip file; name it .zip, or unpack it")
    if _PAGE.match(head):
        raise UserError(
            f"{where} is a web page (HTML), no data; was it a login or an overview "
            "page that was saved? fetch the file itself"
        )
    if _XML.match(head):
        raise UserError(f"{where} is XML, no text of columns; export it as CSV")
    if _JSON.match(head):
        raise UserError(
            f"{where} is JSON, no text of columns; read it with pandas.read_json and "
            "use Series.from_pandas"
        )
