"""The lines of a CSV file: whether they form a rectangle, and the one at fault."""

import csv
import io
import math
import re
from collections.abc import Iterator

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.data.series.cells import (
    DATE,
    MONTH,
    is_missing,
    is_number,
    looks_like_a_number,
)
from seqconv_jax.data.series.table import check_unnamed
from seqconv_jax.data.series.time_forms import DOTTED_CLOCK

__all__ = [
    "LONGEST_LINE",
    "bad_cell",
    "check_fields",
    "check_unnamed_cells",
    "long_line",
]

LONGEST_LINE = 2**22
_LONGEST_FOOTER = 20
_GROUPED = re.compile(r"\s*[+-]?\d{1,3}(?:([.,' ])\d{3})+([.,]?)\d*\s*")


def long_line(text: bytes, begin: int, where: str) -> UserError:
    """Return the error for the line that begins at `begin`."""
    line = text.count(b"\n", 0, begin) + 1
    return UserError(f"{where} line {line} is longer than {LONGEST_LINE:,} bytes")


def check_fields(
    text: bytes, start: int, names: int, extra: int, where: str, separator: str = ","
) -> None:
    """Raise for the first line that does not have as many fields as there are names.

    The C reader fills short lines silently, so the separators are counted here.

    Args:
        text: UTF-8 with line feeds only.
        start: where the line after the header begins.
        names: the number of columns.
        extra: how many fields more each line has: empty ones at its end.
        where: the file, for messages.
        separator: what stands between two fields.
    """
    if text.find(b'"', start) >= 0:
        for line, cells in _records(text, start, where, separator):
            if cells and len(cells) != names + extra:
                raise _ragged(text, line, len(cells), names, where, separator)
        return
    while start < len(text):
        end = text.rfind(b"\n", start, start + LONGEST_LINE)
        if len(text) - start <= LONGEST_LINE:
            end = len(text)
        if end < 0:
            raise long_line(text, start, where)
        _check_block(text, start, end, names, extra, where, separator)
        start = end + 1


def _check_block(
    text: bytes,
    start: int,
    end: int,
    names: int,
    extra: int,
    where: str,
    separator: str,
) -> None:
    block = np.frombuffer(text, np.uint8, end - start, start)
    ends = np.append(np.flatnonzero(block == ord("\n")), len(block))
    marks = np.flatnonzero(block == ord(separator))
    fields = np.diff(np.searchsorted(marks, ends), prepend=0) + 1
    lengths = np.diff(ends, prepend=-1) - 1
    blanks = b" " if separator == "\t" else b" \t"
    for index in np.flatnonzero((fields != names + extra) & (lengths > 0)):
        stop = start + ends[index]
        if text[stop - lengths[index] : stop].strip(blanks):
            line = text.count(b"\n", 0, stop) + 1
            raise _ragged(text, line, int(fields[index]), names, where, separator)


def check_unnamed_cells(
    text: bytes,
    start: int,
    names: list[str],
    unnamed: list[int],
    where: str,
    separator: str = ",",
) -> None:
    """Raise for a column without a name whose first cell is neither number nor empty.

    Args:
        text: UTF-8 with line feeds only, each line with a field for each name.
        start: where the line after the header begins.
        names: the name of every column.
        unnamed: the columns to look at.
        where: the file, for messages.
        separator: what stands between two fields.
    """
    if not unnamed:
        return
    records = _records(text, start, where, separator)
    first = next((cells for _, cells in records if cells), [])
    for index in unnamed if first else ():
        cell = first[index]
        number = is_missing(cell) or is_number(cell)
        check_unnamed(names[index], _shown(cell), number, where)


def _ragged(
    text: bytes, line: int, got: int, want: int, where: str, separator: str
) -> UserError:
    what = f"{where} line {line} has {got} fields, but "
    here = text.split(b"\n", line)[line - 1].decode(errors="replace").strip()
    if here[:1] in "#%!" and here:
        return UserError(
            f"{what}the names are {want} columns; if it is a comment, pass "
            f"comment={here[0]!r}"
        )
    if footer := _footer_hint(text, line):
        return UserError(f"{what}the names are {want} columns{footer}")
    hint = ""
    if got > want:
        hint = " (a decimal comma, or a comma inside a cell?)"
        hint = hint if separator == "," else " (the separator inside a cell?)"
        hint = hint if want > 1 else "; separator=';' reads one column whole"
    return UserError(f"{what}the first line names {want} columns{hint}")


def _footer_hint(text: bytes, line: int) -> str:
    """Return how to leave out a footer that begins at a line, "" if it is none."""
    lines = text.split(b"\n", line + _LONGEST_FOOTER)[line - 1 :]
    rest = [row.decode(errors="replace").strip() for row in lines if row.strip()]
    numbers = any(looks_like_a_number(row.lstrip('"')) for row in rest)
    if len(lines) > _LONGEST_FOOTER or numbers:
        return ""
    what = f"; if the text from there ({rest[0][:40]!r}) is a footer"
    return f"{what}, pass skip_footer={len(rest)}"


def _records(
    text: bytes, start: int, where: str, separator: str
) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of each line after the header and its cells."""
    before = text.count(b"\n", 0, start)
    lines = io.TextIOWrapper(io.BytesIO(text), encoding="utf-8", newline="")
    lines.seek(start)
    reader = csv.reader(lines, strict=True, delimiter=separator)
    try:
        for cells in reader:
            blank = len(cells) <= 1 and not "".join(cells).strip()
            yield before + reader.line_num, [] if blank else cells
    except csv.Error as error:
        line = before + reader.line_num
        raise UserError(f"{where} line {line}: {error}") from error


def bad_cell(
    text: bytes,
    start: int,
    names: list[str],
    used: list[int],
    where: str,
    *,
    separator: str = ",",
    decimal: str = ".",
    thousands: str | None = None,
    missing: tuple[str, ...] = (),
) -> UserError | None:
    """Return the error that names the first cell which is no number, if there is one.

    Args:
        text: UTF-8 with line feeds only.
        start: where the line after the header begins.
        names: the name of every column.
        used: the columns to look at.
        where: the file, for messages.
        separator: what stands between two fields.
        decimal: the decimal mark.
        thousands: what stands between groups of digits, if anything.
        missing: texts of missing cells beside the known ones.
    """
    large = None
    for line, cells in _records(text, start, where, separator):
        for index in used if cells else ():
            cell = cells[index]
            if is_missing(cell) or cell in missing:
                continue
            place = (where, line, names[index], cell)
            if not is_number(cell, decimal, thousands):
                begins = index == used[0] and len(names) > 1
                remedy = _footer_hint(text, line) if begins else ""
                remedy = remedy or _remedy(cell, names[index], decimal)
                return _cell_error(*place, f"is not a number{remedy}")
            # pandas 3 reads it as infinite, and so as missing; pandas 2 fails
            if large is None and decimal == "." and _is_too_large(cell, thousands):
                large = _cell_error(*place, "is too large for float64")
    return large


def _is_too_large(cell: str, thousands: str | None) -> bool:
    text = cell.lower()
    if len(text) <= 300 and "e" not in text:
        return False
    return math.isinf(float(cell.replace(thousands or "", "") if thousands else cell))


def _cell_error(where: str, line: int, name: str, cell: str, what: str) -> UserError:
    return UserError(f"{where} line {line}, column {name!r}: {_shown(cell)} {what}")


def _shown(cell: str) -> str:
    return repr(cell if len(cell) <= 40 else cell[:40] + "...")


def _remedy(cell: str, name: str, decimal: str) -> str:
    if grouped := _GROUPED.fullmatch(cell):
        mark, point = grouped[1], grouped[2]
        options = f"decimal={point!r} and " if point == "," else ""
        options += f"thousands={mark!r}"
        return f"; if {mark!r} stands between thousands, pass {options}"
    if re.fullmatch(r"\s*[+-]?\d*[.,]\d+\s*", cell):
        mark = "point" if decimal == "." else "comma"
        return f" with a decimal {mark}, as others of the file are"
    if re.match(r"\s*\d{1,2}:\d{2}", cell) or DOTTED_CLOCK.fullmatch(cell):
        return f"; if it is part of the time, pass time=(..., {name!r})"
    if DATE.match(cell) or MONTH.match(cell):
        return f"; if the column holds the time, pass time={name!r}"
    if re.match(r"\s*\d+[-/]\d+", cell):
        return (
            f"; if the column holds the time, pass time={name!r} and time_format=..., "
            f"else leave it out with drop=[{name!r}]"
        )
    if re.match(r"\s*[+-]?([$€£¥]|[\d.]+\s*[^\d\s:])", cell):
        return f"; units belong in the column's name; drop=[{name!r}] leaves it out"
    return (
        f"; if that means missing, pass missing_marks=({cell.strip()[:20]!r},), else "
        f"leave the column out with drop=[{name!r}]"
    )
