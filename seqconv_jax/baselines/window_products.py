"""Sums of products over all windows of a series, without a window in memory."""

import numpy as np
from scipy import signal

__all__ = ["runs_of", "window_products"]


def runs_of(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first row, and one past the last, of runs of neighbouring rows.

    Args:
        rows: `(n,)` ascending integers.

    Example:
        >>> first, end = runs_of(np.array([2, 3, 4, 9]))
        >>> first.tolist(), end.tolist()
        ([2, 9], [5, 10])
    """
    rows = np.asarray(rows, np.int64)
    breaks = np.flatnonzero(np.diff(rows) != 1)
    first, last = np.append(0, breaks + 1), np.append(breaks, len(rows) - 1)
    return rows[first], rows[last] + 1


def window_products(
    values: np.ndarray, first: np.ndarray, end: np.ndarray, span: int
) -> np.ndarray:
    r"""Return $G_{ij} = \sum_r z_{r+i} z_{r+j}$ over all rows of some runs.

    A step down a diagonal, $G_{i+1,j+1} = G_{ij} + \sum (z_{e+i} z_{e+j} - z_{f+i}
    z_{f+j})$ over the runs from $f$ to before $e$, costs as many products as there are
    runs, whatever their length; only the first row of $G$ is summed in full.

    Args:
        values: `(rows,)` float64.
        first: `(runs,)` the first row of each run.
        end: `(runs,)` one past its last; `end + span - 1` lies in `values`.
        span: how many rows a window has.

    Returns:
        `(span, span)` float64.

    Example:
        >>> z = np.array([1.0, 2.0, 3.0, 5.0])
        >>> window_products(z, np.array([0]), np.array([2]), 2).tolist()
        [[5.0, 8.0], [8.0, 13.0]]
    """
    padded = np.append(values, 0.0)  # read past the last window, and not used
    steps = np.arange(span)
    enter, leave = padded[end[:, None] + steps], padded[first[:, None] + steps]
    products = np.zeros((span, span))
    for start, stop in zip(first.tolist(), end.tolist(), strict=True):
        window, heads = values[start : stop + span - 1], values[start:stop]
        products[0] += signal.correlate(window, heads, "valid", "fft")
    for i in range(span - 1):
        change = enter[:, i] @ enter[:, i:-1] - leave[:, i] @ leave[:, i:-1]
        products[i + 1, i + 1 :] = products[i, i:-1] + change
    return products + np.triu(products, 1).T
