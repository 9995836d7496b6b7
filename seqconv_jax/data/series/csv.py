"""CSV bytes to a table of numbers: fast where all is well, exact where it is not.

The happy path is two vectorised passes: one counts the fields of every line, the
other is pandas' C reader. Only after a failure is the file walked cell by cell, to
name the line at fault.
"""

import csv
import io
import re

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.data.series.csv_lines import (
    LONGEST_LINE,
    MISSING_WORDS,
    bad_cell,
    check_fields,
    check_unnamed_cells,
    is_number,
    long_line,
)
from seqconv_jax.data.series.table import Columns, Table, unnamed_note

__all__ = ["parse_csv"]


def parse_csv(data: bytes, columns: Columns, where: str) -> Table:
    r"""Return the table that CSV bytes hold.

    UTF-8 with or without a byte order mark, any kind of line end, blank lines and a
    missing last line end are accepted. The first line names the columns.

    Args:
        data: the bytes of the file.
        columns: which columns to read.
        where: the file, for messages.

    Raises:
        UserError: naming the line, for text that is not plain comma-separated
            numbers in a full rectangle.

    >>> parse_csv(b"a,b\n1,2\n3,4\n", Columns(drop=["a"]), "x.csv").values.tolist()
    [[2.0], [4.0]]
    """
    import pandas as pd  # takes 80 MB, which reviews and arrays can do without

    text = _plain(data, where)
    names, start = _header(text, where)
    used, stamp = columns.pick(names, where)
    if re.compile(rb"\S").search(text, start) is None:
        raise _no_rows(where)
    check_fields(text, start, len(names), where)
    unnamed = columns.unnamed(names)
    check_unnamed_cells(text, start, names, unnamed, where)
    dtype: dict = dict.fromkeys(used, "float64")
    if stamp is not None:
        dtype[stamp] = str
    buffer = io.BytesIO(text)
    buffer.seek(start)
    try:
        frame = pd.read_csv(
            buffer,
            header=None,
            names=list(range(len(names))),
            usecols=sorted(dtype),
            dtype=dtype,
            index_col=False,
            keep_default_na=False,
            na_values=list(MISSING_WORDS),
            low_memory=False,
        )
    except pd.errors.EmptyDataError:
        raise _no_rows(where) from None
    except (ValueError, OverflowError) as error:
        found = bad_cell(text, start, names, used, where)
        raise found or UserError(
            f"{where} cannot be read as comma-separated numbers: {error}"
        ) from error
    if frame.empty:
        raise _no_rows(where)
    values = np.ascontiguousarray(frame[used].to_numpy(dtype=np.float64))
    # pandas reads a column of nothing but True and False as 1 and 0
    flags = [at for at, column in zip(used, values.T, strict=True) if _flags(column)]
    if flags and re.compile(rb"true|false", re.IGNORECASE).search(text, start):
        if found := bad_cell(text, start, names, flags, where):
            raise found
    stamps = None if stamp is None else frame[stamp]
    notes = unnamed_note([names[index] for index in unnamed])
    return Table(tuple(names[index] for index in used), values, stamps, notes)


def _flags(column: np.ndarray) -> bool:
    return bool(((column == 0) | (column == 1) | np.isnan(column)).all())


def _no_rows(where: str) -> UserError:
    return UserError(f"{where} has column names but no rows after them")


def _plain(data: bytes, where: str) -> bytes:
    """Return the bytes as UTF-8 without a mark and with line feeds only."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UserError(f"{where} is UTF-16 text; save it as UTF-8")
    nul = data.find(b"\0")
    if nul >= 0:
        line = data.count(b"\n", 0, nul) + 1
        raise UserError(
            f"{where} line {line} holds a NUL byte: it is UTF-16, damaged or no text; "
            "save it as UTF-8"
        )
    try:
        if not data.isascii():
            data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"{where} line {line} is not UTF-8 (byte {data[error.start]:#04x}); it may "
            "be Latin-1: convert it with `iconv -f latin1 -t utf-8`"
        ) from error
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data


def _header(text: bytes, where: str) -> tuple[list[str], int]:
    """Return the column names and where the line after them begins."""
    first = re.search(rb"[^ \t\n]", text)
    if first is None:
        raise UserError(f"{where} is empty")
    begin = text.rfind(b"\n", 0, first.start()) + 1
    end = text.find(b"\n", begin, begin + LONGEST_LINE)
    if end < 0:
        if len(text) - begin >= LONGEST_LINE:
            raise long_line(text, begin, where)
        end = len(text)
    line = text[begin:end].decode()
    if "," not in line and (mark := re.search(r"[;\t|]", line)):
        raise UserError(f"{where} is separated by {mark[0]!r}; only commas are read")
    try:
        names = [name.strip() for name in next(csv.reader([line], strict=True))]
    except csv.Error as error:
        raise UserError(f"{where} line 1: {error}") from error
    if all(is_number(name) for name in names):
        raise UserError(
            f"{where}: the first line must name the columns, got {line[:60]!r}"
        )
    return names, min(end + 1, len(text))
