"""Missing cells: finding them, and the rules of what to do about them."""

import math
from collections.abc import Iterable, Sequence
from numbers import Real

import numpy as np

from seqconv_jax._checks import UserError, expect
from seqconv_jax.data.series.timeline import shown_time

__all__ = [
    "RULES",
    "count_by_column",
    "found_missing",
    "missing_cells",
    "resolve",
    "split_marks",
    "whole_rows",
]

RULES = ("error", "keep", "previous", "interpolate", "drop")


def split_marks(marks: Sequence[float | str]) -> tuple[list[float], list[str]]:
    """Return the numbers and the texts among marks of missing cells, checked."""
    listed = isinstance(marks, Iterable) and not isinstance(marks, str)
    expect(listed, "missing_marks", "a list of numbers and texts", marks)
    numbers: list[float] = []
    texts: list[str] = []
    for mark in marks:
        if isinstance(mark, str):
            texts.append(mark)
            continue
        finite = isinstance(mark, Real) and math.isfinite(mark)
        expect(finite, "missing_marks", "finite numbers, or texts", mark)
        numbers.append(float(mark))
    return numbers, texts


def missing_cells(values: np.ndarray, marks: Sequence[float]) -> np.ndarray:
    """Return `(rows, columns)` bool: cells that are empty, infinite or a mark.

    Args:
        values: `(rows, columns)` float64.
        marks: numbers that stand for "missing" in this file.
    """
    missing = ~np.isfinite(values)
    for mark in marks:
        missing |= values == mark
    return missing


def whole_rows(missing: np.ndarray, names: Sequence[str], where: str) -> slice:
    """Return the rows from the first to the last without a missing cell.

    Args:
        missing: `(rows, columns)` bool.
        names: the columns.
        where: the file, for messages.

    Raises:
        UserError: if every row has a missing cell.
    """
    whole = np.flatnonzero(~missing.any(axis=1))
    if not len(whole):
        most = names[int(missing.sum(axis=0).argmax())]
        raise UserError(
            f"{where}: every row has a missing cell, so trim=True leaves none; leave "
            f"columns out, such as drop=[{most!r}]"
        )
    return slice(int(whole[0]), int(whole[-1]) + 1)


def resolve(
    values: np.ndarray,
    missing: np.ndarray,
    rule: str,
    names: Sequence[str],
    times: np.ndarray | None,
    where: str,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the values after the rule, and which rows to keep (None for all).

    Args:
        values: `(rows, columns)` float64 in order of time.
        missing: `(rows, columns)` bool.
        rule: of `RULES`: "error"; "keep" the cells as they are read, marks included;
            take the "previous" value of the column; "interpolate" between the
            neighbours, row by row; or "drop" the rows.
        names: the columns.
        times: `(rows,)` or None, for messages.
        where: the file, for messages.

    Raises:
        UserError: by the rule "error", and where there is nothing to fill from.
    """
    if rule == "keep" or not missing.any():
        return values, None
    if rule == "error":
        ends = missing[0].any() or missing[-1].any()
        trim = ", with trim=True as the first or last row has some" if ends else ""
        raise UserError(
            f"{where}: {found_missing(values, missing, names, times)}; pass missing="
            f"'previous', 'interpolate', 'drop' or 'keep'{trim}, or drop the columns"
        )
    if rule == "drop":
        whole = np.logical_not(missing.any(axis=1))
        if not whole.any():
            raise UserError(f"{where}: every row has a missing cell; none is left")
        return values, whole
    values = values.copy()  # pandas hands out arrays that are read-only
    for column in np.flatnonzero(missing.any(axis=0)).tolist():
        gone = missing[:, column]
        if gone[0] or (rule == "interpolate" and gone[-1]):
            end = "first" if gone[0] else "last"
            raise UserError(
                f"{where}: column {names[column]!r} is missing in the {end} row, so "
                f"missing={rule!r} has nothing to fill it from; trim=True leaves such "
                "rows at the ends out, missing='drop' all of them; or drop the column"
            )
        values[:, column] = _filled(values[:, column], gone, rule)
    return values, None


def _filled(column: np.ndarray, gone: np.ndarray, rule: str) -> np.ndarray:
    rows = np.arange(len(column))
    if rule == "interpolate":
        return np.interp(rows, rows[~gone], column[~gone])
    return column[np.maximum.accumulate(np.where(gone, 0, rows))]


def found_missing(
    values: np.ndarray,
    missing: np.ndarray,
    names: Sequence[str],
    times: np.ndarray | None,
) -> str:
    """Return how many cells are missing, which is the first, and where the others."""
    row, column = (int(index) for index in np.argwhere(missing)[0])
    when = "" if times is None else f" ({shown_time(times[row])})"
    counts = ", ".join(
        f"{name!r} {count:,}" for name, count in count_by_column(missing, names).items()
    )
    return (
        f"{int(missing.sum()):,} missing cells, first row {row}{when}, column "
        f"{names[column]!r}, {values[row, column]:g} (in all: {counts})"
    )


def count_by_column(missing: np.ndarray, names: Sequence[str]) -> dict[str, int]:
    """Return the count of missing cells of each column that has any."""
    counts = missing.sum(axis=0)
    return {
        name: int(count) for name, count in zip(names, counts, strict=True) if count
    }
