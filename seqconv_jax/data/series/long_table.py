"""Whether a table that repeats its times is a long one, of several series."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

__all__ = ["series_hint"]

_FEWEST = 0.25  # of the rows, that repeat a time
_MOST_ALONE, _MOST_TOGETHER = 20, 8  # columns that are tried, by one and by two


def series_hint(
    times: np.ndarray,
    names: Sequence[str],
    values: np.ndarray,
    texts: Sequence[str] = (),
    ids: Sequence[str] = (),
) -> str:
    """Return what to advise first on repeated times, "" where it is no long table.

    >>> days = np.repeat(np.array(["2020-01-01", "2020-01-02"], "datetime64[D]"), 2)
    >>> stores = np.array([[1.0, 20.5], [2.0, 7.5], [1.0, 20.0], [2.0, 7.5]])
    >>> series_hint(days, ("store", "sales"), stores)
    "series='store' (read_series_group) if the rows are of several series, else "

    Args:
        times: `(rows,)`.
        names: the columns of numbers.
        values: `(rows, columns)`.
        texts: the columns of text, of which the first is likely to name the series.
        ids: columns that name the series already, but not all of it.
    """
    rows = len(times)
    if rows - len(np.unique(times)) < _FEWEST * rows:
        return ""
    more = list(map(repr, texts[:1] or _telling(times, names, values)))
    found = [*map(repr, ids), *(more or ["..." if ids else "COLUMN"])]
    shown = f"({', '.join(found)})" if len(found) > 1 else found[0]
    return (
        f"series={shown} (read_series_group) if the rows are of several series, else "
    )


def _telling(
    times: np.ndarray, names: Sequence[str], values: np.ndarray
) -> tuple[str, ...]:
    """Return the column of whole numbers, or two, that tell rows of a time apart."""
    stamps = times.astype("datetime64[us]").astype(np.float64)
    whole = [at for at in range(len(names)) if _is_whole(values[:, at])]
    alone = combinations(whole[:_MOST_ALONE], 1)
    for places in (*alone, *combinations(whole[:_MOST_TOGETHER], 2)):
        rows = np.stack([stamps, *(values[:, at] for at in places)])
        if len(np.unique(rows, axis=1).T) == len(stamps):
            return tuple(names[at] for at in places)
    return ()


def _is_whole(cells: np.ndarray) -> bool:
    """Return whether cells are whole numbers, most of them repeated."""
    if not np.isfinite(cells).all() or (cells != np.round(cells)).any():
        return False
    return len(np.unique(cells)) <= len(cells) / 2
