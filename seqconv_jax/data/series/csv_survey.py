"""What the columns of a CSV file hold, where they are not all plain numbers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.data.series.cells import (
    CLOCK,
    DATE,
    MONTH,
    is_mark,
    is_number,
    looks_like_a_number,
    number_pattern,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Survey", "sample_decimal", "survey"]

_GROUPED = re.compile(r"\s*[+-]?[1-9]\d{0,2}(,\d{3})+\s*")
_MOSTLY = 0.1  # a column with fewer numbers than this is one of text


class Survey(NamedTuple):
    """What a file turned out to hold.

    Attributes:
        decimal: the decimal mark: "." or ",".
        marks: the texts of missing cells, as written, and how many cells have each.
        texts: the columns of text.
    """

    decimal: str
    marks: Mapping[str, int]
    texts: list[int]


def survey(
    frame: "pd.DataFrame",
    decimal: str | None,
    thousands: str | None,
    *,
    timed: bool,
    where: str,
) -> Survey:
    """Return what columns hold that pandas did not take for numbers.

    Args:
        frame: columns by position, their types found by pandas; missing cells NaN.
        decimal: the decimal mark, None where it is to be found.
        thousands: what stands between groups of digits, if anything.
        timed: whether another column has the time, so that dates are text.
        where: the file, for messages.

    Raises:
        UserError: where a comma can be the decimal mark or stand between thousands.
    """
    cells = {
        at: _cells(column, decimal or ".")
        for at, column in frame.items()
        if column.dtype.kind not in "iuf"
    }
    mark = decimal or _found_decimal(cells.values(), thousands, where)
    marks: dict[str, int] = {}
    texts = []
    for at, column in cells.items():
        missing = {
            cell: n
            for cell, n in column.others.items()
            if not cell.strip() or is_mark(cell)
        }
        held = {cell: n for cell, n in column.others.items() if cell not in missing}
        if _is_text(column.numbers, held, mark, thousands, timed):
            texts.append(at)
            continue
        for cell, n in missing.items():
            marks[cell] = marks.get(cell, 0) + n
    return Survey(mark, marks, texts)


def sample_decimal(rows: Iterable[Sequence[str]], used: Iterable[int]) -> str | None:
    """Return a comma where numbers of the first rows leave no other reading.

    Args:
        rows: the cells of rows.
        used: the columns of values.
    """
    used = list(used)
    cells = [row[at] for row in rows for at in used if at < len(row)]
    commas = [cell for cell in cells if "," in cell and is_number(cell, ",")]
    points = any("." in cell and is_number(cell) for cell in cells)
    plain = any(not _GROUPED.fullmatch(cell) for cell in commas)
    return "," if plain and not points else None


class _Cells(NamedTuple):
    """The cells of a column: its numbers, and the other cells with their counts."""

    numbers: int
    points: bool  # whether any number has a decimal point
    others: Mapping[str, int]


def _cells(column: "pd.Series", decimal: str) -> _Cells:
    import pandas as pd

    held = column.dropna()
    types = pd.api.types
    if types.is_object_dtype(held.dtype) or types.is_bool_dtype(held.dtype):
        held = held.map(str)  # True and False, alone or among missing cells
    plain = held
    if decimal == ",":  # and a point is no decimal mark, wherever it stands
        plain = held.where(~held.str.contains(".", regex=False), "?")
        plain = plain.str.replace(",", ".", regex=False)
    other = np.isnan(np.asarray(pd.to_numeric(plain, errors="coerce"), np.float64))
    counts = held.loc[other].value_counts()
    others = dict(zip(map(str, counts.index), map(int, counts), strict=True))
    points = bool(others) and held.loc[~other].str.contains(".", regex=False).any()
    return _Cells(int((~other).sum()), bool(points), others)


def _is_text(
    numbers: int,
    others: Mapping[str, int],
    decimal: str,
    thousands: str | None,
    timed: bool,
) -> bool:
    """Return whether cells are text, and not numbers with a fault in some of them."""
    fit = (n for cell, n in others.items() if is_number(cell, decimal, thousands))
    if numbers := numbers + sum(fit):
        return numbers < _MOSTLY * sum(others.values())
    if timed and all(DATE.match(cell) or CLOCK.match(cell) for cell in others):
        return True
    months = all(map(MONTH.match, others)) and not timed
    return bool(others) and not months and not all(map(looks_like_a_number, others))


def _found_decimal(columns: Iterable[_Cells], thousands: str | None, where: str) -> str:
    """Return a comma where columns hold numbers with one and no text, else a point."""
    if thousands == ",":
        return "."
    pattern = number_pattern(",", thousands)
    commas: list[str] = []
    for column in columns:
        held = [cell for cell in column.others if cell.strip() and not is_mark(cell)]
        if held and not column.points and all(map(pattern.fullmatch, held)):
            commas += [cell for cell in held if "," in cell]
    if not commas:
        return "."
    if all(map(_GROUPED.fullmatch, commas)):
        raise UserError(
            f"{where}: {commas[0]!r} can be {commas[0].replace(',', '.')} or "
            f"{commas[0].replace(',', '')}; pass decimal=',' or thousands=','"
        )
    return ","
