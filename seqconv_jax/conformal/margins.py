"""Conformal scores, and the margin that enough of them stay below."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError, expect, is_number

__all__ = [
    "absolute_scores",
    "check_level",
    "conformal_margins",
    "conformal_rank",
    "quantile_scores",
]


def check_level(level: Any) -> float:
    """Return a level that is a number between 0 and 1."""
    fits = is_number(level) and 0 < float(level) < 1
    expect(fits, "level", "a number between 0 and 1, such as 0.9", level)
    return float(level)


def conformal_rank(count: int, level: float) -> int:
    r"""Return which of the sorted scores is the margin: $\lceil (n + 1) L \rceil$.

    With $n$ scores that are exchangeable with a new one, the new one is at most the
    score of this rank with a probability of $L$ or more, and at most $L + 1/(n + 1)$.

    Args:
        count: $n$.
        level: $L = 1 - \alpha$.

    Raises:
        UserError: for fewer scores than any finite margin needs.

    Reference:
        V. Vovk, A. Gammerman and G. Shafer, *Algorithmic Learning in a Random World*;
        J. Lei et al., "Distribution-Free Predictive Inference For Regression",
        arXiv:1604.04173.

    Example:
        >>> conformal_rank(9, 0.9), conformal_rank(99, 0.9), conformal_rank(100, 0.9)
        (9, 90, 91)
    """
    # As the decimal that was written: 0.55 * 100 is a little more than 55 in floats.
    exact = Fraction(str(check_level(level)))
    rank = math.ceil((count + 1) * exact)
    if rank > count:
        least = math.ceil(exact / (1 - exact))
        raise UserError(
            f"`level` = {level:g} needs at least {least:,} examples to calibrate on, "
            f"got {count:,}; take more of them, or a lower level"
        )
    return rank


def conformal_margins(scores: np.ndarray, level: float) -> np.ndarray:
    """Return the score of `conformal_rank` of each output.

    Args:
        scores: `(n, outputs)`, of examples that trained nothing.
        level: of the interval.

    Returns:
        `(outputs,)` float64.

    Raises:
        UserError: for too few scores, and for one that is not finite.

    Example:
        >>> conformal_margins(np.array([[1.0], [4.0], [2.0], [3.0]]), 0.6)
        array([3.])
    """
    scores = np.asarray(scores, np.float64)
    rank = conformal_rank(len(scores), level)
    expect(bool(np.isfinite(scores).all()), "scores", "finite", "NaN or infinity")
    return np.partition(scores, rank - 1, axis=0)[rank - 1]


def absolute_scores(forecasts: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return `|y - p|`, whose margin makes the interval `p - margin` to `p + margin`.

    Args:
        forecasts: `(n, outputs)`.
        truth: `(n, outputs)`.

    Example:
        >>> absolute_scores(np.array([[1.0, 2.0]]), np.array([[3.0, 1.5]]))
        array([[2. , 0.5]])
    """
    forecasts, truth = np.asarray(forecasts, float), np.asarray(truth, float)
    _expect_alike("truth", truth, forecasts.shape)
    return np.abs(truth - forecasts)


def quantile_scores(low: np.ndarray, high: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return `max(low - y, y - high)`: how far the truth lies outside two quantiles.

    It is negative inside, and so may the margin be that makes the interval `low -
    margin` to `high + margin`: quantiles that lie too far apart are drawn together.

    Args:
        low: `(n, outputs)` forecasts of the lower quantile.
        high: `(n, outputs)` of the upper one.
        truth: `(n, outputs)`.

    Reference:
        Y. Romano, E. Patterson and E. Candès, "Conformalized Quantile Regression",
        arXiv:1905.03222.

    Example:
        >>> low, high = np.array([[0.0], [0.0]]), np.array([[2.0], [2.0]])
        >>> quantile_scores(low, high, np.array([[3.0], [0.5]])).tolist()
        [[1.0], [-0.5]]
    """
    low, high, truth = (np.asarray(each, float) for each in (low, high, truth))
    _expect_alike("high", high, low.shape)
    _expect_alike("truth", truth, low.shape)
    return np.maximum(low - truth, truth - high)


def _expect_alike(name: str, array: np.ndarray, shape: Sequence[int]) -> None:
    same = array.shape == tuple(shape)
    expect(same, name, f"of shape {tuple(shape)}", f"shape {array.shape}")
