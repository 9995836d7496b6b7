"""Whether a table that repeats its times is a long one, of several series."""

from collections.abc import Sequence

import numpy as np

__all__ = ["series_hint"]

_FEWEST = 0.25  # of the rows, that repeat a time


def series_hint(
    times: np.ndarray,
    names: Sequence[str],
    values: np.ndarray,
    texts: Sequence[str] = (),
) -> str:
    """Return what to add to an error on repeated times, "" where it is no long table.

    >>> days = np.repeat(np.array(["2020-01-01", "2020-01-02"], "datetime64[D]"), 2)
    >>> stores = np.array([[1.0, 20.5], [2.0, 7.5], [1.0, 20.0], [2.0, 7.5]])
    >>> series_hint(days, ("store", "sales"), stores)
    "; or series='store' (read_series_group) if the rows are of several series"

    Args:
        times: `(rows,)`.
        names: the columns of numbers.
        values: `(rows, columns)`.
        texts: the columns of text, of which the first is likely to name the series.
    """
    rows = len(times)
    if rows - len(np.unique(times)) < _FEWEST * rows:
        return ""
    column = next(iter(texts), None) or next(
        (
            name
            for name, cells in zip(names, values.T, strict=True)
            if _names_series(times, cells)
        ),
        None,
    )
    shown = "COLUMN" if column is None else repr(column)
    return f"; or series={shown} (read_series_group) if the rows are of several series"


def _names_series(times: np.ndarray, cells: np.ndarray) -> bool:
    """Return whether whole numbers tell the rows of a time apart."""
    if not np.isfinite(cells).all() or (cells != np.round(cells)).any():
        return False
    if len(np.unique(cells)) > len(cells) / 2:
        return False
    pairs = np.stack([times.astype("datetime64[us]").astype(np.float64), cells])
    return len(np.unique(pairs, axis=1).T) == len(cells)
