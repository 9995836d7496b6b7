"""The scale of series: each by itself, or each channel over the training series."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

__all__ = ["FLAT", "PADDING", "SCALES", "Scale", "fit_channels", "standardised"]

Scale = Literal["series", "channel", "none"]
SCALES = ("series", "channel", "none")

PADDING = -1e30
"""What padded steps hold in all channels: no real step may, and a model that does not
mask them cannot be trained unnoticed."""

FLAT = 1e-8  # a standard deviation of rounding alone


def fit_channels(
    series: Sequence[np.ndarray],
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of each channel over all steps of all series.

    That of a channel which never changes is taken as 1.

    Example:
        >>> fit_channels([np.array([[1.0, 5.0], [3.0, 5.0]])])
        ((2.0, 5.0), (1.0, 1.0))
    """
    steps = np.concatenate(series)
    std = steps.std(axis=0)
    return tuple(steps.mean(axis=0).tolist()), tuple(_nonzero(std).tolist())


def standardised(series: np.ndarray) -> np.ndarray:
    """Return a series with mean 0 and standard deviation 1 in each channel.

    A channel that does not change becomes zeros.

    Example:
        >>> standardised(np.array([[1.0, 5.0], [3.0, 5.0]])).tolist()
        [[-1.0, 0.0], [1.0, 0.0]]
    """
    return (series - series.mean(axis=0)) / _nonzero(series.std(axis=0))


def _nonzero(std: np.ndarray) -> np.ndarray:
    return np.where(std < FLAT, 1.0, std)
