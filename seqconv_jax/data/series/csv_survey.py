"""What the columns of a CSV file hold, where they are not all plain numbers."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from seqconv_jax._checks import UserError
from seqconv_jax.data.series.cells import (
    is_mark,
    is_number,
    looks_like_a_number,
    number_pattern,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Survey", "survey"]

_DATE = re.compile(r"\s*\d{1,4}[-./]\d{1,2}[-./]\d{1,4}")
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
    counts = {
        at: _counts(column)
        for at, column in frame.items()
        if column.dtype.kind not in "iuf"
    }
    mark = decimal or _found_decimal(counts.values(), thousands, where)
    marks: dict[str, int] = {}
    texts = []
    for at, cells in counts.items():
        missing = {cell: n for cell, n in cells.items() if not cell.strip()}
        missing |= {cell: n for cell, n in cells.items() if is_mark(cell)}
        held = {cell: n for cell, n in cells.items() if cell not in missing}
        if _is_text(held, mark, thousands, timed):
            texts.append(at)
            continue
        for cell, n in missing.items():
            marks[cell] = marks.get(cell, 0) + n
    return Survey(mark, marks, texts)


def _counts(column: "pd.Series") -> dict[str, int]:
    counts = column.value_counts()
    return dict(zip(map(str, counts.index), map(int, counts), strict=True))


def _is_text(
    cells: Mapping[str, int], decimal: str, thousands: str | None, timed: bool
) -> bool:
    """Return whether cells are text, and not numbers with a fault in some of them."""
    numbers = sum(n for cell, n in cells.items() if is_number(cell, decimal, thousands))
    if numbers:
        return numbers < _MOSTLY * sum(cells.values())
    if timed and all(map(_DATE.match, cells)):
        return True
    return bool(cells) and not all(map(looks_like_a_number, cells))


def _found_decimal(
    columns: Sequence[Mapping[str, int]], thousands: str | None, where: str
) -> str:
    """Return a comma where columns hold numbers with one and no text, else a point."""
    if thousands == ",":
        return "."
    pattern = number_pattern(",", thousands)
    commas: list[str] = []
    for cells in columns:
        held = [cell for cell in cells if cell.strip() and not is_mark(cell)]
        if held and all(map(pattern.fullmatch, held)):
            commas += [cell for cell in held if "," in cell]
    if not commas:
        return "."
    if all(map(_GROUPED.fullmatch, commas)):
        raise UserError(
            f"{where}: {commas[0]!r} can be {commas[0].replace(',', '.')} or "
            f"{commas[0].replace(',', '')}; pass decimal=',' or thousands=','"
        )
    return ","
