"""What the columns of a text file are called: its line of names, or several of them."""

import csv
from collections.abc import Sequence
from typing import NamedTuple

from seqconv_jax._checks import UserError
from seqconv_jax.data.series.cells import is_mark, is_missing, looks_like_a_number
from seqconv_jax.data.series.text_form import NUMBERED, TextForm

__all__ = ["Head", "fields_of", "head_of"]

_MOST_LINES = 5  # of names


class Head(NamedTuple):
    """The names of the columns, and how many lines they take."""

    names: list[str]
    lines: int


def fields_of(line: bytes, separator: str) -> list[str]:
    """Return the cells of a line, none where it cannot be divided."""
    try:
        return next(csv.reader([line.decode()], delimiter=separator))
    except (csv.Error, StopIteration):
        return []


def head_of(
    lines: Sequence[bytes],
    numbers: Sequence[int],
    separator: str,
    form: TextForm,
    where: str,
) -> Head:
    """Return the names that the first lines hold, or that were given.

    Args:
        lines: the line of names and what follows, without blank lines.
        numbers: the number of each in the file, from 1.
        separator: what stands between two fields.
        form: what the caller says of the file.
        where: the file, for messages.

    Raises:
        UserError: for names that are data, and for more than one line of names, unless
            they are as pandas writes the levels of its columns.
    """
    if form.names is not None:
        return Head(_given(form.names, lines, separator, where), 0)
    names = _cells(lines[0], separator, where, numbers[0])
    rows = [fields_of(line, separator) for line in lines[1:101]]
    _check_not_data(names, rows, lines[0], where)
    levels = _levels(names, rows)
    if levels:
        return levels
    comment = names[0].startswith("#") and form.skip_rows is None
    _check_one_line(names, rows, numbers, comment, where)
    return Head(names, 1)


def _given(
    given: str | Sequence[str], lines: Sequence[bytes], separator: str, where: str
) -> list[str]:
    fields = len(fields_of(lines[0], separator))
    mark = separator.encode()
    if all(line.endswith(mark) for line in lines):  # and no field behind it
        fields -= 1
    if given == NUMBERED:
        return [f"column {number}" for number in range(1, fields + 1)]
    if len(given) != fields:
        raise UserError(
            f"`names` must name each of the {fields} columns of {where}, got "
            f"{len(given)} names"
        )
    return list(given)


def _cells(line: bytes, separator: str, where: str, number: int) -> list[str]:
    reader = csv.reader([line.decode()], delimiter=separator, strict=True)
    try:
        return [name.strip() for name in next(reader)]
    except csv.Error as error:
        raise UserError(f"{where} line {number}: {error}") from error


def _check_not_data(
    names: Sequence[str], rows: Sequence[Sequence[str]], line: bytes, where: str
) -> None:
    """Raise where the first line holds what the others do: numbers, times, marks."""
    if not any(map(looks_like_a_number, names)):
        return
    below = (
        {row[at].strip() for row in rows if at < len(row)} for at in range(len(names))
    )
    if all(
        looks_like_a_number(name) or is_mark(name) or name in cells
        for name, cells in zip(names, below, strict=True)
    ):
        shown = line[:60].decode(errors="replace")
        raise UserError(
            f"{where}: the first line must name the columns, got {shown!r}; if no line "
            f"does, pass names={NUMBERED!r}, or a name for each of the {len(names)}"
        )


def _levels(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Head | None:
    """Return the names of columns of several levels, as pandas writes them.

    A line each, which begins with the name of the level, and a last one that has only
    the name of the index: `Price,Close,Close`, `Ticker,A,B`, `Date,,`. A level that is
    the same in all columns says nothing, and is left out.
    """
    heads: list[list[str]] = []
    for row in rows[:_MOST_LINES]:
        if len(row) != len(names) or looks_like_a_number(row[0]):
            return None
        heads.append([cell.strip() for cell in row])
        if not any(heads[-1][1:]):
            break
    if len(heads) < 2 or any(heads[-1][1:]) or not heads[-1][0]:
        return None
    *others, index = heads
    levels = [names[1:], *(row[1:] for row in others)]
    telling = [level for level in levels if len(set(level)) > 1] or levels[:1]
    joined = [" ".join(parts) for parts in zip(*telling, strict=True)]
    return Head([index[0], *joined], 1 + len(heads))


def _check_one_line(
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    numbers: Sequence[int],
    comment: bool,
    where: str,
) -> None:
    """Raise where lines below the names hold more names, or units, and no data."""
    more = 0
    while more < min(_MOST_LINES, len(rows)) and not any(
        map(looks_like_a_number, rows[more])
    ):
        more += 1
    data = [row for row in rows[more:] if len(row) >= len(names)]
    if not more or not data:
        return
    numeric = [
        at
        for at in range(len(names))
        if all(looks_like_a_number(row[at]) or is_missing(row[at]) for row in data)
        and any(looks_like_a_number(row[at]) for row in data)
    ]
    heads = rows[:more]
    if not any(
        at < len(row) and not is_missing(row[at]) for row in heads for at in numeric
    ):
        return
    if comment:
        raise UserError(
            f"{where}: the first line ({names[0][:40]!r}) looks like a comment; pass "
            "comment='#', or skip_rows=0 if it names the columns"
        )
    lines, shown = list(numbers[1 : more + 1]), ", ".join(heads[0])[:60]
    raise UserError(
        f"{where} line {lines[0]} ({shown!r}) holds no data: more names, or units? "
        f"pass skip_rows={lines} to keep the names of line {numbers[0]}, or "
        f"skip_rows={lines[-1] - 1} to take those of line {lines[-1]}"
    )
