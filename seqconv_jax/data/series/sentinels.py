"""Numbers that look as if they meant "missing": far outside the rest, and repeated."""

import re
import warnings
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from seqconv_jax.data.series.time_numbers import number_form, times_of_numbers

__all__ = ["SentinelWarning", "counters", "sentinels", "warn_of_sentinels"]

_FEWEST = 5  # repeats, below which an extreme value is one of the data
_COUNTERS = {"no", "no.", "nr", "nr.", "id", "idx", "index", "row", "#", "number"}
_DISTINCT = 10  # values besides, below which a column counts or flags something
_NINES = re.compile(r"-?(9{2,}(\.9+)?|32768|32767|1e\+\d+)")


class SentinelWarning(UserWarning):
    """A column's extreme value is repeated as if it meant "missing"."""


def sentinels(column: np.ndarray) -> tuple[float, int] | None:
    """Return the extreme value of a column that looks like a mark, and its count.

    It is the smallest or the largest, repeated, and lies further from the rest than
    the rest is wide; or two of these are true: it is written in nines, as -999; it lies
    half a standard deviation from the rest; it is the only value below zero.

    Args:
        column: `(rows,)` float64 without NaN.

    >>> sentinels(np.array([-200.0] * 9 + [float(x) for x in range(30)]))
    (-200.0, 9)
    """
    if len(column) < _FEWEST + _DISTINCT:
        return None
    for extreme in (column.min(), column.max()):
        at = column == extreme
        count = int(at.sum())
        if extreme == 0 or not _FEWEST <= count < len(column) - _DISTINCT:
            continue
        rest = column[~at]
        low, high = rest.min(), rest.max()
        gap = low - extreme if extreme < low else extreme - high
        if len(np.unique(rest[:: 1 + len(rest) // 9999])) < _DISTINCT:
            continue
        nines = _NINES.fullmatch(f"{extreme:g}") is not None
        alone_below_zero = bool(extreme < 0 <= low)
        far = bool(gap >= rest.std() / 2)
        if gap > high - low or nines + far + alone_below_zero >= 2:
            return float(extreme), count
    return None


def warn_of_sentinels(
    values: np.ndarray, missing: np.ndarray, names: Sequence[str], where: str
) -> list[str]:
    """Return a note for each value that looks like a mark, and warn of it.

    Args:
        values: `(rows, columns)` float64.
        missing: `(rows, columns)` bool: cells that are known to be missing.
        names: the columns.
        where: the file, for the warning.

    Warns:
        SentinelWarning: naming the value, its columns and counts, and the remedy.
    """
    found: dict[float, list[str]] = defaultdict(list)
    for name, column, gone in zip(names, values.T, missing.T, strict=True):
        if mark := sentinels(column[~gone] if gone.any() else column):
            found[mark[0]].append(f"{name!r} {mark[1]:,} times")
    notes = []
    for value, columns in found.items():
        shown = ", ".join(columns[:8]) + (" ..." if len(columns) > 8 else "")
        note = (
            f"{value:g} looks like a mark of missing cells ({shown}); it is read as a "
            f"number, missing_marks=({value:g},) reads it as missing"
        )
        warnings.warn(f"{where}: {note}", SentinelWarning, stacklevel=4)
        notes.append(note)
    return notes


def counters(
    values: np.ndarray, names: Sequence[str], times: np.ndarray | None
) -> list[str]:
    """Return a note for each column that counts the rows, or repeats their times.

    Args:
        values: `(rows, columns)` float64.
        names: the columns.
        times: `(rows,)` `datetime64[us]`, or None.
    """
    notes = []
    for name, column in zip(names, values.T, strict=True):
        if name.strip().lower() in _COUNTERS and _counts(column):
            what = "counts the rows"
        elif times is not None and _repeats_times(column, times):
            what = "holds times as numbers"
        else:
            continue
        notes.append(f"column {name!r} {what}; drop=[{name!r}] leaves it out")
    return notes


def _counts(column: np.ndarray) -> bool:
    return len(column) > 1 and bool((np.abs(np.diff(column)) == 1).all())


def _repeats_times(column: np.ndarray, times: np.ndarray) -> bool:
    """Return whether a column is Unix time within two days of each row's time."""
    form = number_form(column[:1])
    if form is None or not form.startswith("unix"):
        return False
    apart = np.abs(times_of_numbers(column, form) - times)  # NaT compares as false
    return bool((apart <= np.timedelta64(2, "D")).all())
