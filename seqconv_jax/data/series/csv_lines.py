"""The lines of a CSV file: whether they form a rectangle, and the one at fault."""

import csv
import io
import math
import re
from collections.abc import Iterator

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.data.series.table import check_unnamed

__all__ = [
    "LONGEST_LINE",
    "MISSING_WORDS",
    "bad_cell",
    "check_fields",
    "check_unnamed_cells",
    "is_number",
    "long_line",
]

# Cells with these texts are missing; every other text must be a number.
MISSING_WORDS = ("", "NaN", "nan", "NA", "N/A", "n/a", "NULL", "null", "None", "#N/A")
LONGEST_LINE = 2**22
_NUMBER = re.compile(
    r"\s*[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf|infinity)\s*", re.IGNORECASE | re.ASCII
)


def is_number(cell: str) -> bool:
    """Return whether a text is a plain decimal number, or an infinity."""
    return _NUMBER.fullmatch(cell) is not None


def long_line(text: bytes, begin: int, where: str) -> UserError:
    """Return the error for the line that begins at `begin`."""
    line = text.count(b"\n", 0, begin) + 1
    return UserError(f"{where} line {line} is longer than {LONGEST_LINE:,} bytes")


def check_fields(text: bytes, start: int, want: int, where: str) -> None:
    """Raise for the first line that does not have `want` fields.

    The C reader fills short lines silently, so the separators are counted here.

    Args:
        text: UTF-8 with line feeds only.
        start: where the line after the header begins.
        want: the number of columns.
        where: the file, for messages.
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
            raise long_line(text, start, where)
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


def check_unnamed_cells(
    text: bytes, start: int, names: list[str], unnamed: list[int], where: str
) -> None:
    """Raise for a column without a name whose first cell is neither number nor empty.

    Args:
        text: UTF-8 with line feeds only, each line with a field for each name.
        start: where the line after the header begins.
        names: the name of every column.
        unnamed: the columns to look at.
        where: the file, for messages.
    """
    if not unnamed:
        return
    first = next((cells for _, cells in _records(text, start, where) if cells), [])
    for index in unnamed if first else ():
        cell = first[index]
        number = cell in MISSING_WORDS or is_number(cell)
        check_unnamed(names[index], _shown(cell), number, where)


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


def bad_cell(
    text: bytes, start: int, names: list[str], used: list[int], where: str
) -> UserError | None:
    """Return the error that names the first cell which is no number, if there is one.

    Args:
        text: UTF-8 with line feeds only.
        start: where the line after the header begins.
        names: the name of every column.
        used: the columns to look at.
        where: the file, for messages.
    """
    too_large = None
    for line, cells in _records(text, start, where):
        for index in used if cells else ():
            cell = cells[index]
            if cell in MISSING_WORDS:
                continue
            place = (where, line, names[index], cell)
            if not is_number(cell):
                remedy = _remedy(cell, names[index])
                return _cell_error(*place, f"is not a number{remedy}")
            # pandas 3 reads it as infinite, and so as missing; pandas 2 fails
            if too_large is None and _is_too_large(cell):
                too_large = _cell_error(*place, "is too large for float64")
    return too_large


def _is_too_large(cell: str) -> bool:
    text = cell.lower()
    return (len(text) > 300 or "e" in text) and math.isinf(float(cell))


def _cell_error(where: str, line: int, name: str, cell: str, what: str) -> UserError:
    return UserError(f"{where} line {line}, column {name!r}: {_shown(cell)} {what}")


def _shown(cell: str) -> str:
    return repr(cell if len(cell) <= 40 else cell[:40] + "...")


def _remedy(cell: str, name: str) -> str:
    if re.fullmatch(r"\s*[+-]?[\d.,' ]*\d[.,]\d+\s*", cell):
        return "; write it with a decimal point and without thousands separators"
    if re.match(r"\s*\d{1,4}[-./]\d{1,2}[-./]\d{1,4}", cell):
        return f"; if the column holds the time, pass time={name!r}"
    if re.match(r"\s*[+-]?[\d.]+\s*[^\d\s]", cell):
        return "; units belong in the column's name"
    if cell.strip().lower() in ("true", "false", "yes", "no"):
        return "; write 1 and 0"
    return f"; leave the column out with drop=[{name!r}]"
