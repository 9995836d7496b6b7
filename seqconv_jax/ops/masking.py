"""Which steps of a sequence are real: masks, and moving what they point at.

A mask is `(batch, time)` bool, true where a step is real. The bare sequence of a row
runs from its first real step to its last: what lies outside is padding, masked steps
within are holes. Padding, on either side, must not change any result.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from seqconv_jax import _checks
from seqconv_jax.ops.derivative import with_backward
from seqconv_jax.ops.explicit_mesh import on_any_mesh

__all__ = ["check_mask", "finite_where_masked", "hide", "last_real_step", "shift_left"]


def check_mask(mask: jax.Array, x: jax.Array) -> jax.Array:
    """Return a mask as booleans if it has an entry for each step of `x`.

    Args:
        mask: `(batch, time)`, true for real steps; booleans, or integers in place of
            them. Floats are as often what is added to scores, zero for real steps.
        x: `(batch, time, ...)`.

    Returns:
        `(batch, time)` bool.

    Raises:
        UserError: for a mask of another shape or type.

    Example:
        >>> check_mask(jnp.array([[0, 1]]), jnp.zeros((1, 2, 3))).tolist()
        [[False, True]]
    """
    _checks.shape("mask", mask, x.shape[:2])
    _checks.booleans("mask", mask)
    if isinstance(mask, np.ndarray) and mask.dtype != bool:  # others may be traced
        known = bool(((mask == 0) | (mask == 1)).all())
        _checks.expect(known, "mask", "0 and 1", f"from {mask.min()} to {mask.max()}")
    return jnp.asarray(mask, bool)


@on_any_mesh
def hide(x: jax.Array, mask: jax.Array | None) -> jax.Array:
    """Put zeros at the masked steps, so that nothing there, not even NaN, is seen.

    Args:
        x: `(batch, time, ...)`.
        mask: `(batch, time)` bool, true for real steps; None where all are real.

    Returns:
        An array of the shape of `x`.

    Raises:
        UserError: for a mask of another shape.

    Example:
        >>> hide(jnp.array([[1.0, jnp.nan]]), jnp.array([[True, False]])).tolist()
        [[1.0, 0.0]]
    """
    if mask is None:
        return x
    mask = check_mask(mask, x)
    return _zeros_unless(mask, x)


@on_any_mesh
def last_real_step(x: jax.Array, mask: jax.Array | None = None) -> jax.Array:
    """Return each sequence's last real step, or zeros where there is none.

    Args:
        x: `(batch, time, features)`.
        mask: `(batch, time)` bool, true for real steps; None where all are real.

    Returns:
        `(batch, features)`: `x[:, -1]` without a mask.

    Raises:
        UserError: for wrong shapes.

    Example:
        >>> x, mask = jnp.array([[[1.0], [2.0]]]), jnp.array([[True, False]])
        >>> last_real_step(x, mask).tolist(), last_real_step(x).tolist()
        ([[1.0]], [[2.0]])
    """
    _checks.rank("x", x, ("batch", "time", "features"))
    _checks.expect_shape(x.shape[1] != 0, "x", "(batch, at least 1 step, features)", x)
    if mask is None:
        return x[:, -1]
    bare = bare_sequence(check_mask(mask, x))
    return shift(hide(x, mask), bare.first + bare.length - 1, 1)[:, 0]


@on_any_mesh
def shift_left(x: jax.Array, mask: jax.Array | None) -> jax.Array:
    """Move every sequence so that it begins with its first real step.

    What is padded in front and what is padded behind then look the same: zeros behind,
    and at holes.

    Args:
        x: `(batch, time, ...)`.
        mask: `(batch, time)` bool, true for real steps; None where all are real.

    Returns:
        An array of the shape of `x`.

    Raises:
        UserError: for a mask of another shape.

    Example:
        >>> shift_left(jnp.array([[9, 1, 2]]), jnp.array([[False, True, True]]))
        Array([[1, 2, 0]], dtype=int32)
    """
    if mask is None:
        return x
    mask = check_mask(mask, x)
    return shift(hide(x, mask), bare_sequence(mask).first, x.shape[1])


class BareSequence(NamedTuple):
    """Where the bare sequence of each row lies, `(batch,)` integers each.

    Attributes:
        first: the place of its first real step; 0 in a row without any.
        length: steps up to the last real one; 0 in a row without any.
    """

    first: jax.Array
    length: jax.Array


def bare_sequence(mask: jax.Array) -> BareSequence:
    """Find the bare sequences, given a `(batch, time)` bool mask."""
    first = jnp.argmax(mask, axis=1)
    end = mask.shape[1] - jnp.argmax(mask[:, ::-1], axis=1)
    return BareSequence(first, jnp.where(jnp.any(mask, axis=1), end - first, 0))


def shift(x: jax.Array, start: jax.Array, steps: int) -> jax.Array:
    """Return `y[b, i] = x[b, start[b] + i]`, zeros where `x` has no such step.

    JAX's own derivative of a lookup adds up into zeros, step by step, which is slow on
    a CPU. Here no step is read twice: the way back is the shift the other way.

    Args:
        x: `(batch, time, ...)`.
        start: `(batch,)` integers, of either sign.
        steps: length of the result.

    Returns:
        `(batch, steps, ...)`.
    """
    if not jnp.issubdtype(x.dtype, jnp.inexact):
        return shift_reference(x, start, steps)
    return _shift(x, start, steps=steps)


def shift_reference(x: jax.Array, start: jax.Array, steps: int) -> jax.Array:
    """Shift by a plain lookup: what `shift` must equal, its derivatives included."""
    time = x.shape[1]
    place = start[:, None] + jnp.arange(steps)[None]
    there = (place >= 0) & (place < time)
    take = jax.vmap(lambda row, at: row.at[at].get(mode="promise_in_bounds"))
    found = take(jnp.asarray(x), jnp.clip(place, 0, time - 1))
    return _zeros_unless(there, found)


def _zeros_unless(mask, x):
    """Put zeros, of the type of `x`, where a mask of its first two axes is false."""
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return jnp.where(wide, x, jnp.zeros((), x.dtype))


def _forward(x, start, *, steps: int):
    return shift_reference(x, start, steps), (start, x.shape[1])


def _backward(saved, d_y, *, steps: int):
    start, time = saved
    return shift(d_y, -start, time), None


_shift = with_backward(_forward, _backward)(shift_reference)


@on_any_mesh
def finite_where_masked(x: jax.Array, mask: jax.Array | None) -> jax.Array:
    """Put zeros in place of what is not finite at the masked steps, and only there.

    What is done to each step by itself may leave masked steps as they are, for no one
    looks at them. But the gradient of a weight adds up over all steps, and not even
    zero times NaN is zero.

    Args:
        x: `(batch, time, ...)` float.
        mask: `(batch, time)` bool, true for real steps; None where all are real.

    Returns:
        An array of the shape of `x`.

    Raises:
        UserError: for a mask of another shape.

    Example:
        >>> x, mask = jnp.array([[jnp.nan, 2.0]]), jnp.array([[False, False]])
        >>> finite_where_masked(x, mask).tolist()
        [[0.0, 2.0]]
    """
    if mask is None:
        return x
    return jnp.where(jnp.isfinite(x), x, hide(x, mask))
