"""What a network for series must beat: the most frequent class, and a neighbour."""

from collections.abc import Sequence

import numpy as np

__all__ = ["majority_accuracy", "nearest_neighbour"]

_AT_ONCE = 2**22  # distances


def majority_accuracy(train: np.ndarray, truth: np.ndarray) -> float:
    """Return how often the most frequent class of training is right.

    Args:
        train: `(n,)` class numbers.
        truth: `(m,)` class numbers.

    Example:
        >>> majority_accuracy(np.array([0, 1, 1]), np.array([1, 0]))
        0.5
    """
    return float((truth == np.bincount(train).argmax()).mean())


def nearest_neighbour(
    train: Sequence[np.ndarray], x: Sequence[np.ndarray]
) -> np.ndarray:
    """Return for each series which of the training series is nearest to it.

    The distance is Euclidean, over all steps and channels. Series of several lengths
    are stretched, linearly, to that of the longest training series.

    Args:
        train: `(time, channels)` each.
        x: the same.

    Returns:
        `(len(x),)` places in `train`.

    Example:
        >>> a, b = np.zeros((3, 1)), np.ones((3, 1))
        >>> nearest_neighbour([a, b], [np.full((2, 1), 0.9)]).tolist()
        [1]
    """
    length = max(map(len, train))
    known, new = (
        np.stack([_stretched(each, length).ravel() for each in series])
        for series in (train, x)
    )
    squares = np.square(known).sum(axis=1)
    size = max(1, _AT_ONCE // len(known))
    parts = [new[i : i + size] for i in range(0, len(new), size)]
    nearest = [(squares - 2 * part @ known.T).argmin(axis=1) for part in parts]
    return np.concatenate(nearest)


def _stretched(series: np.ndarray, length: int) -> np.ndarray:
    if len(series) == length:
        return np.asarray(series, np.float64)
    places = np.linspace(0, len(series) - 1, length)
    steps = np.arange(len(series))
    return np.stack([np.interp(places, steps, c) for c in series.T], axis=1)
