"""Ridge regression from sums over blocks of examples, in float64."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from scipy import linalg

from seqconv_jax._checks import UserError, expect, is_number
from seqconv_jax.baselines.linear import LinearModel

__all__ = ["Moments", "moments_of", "penalties_for", "solve_penalised", "solve_ridge"]


class Moments(NamedTuple):
    """What least squares need to know of examples `x`, `y`.

    Attributes:
        count: how many examples.
        mean_x: `(features,)`.
        mean_y: `(outputs,)`.
        xx: `(features, features)`, the sum of products of deviations from the means.
        xy: `(features, outputs)`, likewise.
    """

    count: int  # pyright: ignore[reportIncompatibleMethodOverride]
    mean_x: np.ndarray
    mean_y: np.ndarray
    xx: np.ndarray
    xy: np.ndarray


def moments_of(blocks: Iterable[tuple[np.ndarray, np.ndarray]]) -> Moments:
    """Return the moments of examples that come in blocks, one at a time in memory.

    Args:
        blocks: `x`, `(n, features)`, and `y`, `(n, outputs)`, at least one example.

    Example:
        >>> x, y = np.array([[0.0], [1.0], [2.0]]), np.array([[1.0], [3.0], [5.0]])
        >>> moments = moments_of([(x[:2], y[:2]), (x[2:], y[2:])])
        >>> moments.count, moments.xx.tolist(), moments.xy.tolist()
        (3, [[2.0]], [[4.0]])
    """
    count, shift, sums, products = 0, None, np.zeros(0), np.zeros((0, 0))
    width = 0
    for x, y in blocks:
        both = np.concatenate([x, y], axis=1, dtype=np.float64)
        if shift is None:  # near the mean, so that little is lost in the difference
            width, shift = x.shape[1], both.mean(axis=0)
            sums, products = np.zeros(len(shift)), np.zeros((width, len(shift)))
        both -= shift
        count += len(both)
        sums += both.sum(axis=0)
        products += both[:, :width].T @ both
    if shift is None:
        raise UserError("`blocks` must hold at least one example, got none")
    products -= np.outer(sums[:width], sums) / count
    mean = shift + sums / count
    xx, xy = products[:, :width], products[:, width:]
    return Moments(count, mean[:width], mean[width:], xx, xy)


def solve_ridge(moments: Moments, penalty: float) -> LinearModel:
    r"""Return the minimum of $\sum_i |y_i - b - x_i W|^2 + \lambda |W|^2$.

    The constant $b$ is free. It is scikit-learn's `Ridge(alpha=penalty)`.

    Args:
        moments: of the examples.
        penalty: $\lambda$, above 0.

    Example:
        >>> x, y = np.array([[0.0], [1.0], [2.0]]), np.array([[1.0], [3.0], [5.0]])
        >>> model = solve_ridge(moments_of([(x, y)]), 1e-9)
        >>> model.kernel.round(6).tolist(), model.bias.round(6).tolist()
        ([[2.0]], [1.0])
    """
    kernel = solve_penalised(moments.xx, moments.xy, penalty)
    return LinearModel(kernel, moments.mean_y - moments.mean_x @ kernel)


def solve_penalised(xx: np.ndarray, xy: np.ndarray, penalty: float) -> np.ndarray:
    r"""Return $(X^T X + \lambda I)^{-1} X^T Y$ from the products.

    Args:
        xx: `(features, features)`.
        xy: `(features, outputs)`.
        penalty: $\lambda$.

    Raises:
        UserError: for a penalty too small to tell it from rounding.
    """
    matrix = xx + check_penalty(penalty) * np.eye(len(xx))
    try:
        return linalg.cho_solve(linalg.cho_factor(matrix, overwrite_a=True), xy)
    except linalg.LinAlgError as error:
        raise UserError(
            f"`penalty` must be larger for these features, got {penalty}"
        ) from error


def penalties_for(
    task: Any, penalty: float | None, usual: tuple[float, ...]
) -> tuple[float, ...]:
    """Return the penalties to fit with: the one that is given, or those to choose from.

    Args:
        task: the task; to choose takes validation rows.
        penalty: the one that is asked for; None to choose.
        usual: those to choose from.

    Raises:
        UserError: for what is no penalty, and a choice without validation rows.
    """
    if penalty is not None:
        return (check_penalty(penalty),)
    if not len(task.validation):
        raise UserError("`penalty` must be given without validation rows, got None")
    return usual


def check_penalty(penalty: float) -> float:
    """Return a penalty that is a finite number above 0."""
    fits = is_number(penalty) and 0 < float(penalty) < float("inf")
    expect(fits, "penalty", "a number above 0", penalty)
    return float(penalty)
