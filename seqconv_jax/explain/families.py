"""Kinds of n-grams that one filter looks for, and the maximum as a threshold."""

import numpy as np

__all__ = ["carrying", "threshold"]

_CARRIED = 0.8


def carrying(slots: np.ndarray) -> np.ndarray:
    """Return which places of a window carry a filter's sum: its family.

    The fewest whose products add up to 80 % of all products above 0, the largest first;
    none where no product is above 0.

    Args:
        slots: `(n, taps)` what each place adds.

    Returns:
        `(n, taps)` bool.

    Example:
        >>> carrying(np.array([[3.0, -1.0, 2.0], [0.1, 0.0, 5.0]])).tolist()
        [[True, False, True], [False, False, True]]
    """
    above = np.maximum(slots, 0)
    order = np.argsort(-above, axis=1, kind="stable")
    falling = np.take_along_axis(above, order, axis=1)
    before = np.cumsum(falling, axis=1) - falling
    enough = _CARRIED * above.sum(axis=1, keepdims=True)
    kept = (before < enough) & (falling > 0)
    carried = np.zeros(slots.shape, bool)
    np.put_along_axis(carried, order, kept, axis=1)
    return carried


def threshold(activations: np.ndarray, agrees: np.ndarray, purity: float) -> float:
    """Return the smallest activation from which on a filter tells a class.

    Of the texts whose maximum is at least that, `purity` have the class.

    Args:
        activations: `(n,)` the maximum of each text.
        agrees: `(n,)` whether the text has the class that the filter pushes to.
        purity: a rate.

    Returns:
        One of the activations; infinity where no such rate is reached.

    Example:
        >>> agrees = np.array([False, True, False, True])
        >>> threshold(np.array([0.1, 0.7, 0.5, 0.9]), agrees, 0.75)
        0.7
    """
    order = np.argsort(-activations, kind="stable")
    falling, right = activations[order], np.cumsum(agrees[order])
    rates = right / np.arange(1, len(order) + 1)
    # Equal activations are on one side of any threshold.
    last = np.append(falling[1:] != falling[:-1], True)
    pure = np.flatnonzero(last & (rates >= purity))
    return float(falling[pure[-1]]) if len(pure) else float("inf")
