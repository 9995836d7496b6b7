"""Missing values inside a series."""

from typing import Literal

import numpy as np

from seqconv_jax._checks import UserError

__all__ = ["MISSING_RULES", "MissingRule", "filled"]

MissingRule = Literal["error", "interpolate"]
MISSING_RULES = ("error", "interpolate")


def filled(series: np.ndarray, rule: str, where: str) -> np.ndarray:
    """Return a series without missing values.

    Args:
        series: `(time, channels)` float64, NaN where a value is missing.
        rule: `"error"`, or `"interpolate"`: linearly between the values around, and at
            an end the value nearest to it.
        where: what to call the series in messages.

    Raises:
        UserError: for a missing value under the rule `"error"`, and for a channel that
            has no value.

    Example:
        >>> filled(np.array([[np.nan], [1.0], [np.nan], [3.0]]), "interpolate", "x")
        array([[1.],
               [1.],
               [2.],
               [3.]])
    """
    gaps = np.isnan(series)
    if not gaps.any():
        return series
    if rule == "error":
        step, channel = np.argwhere(gaps)[0]
        raise UserError(
            f"{where} has {int(gaps.sum()):,} missing values, the first at step "
            f"{step:,} of channel {channel}; missing='interpolate' fills them"
        )
    if gaps.all(axis=0).any():
        empty = int(np.flatnonzero(gaps.all(axis=0))[0])
        raise UserError(f"{where} has no value in channel {empty}")
    steps = np.arange(len(series))
    columns = [
        np.interp(steps, steps[~gap], column[~gap])
        for column, gap in zip(series.T, gaps.T, strict=True)
    ]
    return np.stack(columns, axis=1)
