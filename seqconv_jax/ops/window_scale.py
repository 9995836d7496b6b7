"""What each window of a series is measured by: its level, and its spread."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from seqconv_jax import _checks
from seqconv_jax.ops.explicit_mesh import on_any_mesh
from seqconv_jax.ops.masking import check_mask, hide, last_real_step

__all__ = ["WindowScale", "last_value_scale", "moment_scale"]


class WindowScale(NamedTuple):
    """A level and a spread for each column of each window.

    `normalised` and `restored` are each other's inverse, for windows of any length.

    Attributes:
        shift: `(batch, 1, columns)`, what is subtracted.
        scale: `(batch, 1, columns)`, what is divided by.

    Example:
        >>> scale = WindowScale(jnp.full((1, 1, 1), 3.0), jnp.full((1, 1, 1), 2.0))
        >>> scale.normalised(jnp.array([[[5.0]]])).tolist()
        [[[1.0]]]
        >>> scale.restored(jnp.array([[[1.0], [2.0]]])).tolist()
        [[[5.0], [7.0]]]
    """

    shift: jax.Array
    scale: jax.Array

    def normalised(self, x: jax.Array) -> jax.Array:
        """Return `(x - shift) / scale`, `(batch, any, columns)`."""
        return (x - self.shift) / self.scale

    def restored(self, y: jax.Array) -> jax.Array:
        """Return `y scale + shift`, `(batch, any, columns)`."""
        return y * self.scale + self.shift


@on_any_mesh
def last_value_scale(x: jax.Array, mask: jax.Array | None = None) -> WindowScale:
    """Return the last real step as the level, and ones as the spread.

    Args:
        x: `(batch, time, columns)` float.
        mask: `(batch, time)` bool, true for real steps; None where all are.

    Raises:
        UserError: for wrong shapes, and what is no float.

    Example:
        >>> last_value_scale(jnp.array([[[1.0], [4.0]]])).shift.tolist()
        [[[4.0]]]

    Reference:
        A. Zeng and others, "NLinear", arXiv:2205.13504.
    """
    _checks.floats("x", x)
    last = last_real_step(x, mask)[:, None]
    return WindowScale(last, jnp.ones_like(last))


@on_any_mesh
def moment_scale(
    x: jax.Array, mask: jax.Array | None = None, *, epsilon: float = 1e-5
) -> WindowScale:
    """Return mean and `sqrt(variance + epsilon)` over the real steps of each window.

    No gradient flows through them, as in the paper's code. A window without a real
    step has 0 and `sqrt(epsilon)`.

    Args:
        x: `(batch, time, columns)` float.
        mask: `(batch, time)` bool, true for real steps; None where all are.
        epsilon: in (0, 1].

    Raises:
        UserError: for wrong shapes, what is no float, and epsilon out of range.

    Example:
        >>> shift, scale = moment_scale(jnp.array([[[1.0], [3.0]]]))
        >>> shift.tolist(), scale.round(3).tolist()
        ([[[2.0]]], [[[1.0]]])

    Reference:
        T. Kim and others, "Reversible Instance Normalization", ICLR 2022.
    """
    _checks.rank("x", x, ("batch", "time", "columns"))
    _checks.floats("x", x)
    _checks.at_most_one("epsilon", epsilon, zero=False)
    x = jax.lax.stop_gradient(x)
    # Squares of half precision overflow, and its sums lose what they add.
    wide = hide(x, mask).astype(jnp.promote_types(x.dtype, jnp.float32))
    real = jnp.ones(x.shape[:2], bool) if mask is None else check_mask(mask, x)
    weight = real[:, :, None].astype(wide.dtype)
    count = jnp.maximum(weight.sum(1, keepdims=True), 1)
    mean = wide.sum(1, keepdims=True) / count
    variance = (jnp.square(wide - mean) * weight).sum(1, keepdims=True) / count
    return WindowScale(
        mean.astype(x.dtype), jnp.sqrt(variance + epsilon).astype(x.dtype)
    )
