"""Columns of text as categories: one column of 0 and 1 for each value."""

from collections.abc import Mapping, Sequence

import numpy as np

from seqconv_jax._checks import UserError, expect, shown
from seqconv_jax.data.series.table import Categories, Table, listed

__all__ = ["MOST_CATEGORIES", "OneHot", "one_hot"]

MOST_CATEGORIES = 50

OneHot = tuple[tuple[str, ...], np.ndarray, dict[str, list[str]], list[str]]


def one_hot(
    table: Table, categories: Categories, marks: Sequence[str], where: str
) -> OneHot:
    """Return a table's names and values, the categories, and notes on them.

    The value "NW" of the column "wind" becomes the column "wind=NW", in the place of
    "wind", its values in order of the alphabet. A missing cell is missing in each.

    Args:
        table: the table, with its columns of text.
        categories: the values of each column as they were seen before; else they are
            those of the table.
        marks: texts of missing cells.
        where: the file, for messages.

    Raises:
        UserError: for a value that was not seen before, and for too many of them.
    """
    notes = []
    if table.left_out:
        notes.append(
            f"columns of text left out: {listed(table.left_out)}; "
            "categories='one-hot' reads them"
        )
    if not table.texts:
        return table.names, table.values, {}, notes
    known = categories if isinstance(categories, Mapping) else {}
    numbers = dict(zip(table.names, table.values.T, strict=True))
    names, columns, seen = [], [], {}
    for name in table.order:
        if name in numbers:
            names.append(name)
            columns.append(numbers[name][:, None])
        elif name in table.texts:
            cells = table.texts[name]
            cells = np.array(
                [cell.strip() if _is_text(cell, marks) else None for cell in cells],
                object,
            )
            seen[name] = values = _values(name, cells, known.get(name), where)
            names += [f"{name}={value}" for value in values]
            columns.append(_indicators(name, cells, values, where))
            notes.append(f"column {name!r} read as {len(values)} categories")
    return tuple(names), np.concatenate(columns, axis=1), seen, notes


def _is_text(cell: object, marks: Sequence[str]) -> bool:
    # NaN, None and pandas.NA are no texts
    return isinstance(cell, str) and cell not in marks and bool(cell.strip())


def _values(
    name: str, cells: np.ndarray, known: Sequence[str] | None, where: str
) -> list[str]:
    if known is not None:
        texts = not isinstance(known, str) and all(isinstance(v, str) for v in known)
        expect(texts and len(known) > 0, "categories", "lists of texts", known)
        return list(known)
    values = sorted({cell for cell in cells if cell is not None})
    if not values or len(values) > MOST_CATEGORIES:
        raise UserError(
            f"{where}: column {name!r} has {len(values):,} different texts; 1 to "
            f"{MOST_CATEGORIES} can be categories; drop=[{name!r}] leaves it out"
        )
    return values


def _indicators(
    name: str, cells: np.ndarray, values: Sequence[str], where: str
) -> np.ndarray:
    place = {value: at for at, value in enumerate(values)}
    missing = np.array([cell is None for cell in cells])
    try:
        codes = [-1 if cell is None else place[cell] for cell in cells]
    except KeyError as error:
        raise UserError(
            f"{where}: column {name!r} holds {shown(error.args[0])}, which is none of "
            f"its categories: {listed(list(values), 10)}"
        ) from None
    hot = np.eye(len(values) + 1)[codes][:, :-1]
    hot[missing] = np.nan
    return hot
