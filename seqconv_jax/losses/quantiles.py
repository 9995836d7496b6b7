"""Forecasts of quantiles: what trains them, and whether they are as often right.

Predictions are `(batch, outputs * quantiles)`, the quantiles of an output beside each
other (index = output * quantiles + quantile), and targets `(batch, outputs)`.
"""

import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from seqconv_jax import _checks
from seqconv_jax._checks import UserError, expect, expect_shape, is_number

__all__ = [
    "interval_rate",
    "pinball",
    "pinball_loss",
    "quantile_mae",
    "quantile_rate",
]


def pinball(quantiles: Sequence[float]) -> Any:
    """Return the loss whose best predictions are these quantiles: `pinball_loss`.

    Args:
        quantiles: numbers in (0, 1), ascending, such as (0.1, 0.5, 0.9).

    Returns:
        A function of predictions and targets to `(batch,)`, a `functools.partial`.

    Raises:
        UserError: for numbers that are no ascending quantiles.

    Example:
        >>> loss = pinball((0.1, 0.5, 0.9))
        >>> loss(jnp.array([[0.0, 0.0, 0.0]]), jnp.array([[3.0]])).tolist()
        [1.5]
    """
    return functools.partial(pinball_loss, quantiles=_checked(quantiles))


def pinball_loss(
    predictions: jax.Array, targets: jax.Array, *, quantiles: Sequence[float]
) -> jax.Array:
    """Return the pinball loss of quantiles, in the unit of the targets.

    `mean over outputs and quantiles of max(q e, (q - 1) e)`, `e = y - p`: too low by
    one costs `q`, too high by one `1 - q`. For the median it is half of `mae`.

    Args:
        predictions: `(batch, outputs * quantiles)` float, quantile fastest.
        targets: `(batch, outputs)` float.
        quantiles: numbers in (0, 1), ascending.

    Returns:
        `(batch,)`.

    Raises:
        UserError: for other shapes, and for numbers that are no ascending quantiles.

    Example:
        >>> predicted, actual = jnp.array([[1.0]]), jnp.array([[5.0]])
        >>> pinball_loss(predicted, actual, quantiles=(0.75,)).tolist()
        [3.0]

    Reference:
        R. Koenker and G. Bassett, "Regression Quantiles", Econometrica 46 (1978);
        of several steps at once, arXiv:1711.11053.
    """
    quantiles = _checked(quantiles)
    each = _per_quantile(predictions, targets, len(quantiles))
    error = targets[..., None] - each
    q = jnp.asarray(quantiles, error.dtype)[None, None, :]
    return jnp.maximum(q * error, (q - 1) * error).mean(axis=(1, 2))


def quantile_mae(
    predictions: jax.Array,
    targets: jax.Array,
    *,
    quantiles: Sequence[float],
    quantile: float = 0.5,
) -> jax.Array:
    """Return the mean absolute error of one of the quantiles, the median by default.

    Args:
        predictions: `(batch, outputs * quantiles)` float, quantile fastest.
        targets: `(batch, outputs)` float.
        quantiles: those that are predicted, in (0, 1), ascending.
        quantile: the one to compare, one of them.

    Returns:
        `(batch,)`, in the unit of the targets.

    Raises:
        UserError: for other shapes or quantiles, and for one that is not predicted.

    Example:
        >>> median_mae = functools.partial(quantile_mae, quantiles=(0.1, 0.5, 0.9))
        >>> median_mae(jnp.array([[0.0, 1.0, 9.0]]), jnp.array([[3.0]])).tolist()
        [2.0]
    """
    each = _one_quantile(predictions, targets, quantiles, quantile)
    return jnp.abs(each - targets).mean(axis=-1)


def quantile_rate(
    predictions: jax.Array,
    targets: jax.Array,
    *,
    quantiles: Sequence[float],
    quantile: float,
) -> jax.Array:
    """Return the rate of targets that are at most one of the quantiles.

    Of good forecasts its mean is the quantile itself.

    Args:
        predictions: `(batch, outputs * quantiles)` float, quantile fastest.
        targets: `(batch, outputs)` float.
        quantiles: those that are predicted, in (0, 1), ascending.
        quantile: the one to compare, one of them.

    Returns:
        `(batch,)` float in [0, 1], the mean over outputs; NaN for a NaN.

    Raises:
        UserError: for other shapes or quantiles, and for one that is not predicted.

    Example:
        >>> below = functools.partial(quantile_rate, quantiles=(0.1, 0.9), quantile=0.9)
        >>> below(jnp.array([[0.0, 2.0], [0.0, 2.0]]), jnp.array([[1.0], [3.0]]))
        Array([1., 0.], dtype=float32)
    """
    each = _one_quantile(predictions, targets, quantiles, quantile)
    return _rate(targets <= each, each, targets).mean(axis=-1)


def interval_rate(
    predictions: jax.Array, targets: jax.Array, *, quantiles: Sequence[float]
) -> jax.Array:
    """Return the rate of targets between the lowest and the highest quantile.

    Of good forecasts its mean is the difference of the two: 0.8 of (0.1, 0.5, 0.9).

    Args:
        predictions: `(batch, outputs * quantiles)` float, quantile fastest.
        targets: `(batch, outputs)` float.
        quantiles: those that are predicted, in (0, 1), ascending, two or more.

    Returns:
        `(batch,)` float in [0, 1], the mean over outputs; NaN for a NaN.

    Raises:
        UserError: for other shapes or quantiles, and for a single one.

    Example:
        >>> inside = functools.partial(interval_rate, quantiles=(0.1, 0.5, 0.9))
        >>> inside(jnp.array([[0.0, 1.0, 2.0]]), jnp.array([[1.5]])).tolist()
        [1.0]
    """
    quantiles = _checked(quantiles)
    expect(len(quantiles) > 1, "quantiles", "two or more", quantiles)
    each = _per_quantile(predictions, targets, len(quantiles))
    low, high = each[..., 0], each[..., -1]
    inside = (low <= targets) & (targets <= high)
    return _rate(inside, low + high, targets).mean(axis=-1)


def _checked(quantiles: Any) -> tuple[float, ...]:
    """Return quantiles as Python's numbers, once they are ascending ones."""
    listed = hasattr(quantiles, "__iter__") and not isinstance(quantiles, str)
    expect(listed, "quantiles", "numbers in (0, 1), ascending", quantiles)
    values = list(quantiles)
    fits = bool(values) and all(is_number(q) and 0 < float(q) < 1 for q in values)
    rise = fits and all(a < b for a, b in zip(values, values[1:], strict=False))
    expect(rise, "quantiles", "numbers in (0, 1), ascending", quantiles)
    return tuple(float(q) for q in values)


def _per_quantile(
    predictions: jax.Array, targets: jax.Array, quantiles: int
) -> jax.Array:
    """Return predictions as `(batch, outputs, quantiles)`."""
    _checks.rank("predictions", predictions, ("batch", "outputs * quantiles"))
    _checks.rank("targets", targets, ("batch", "outputs"))
    batch, outputs = targets.shape
    expected = (batch, outputs * quantiles)
    words = f"{expected}, {quantiles} quantiles of {outputs} outputs"
    expect_shape(predictions.shape == expected, "predictions", words, predictions)
    return predictions.reshape(batch, outputs, quantiles)


def _one_quantile(
    predictions: jax.Array, targets: jax.Array, quantiles: Any, quantile: float
) -> jax.Array:
    """Return the predictions of one quantile, `(batch, outputs)`."""
    quantiles = _checked(quantiles)
    if quantile not in quantiles:
        known = ", ".join(f"{q:g}" for q in quantiles)
        raise UserError(f"`quantile` must be one of {known}, got {quantile!r}")
    each = _per_quantile(predictions, targets, len(quantiles))
    return each[..., quantiles.index(quantile)]


def _rate(right: jax.Array, *compared: jax.Array) -> jax.Array:
    """Return 1 or 0 as floats, NaN where one of what was compared is NaN."""
    missing = functools.reduce(jnp.logical_or, map(jnp.isnan, compared))
    return jnp.where(missing, jnp.nan, right).astype(compared[0].dtype)
