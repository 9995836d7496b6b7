"""Maximum and average pooling over time, with an optional mask of real steps.

A mask is `(batch, time)` bool, true where a step is real. Steps that are masked, like
padding, never win a maximum and never count in an average; where a window holds no
real step at all, the result is 0 and its gradient is 0. Windows lie where they do in
the array; `ops.masked` lays them where they lie in the sequence without its padding.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from seqconv_jax import _checks
from seqconv_jax.ops.conv import conv_output_length
from seqconv_jax.ops.derivative import with_backward
from seqconv_jax.ops.explicit_mesh import on_any_mesh
from seqconv_jax.ops.masking import check_mask
from seqconv_jax.ops.symbolic import is_symbolic, max_dim

__all__ = ["avg_pool", "max_pool", "pool_mask"]


@on_any_mesh
def max_pool(
    x: jax.Array,
    window: int,
    *,
    stride: int | None = None,
    padding: str = "valid",
    mask: jax.Array | None = None,
) -> jax.Array:
    """Take the maximum of each window of steps.

    Where several steps of a window share the maximum, the gradient goes to the first,
    as in XLA's own pooling.

    Args:
        x: `(batch, time, features)` float.
        window: steps in a window.
        stride: steps between two windows; `window` where None.
        padding: `"valid"` or `"same"`.
        mask: `(batch, time)` bool, true for real steps; None where all are real.

    Returns:
        `(batch, new_time, features)`.

    Raises:
        UserError: for wrong shapes or types, or a sequence shorter than the window.

    Example:
        >>> max_pool(jnp.arange(5.0).reshape(1, 5, 1), 2)[0, :, 0].tolist()
        [1.0, 3.0]
    """
    stride, sides, mask = _arrange(x, window, stride, padding, mask)
    lowest = jnp.array(-jnp.inf, x.dtype)
    if mask is None and sides == (0, 0):
        return _max_pool(x, window, stride)
    if mask is not None:
        x = jnp.where(mask[:, :, None], x, lowest)
    y = _max_pool(_pad_time(x, sides, -jnp.inf), window, stride)
    if mask is None:
        return y
    real = pool_mask(mask, window, stride=stride, padding=padding)
    return jnp.where(real[:, :, None], y, 0)


# Wider windows take too long to compile: each step of a window is an operation.
WIDEST_UNROLLED = 16


def _max_pool(x, window: int, stride: int) -> jax.Array:
    if window > WIDEST_UNROLLED or is_symbolic(x.shape[1]):
        return max_pool_reference(x, window, stride)
    return _max_pool_with_saved_offsets(x, window=window, stride=stride)


def max_pool_reference(x: jax.Array, window: int, stride: int) -> jax.Array:
    """Pool as XLA does, without padding or mask: what the faster way must equal."""
    # No array of JAX's: traced, it would hide that this is a maximum, which alone has
    # derivatives.
    lowest = np.array(-np.inf, x.dtype)
    sizes, strides = (1, window, 1), (1, stride, 1)
    return lax.reduce_window(x, lowest, lax.max, sizes, strides, "VALID")


def _max_and_offset(x, window, stride):
    """Return each window's maximum and the offset within the window where it lies.

    One pass over strided slices: XLA makes it a single loop, where its general
    window reduction walks every window and the gradient searches it again.
    """
    best = _slice(x, 0, window, stride)
    offset = jnp.zeros(best.shape, jnp.int8)
    for k in range(1, window):
        candidate = _slice(x, k, window, stride)
        offset = jnp.where(candidate > best, jnp.array(k, offset.dtype), offset)
        best = jnp.maximum(best, candidate)
    return best, offset


def _max_by_choice(x, *, window, stride):
    """Pool by what JAX differentiates to full precision.

    The derivative of `lax.reduce_window` is rounded where a GPU computes in float64.
    """
    best = _slice(x, 0, window, stride)
    for k in range(1, window):
        candidate = _slice(x, k, window, stride)
        best = jnp.where(candidate > best, candidate, best)
    return best


def _max_pool_forward(x, *, window, stride):
    best, offset = _max_and_offset(x, window, stride)
    return best, (offset, x.shape[1])


def _max_pool_backward(saved, dy, *, window, stride):
    offset, time = saved
    taken = [jnp.where(offset == k, dy, 0) for k in range(window)]
    return (_unslice(taken, time, window, stride),)


_max_pool_with_saved_offsets = with_backward(
    _max_pool_forward,
    _max_pool_backward,
    value=lambda x, **window: _max_and_offset(x, **window)[0],
)(_max_by_choice)


@on_any_mesh
def avg_pool(
    x: jax.Array,
    window: int,
    *,
    stride: int | None = None,
    padding: str = "valid",
    mask: jax.Array | None = None,
) -> jax.Array:
    """Average each window of steps over its real steps; padding is never counted.

    Args:
        x: `(batch, time, features)` float.
        window: steps in a window.
        stride: steps between two windows; `window` where None.
        padding: `"valid"` or `"same"`.
        mask: `(batch, time)` bool, true for real steps; None where all are real.

    Returns:
        `(batch, new_time, features)`.

    Raises:
        UserError: for wrong shapes or types, or a sequence shorter than the window.

    Example:
        >>> avg_pool(jnp.arange(4.0).reshape(1, 4, 1), 2)[0, :, 0].tolist()
        [0.5, 2.5]
    """
    stride, sides, mask = _arrange(x, window, stride, padding, mask)
    real = jnp.ones((1, x.shape[1]), bool) if mask is None else mask
    kept = x if mask is None else jnp.where(mask[:, :, None], x, 0)
    kept = kept.astype(wide(x))
    weight = real[:, :, None].astype(kept.dtype)
    total = _window_sum(_pad_time(kept, sides, 0), window, stride)
    count = _window_sum(_pad_time(weight, sides, 0), window, stride)
    return (total / jnp.maximum(count, 1)).astype(x.dtype)


@on_any_mesh
def pool_mask(
    mask: jax.Array, window: int, *, stride: int | None = None, padding: str = "valid"
) -> jax.Array:
    """Return which outputs of a pool saw at least one real step.

    Args:
        mask: `(batch, time)` bool, true for real steps.
        window: steps in a window.
        stride: steps between two windows; `window` where None.
        padding: `"valid"` or `"same"`.

    Returns:
        `(batch, new_time)` bool.

    Raises:
        UserError: for a mask of another rank, or one shorter than the window.

    Example:
        >>> pool_mask(jnp.array([[True, False, False, False]]), 2).tolist()
        [[True, False]]
    """
    _checks.rank("mask", mask, ("batch", "time"))
    steps = check_mask(mask, mask)[:, :, None]
    stride, sides = _geometry(steps.shape[1], window, stride, padding)
    steps = _pad_time(steps, sides, False)
    return jnp.any(
        jnp.stack([_slice(steps, k, window, stride) for k in range(window)]), axis=0
    )[:, :, 0]


def _arrange(x, window, stride, padding, mask):
    """Check the arguments; return the stride, the padding on both sides, the mask."""
    mask = check_input(x, mask)
    return *_geometry(x.shape[1], window, stride, padding), mask


def _geometry(time, window, stride, padding) -> tuple[int, tuple[int, int]]:
    """Return the stride and the padding before and after."""
    _checks.positive_int("window", window)
    stride = window if stride is None else _checks.positive_int("stride", stride)
    _checks.one_of("padding", padding, ("valid", "same"))
    outputs = conv_output_length(time, window, stride=stride, padding=padding)
    if padding == "valid":
        return stride, (0, 0)
    total = max_dim((outputs - 1) * stride + window - time, 0)
    return stride, (total // 2, total - total // 2)


def check_input(x, mask):
    """Check both; return the mask as booleans, if there is one."""
    _checks.rank("x", x, ("batch", "time", "features"))
    _checks.floats("x", x)
    _checks.expect_shape(x.shape[1] != 0, "x", "(batch, at least 1 step, features)", x)
    return None if mask is None else check_mask(mask, x)


def wide(x):
    """Return the type to add up in: never less than float32."""
    return jnp.promote_types(x.dtype, jnp.float32)


def _pad_time(x, sides: tuple[int, int], value):
    if sides == (0, 0):
        return x
    return jnp.pad(x, ((0, 0), sides, (0, 0)), constant_values=value)


def _slice(x, offset: int, window: int, stride: int):
    """Return step `offset` of every window: `(batch, windows, features)`."""
    windows = (x.shape[1] - window) // stride + 1
    stop = offset + (windows - 1) * stride + 1
    return lax.slice_in_dim(x, offset, stop, stride, axis=1)


def _unslice(parts, time: int, window: int, stride: int):
    """Add up what each `_slice` sends back to its steps: the transpose of slicing."""
    batch, windows, features = parts[0].shape
    if stride == window:
        x = jnp.stack(parts, axis=2).reshape(batch, windows * window, features)
        return jnp.pad(x, ((0, 0), (0, time - windows * window), (0, 0)))
    spread = (windows - 1) * stride + 1
    return sum(
        lax.pad(
            part,
            jnp.zeros((), part.dtype),
            ((0, 0, 0), (k, time - spread - k, stride - 1), (0, 0, 0)),
        )
        for k, part in enumerate(parts)
    )


def _window_sum(x, window: int, stride: int):
    if is_symbolic(x.shape[1]):
        sizes, strides = (1, window, 1), (1, stride, 1)
        return lax.reduce_window(x, 0.0, lax.add, sizes, strides, "VALID")
    return sum(_slice(x, k, window, stride) for k in range(window))
