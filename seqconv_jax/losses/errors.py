"""Errors of numbers: absolute, squared, and what lies between the two."""

import jax
import jax.numpy as jnp

from seqconv_jax._checks import expect, is_number
from seqconv_jax.losses.inputs import check_pair

__all__ = ["huber", "mae", "mse"]


def mae(predictions: jax.Array, targets: jax.Array) -> jax.Array:
    """Return the mean absolute error, in the unit of the targets.

    `mean over outputs of |p - y|`.

    Args:
        predictions: `(batch, outputs)` float.
        targets: `(batch, outputs)` float.

    Returns:
        `(batch,)`.

    Raises:
        UserError: unless both have the same shape `(batch, outputs)`.

    Example:
        >>> mae(jnp.array([[1.0]]), jnp.array([[3.0]])).tolist()
        [2.0]
    """
    check_pair(predictions, targets)
    return jnp.abs(predictions - targets).mean(axis=-1)


def mse(predictions: jax.Array, targets: jax.Array) -> jax.Array:
    """Return the mean squared error, in the squared unit of the targets.

    `mean over outputs of (p - y)^2`.

    Args:
        predictions: `(batch, outputs)` float.
        targets: `(batch, outputs)` float.

    Returns:
        `(batch,)`.

    Raises:
        UserError: unless both have the same shape `(batch, outputs)`.

    Example:
        >>> mse(jnp.array([[1.0]]), jnp.array([[3.0]])).tolist()
        [4.0]
    """
    check_pair(predictions, targets)
    return jnp.square(predictions - targets).mean(axis=-1)


def huber(
    predictions: jax.Array, targets: jax.Array, *, delta: float = 1.0
) -> jax.Array:
    """Return the Huber loss: squared for small errors, absolute for large ones.

    `mean over outputs of e^2 / 2 where |e| <= d, else d (|e| - d / 2)`, `e = p - y`:
    few large errors, such as outliers, weigh less than in the squared error.

    Args:
        predictions: `(batch, outputs)` float.
        targets: `(batch, outputs)` float.
        delta: `d`, above 0, in the unit of the targets; another one is given by
            `functools.partial(huber, delta=0.5)`.

    Returns:
        `(batch,)`, in the squared unit of the targets.

    Raises:
        UserError: unless both have the same shape `(batch, outputs)`, and for a
            `delta` that is not above 0.

    Example:
        >>> huber(jnp.array([[0.5], [3.0]]), jnp.zeros((2, 1))).tolist()
        [0.125, 2.5]
        >>> from functools import partial
        >>> partial(huber, delta=2.0)(jnp.array([[3.0]]), jnp.zeros((1, 1)))
        Array([4.], dtype=float32)

    Reference:
        P. J. Huber, "Robust Estimation of a Location Parameter", Annals of
        Mathematical Statistics 35 (1964).
    """
    check_pair(predictions, targets)
    above_0 = is_number(delta) and 0 < float(delta) < float("inf")
    expect(above_0, "delta", "a number above 0", delta)
    size = jnp.abs(predictions - targets)
    # Cut off first: the square of a large error would overflow in half precision.
    near = jnp.minimum(size, delta)
    return (near * (size - near / 2)).mean(axis=-1)
