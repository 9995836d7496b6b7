"""Dropout, and masks that a recurrent layer holds fixed over time."""

from functools import partial

import jax
import jax.numpy as jnp

from seqconv_jax import _checks
from seqconv_jax.ops.data_parallel import draw_for_batch
from seqconv_jax.ops.explicit_mesh import on_any_mesh
from seqconv_jax.ops.faster_key import faster_key

__all__ = ["dropout", "dropout_mask", "keep_some"]


def dropout_mask(
    key: jax.Array,
    rate: float,
    shape: tuple[int, ...],
    dtype=jnp.float32,
    *,
    batch_axis: int = 0,
) -> jax.Array:
    """Draw a mask that is 0 with probability `rate` and `1 / (1 - rate)` otherwise.

    Args:
        key: a JAX random key.
        rate: which fraction to drop, in [0, 1).
        shape: the mask's shape.
        dtype: the mask's type.
        batch_axis: the axis of the examples, which counts where training spreads them
            over devices: each gets the mask that it would get on one.

    Returns:
        A mask of mean 1 to multiply with.

    Raises:
        UserError: for a rate outside [0, 1).

    Example:
        >>> dropout_mask(jax.random.key(0), 0.0, (3,)).tolist()
        [1.0, 1.0, 1.0]

    Reference:
        Srivastava et al., "Dropout", JMLR 15 (2014).
    """
    _checks.array_like("key", key)
    keep = 1.0 - _checks.dropout_rate("rate", rate)
    draw = partial(jax.random.bernoulli, faster_key(key), keep)
    kept = draw_for_batch(draw, shape, batch_axis)
    return jnp.where(kept, 1.0 / keep, 0.0).astype(dtype)


@on_any_mesh
def dropout(
    x: jax.Array, key: jax.Array, rate: float, *, time_constant: bool = False
) -> jax.Array:
    """Drop values at random and scale up the rest.

    Args:
        x: `(batch, ..., features)` float.
        key: a JAX random key.
        rate: which fraction to drop, in [0, 1); 0 is the identity.
        time_constant: whether `x` is `(batch, time, features)` and one mask serves
            all its steps (whole channels are dropped: spatial dropout).

    Returns:
        An array of the shape of `x`.

    Raises:
        UserError: for a rate outside [0, 1), or what is no float.

    Example:
        >>> dropout(jnp.ones(2), jax.random.key(0), 0.0).tolist()
        [1.0, 1.0]
    """
    _checks.floats("x", x)
    if _checks.dropout_rate("rate", rate) == 0.0:
        return x
    shape = x.shape
    if time_constant:
        _checks.rank("x", x, ("batch", "time", "features"))
        shape = (x.shape[0], 1, x.shape[2])
    return x * dropout_mask(key, rate, shape, x.dtype)


def keep_some(key: jax.Array, rate: float, shape: tuple[int, int]) -> jax.Array:
    """Draw for each column which of its rows are kept, at least one of them.

    Each row is dropped with probability `rate` by itself; where that leaves none, one
    that is drawn among all is kept.

    Args:
        key: a JAX random key.
        rate: in [0, 1).
        shape: rows and columns, such as branches and examples.

    Returns:
        `shape` float32, 1 for what is kept and 0 for what is not.

    Example:
        >>> kept = keep_some(jax.random.key(0), 0.9, (2, 100))
        >>> kept.shape, float(kept.max(axis=0).min())
        ((2, 100), 1.0)

    Reference:
        Larsson et al., arXiv:1605.07648, local drop-path.
    """
    draw = partial(_keep_some, key, _checks.dropout_rate("rate", rate))
    return draw_for_batch(draw, shape, batch_axis=1)


def _keep_some(key: jax.Array, rate: float, shape: tuple[int, ...]) -> jax.Array:
    drop, choose = jax.random.split(faster_key(key))
    kept = jax.random.bernoulli(drop, 1 - rate, shape)
    one = jax.random.randint(choose, shape[1:], 0, shape[0])
    alone = jnp.arange(shape[0])[:, None] == one[None]
    none = ~kept.any(axis=0, keepdims=True)
    return (kept | (alone & none)).astype(jnp.float32)
