"""CSV bytes to a table of numbers: fast where all is well, exact where it is not.

The happy path is two vectorised passes: one counts the fields of every line, the
other is pandas' C reader. Only after a failure is the file walked cell by cell, to
name the line at fault.
"""

import csv
import io
import re
from collections.abc import Iterator

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.data.series.table import Columns, Table

# Cells with these texts are missing; every other text must be a number.
MISSING_WORDS = ("", "NaN", "nan", "NA", "N/A", "n/a", "NULL", "null", "None", "#N/A")
LONGEST_LINE = 2**22
_NUMBER = re.compile(
    r"\s*[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf|infinity)\s*", re.IGNORECASE | re.ASCII
)


def parse_csv(data: bytes, columns: Columns, where: str) -> Table:
    """Return the table that CSV bytes hold.

    UTF-8 with or without a byte order mark, any kind of line end, blank lines and a
    missing last line end are accepted. The first line names the columns.

    Args:
        data: the bytes of the file.
        columns: which columns to read.
        where: the file, for messages.

    Raises:
        UserError: naming the line, for text that is not plain comma-separated
            numbers in a full rectangle.
    """
    import pandas as pd  # takes 80 MB, which reviews and arrays can do without

    text = _plain(data, where)
    names, start = _header(text, where)
    used, stamp = columns.pick(names, where)
    _check_fields(text, start, len(names), where)
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
        raise _bad_cell(text, start, names, used, error, where) from error
    if frame.empty:
        raise _no_rows(where)
    values = np.ascontiguousarray(frame[used].to_numpy(dtype=np.float64))
    stamps = None if stamp is None else frame[stamp]
    return Table(tuple(names[index] for index in used), values, stamps)


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
            raise _long_line(text, begin, where)
        end = len(text)
    line = text[begin:end].decode()
    if "," not in line and (mark := re.search(r"[;\t|]", line)):
        raise UserError(f"{where} is separated by {mark[0]!r}; only commas are read")
    try:
        names = [name.strip() for name in next(csv.reader([line], strict=True))]
    except csv.Error as error:
        raise UserError(f"{where} line 1: {error}") from error
    if all(_NUMBER.fullmatch(name) for name in names):
        raise UserError(
            f"{where}: the first line must name the columns, got {line[:60]!r}"
        )
    return names, min(end + 1, len(text))


def _long_line(text: bytes, begin: int, where: str) -> UserError:
    line = text.count(b"\n", 0, begin) + 1
    return UserError(f"{where} line {line} is longer than {LONGEST_LINE:,} bytes")


def _check_fields(text: bytes, start: int, want: int, where: str) -> None:
    """Raise for the first line that does not have `want` fields.

    The C reader fills short lines silently, so the separators are counted here.
    """
    if text.find(b'"', start) >= 0:
        for line, cells in _records(text, start, where):
            if cells and len(cells) != want:
                raise _ragged(line, len(cells), want, where)
        return
    while start < len(text):
        end = text.rfind(b"\n", start, start + LONGEST_LINE)
        if len(text) - start <= LONGEST_LINE:
            end = len(text)
        if end < 0:
            raise _long_line(text, start, where)
        _check_block(text, start, end, want, where)
        start = end + 1


def _check_block(text: bytes, start: int, end: int, want: int, where: str) -> None:
    block = np.frombuffer(text, np.uint8, end - start, start)
    ends = np.append(np.flatnonzero(block == ord("\n")), len(block))
    commas = np.flatnonzero(block == ord(","))
    fields = np.diff(np.searchsorted(commas, ends), prepend=0) + 1
    lengths = np.diff(ends, prepend=-1) - 1
    for index in np.flatnonzero((fields != want) & (lengths > 0)):
        stop = start + ends[index]
        if text[stop - lengths[index] : stop].strip():
            line = text.count(b"\n", 0, stop) + 1
            raise _ragged(line, int(fields[index]), want, where)


def _ragged(line: int, got: int, want: int, where: str) -> UserError:
    hint = " (a decimal comma, or a comma inside a cell?)" if got > want else ""
    return UserError(
        f"{where} line {line} has {got} fields, but the first line names {want} "
        f"columns{hint}"
    )


def _records(text: bytes, start: int, where: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of each line after the header and its cells."""
    before = text.count(b"\n", 0, start)
    lines = io.TextIOWrapper(io.BytesIO(text), encoding="utf-8", newline="")
    lines.seek(start)
    reader = csv.reader(lines, strict=True)
    try:
        for cells in reader:
            blank = len(cells) <= 1 and not "".join(cells).strip()
            yield before + reader.line_num, [] if blank else cells
    except csv.Error as error:
        line = before + reader.line_num
        raise UserError(f"{where} line {line}: {error}") from error


def _bad_cell(
    text: bytes,
    start: int,
    names: list[str],
    used: list[int],
    error: Exception,
    where: str,
) -> UserError:
    """Return the error that names the first cell which is no number."""
    for line, cells in _records(text, start, where):
        for index in used if cells else ():
            cell = cells[index]
            if cell not in MISSING_WORDS and not _NUMBER.fullmatch(cell):
                return UserError(
                    f"{where} line {line}, column {names[index]!r}: {_shown(cell)} is "
                    f"not a number{_remedy(cell, names[index])}"
                )
    return UserError(f"{where} cannot be read as comma-separated numbers: {error}")


def _shown(cell: str) -> str:
    return repr(cell if len(cell) <= 40 else cell[:40] + "...")


def _remedy(cell: str, name: str) -> str:
    if re.fullmatch(r"\s*[+-]?[\d.,' ]*\d[.,]\d+\s*", cell):
        return "; write it with a decimal point and without thousands separators"
    if re.match(r"\s*\d{1,4}[-./]\d{1,2}[-./]\d{1,4}", cell):
        return f"; if the column holds the time, pass time={name!r}"
    if re.match(r"\s*[+-]?[\d.]+\s*[^\d\s]", cell):
        return "; units belong in the column's name"
    return f"; leave the column out with drop=[{name!r}]"
