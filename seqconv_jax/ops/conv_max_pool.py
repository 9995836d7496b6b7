"""Convolution followed by a maximum over windows of its steps, as one operation."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from seqconv_jax import _checks
from seqconv_jax.ops.band import band, side_by_side, windows_of_outputs
from seqconv_jax.ops.conv import conv1d, conv_output_length
from seqconv_jax.ops.derivative import with_backward
from seqconv_jax.ops.explicit_mesh import on_any_mesh
from seqconv_jax.ops.fusion_barrier import behind_fusion_barrier
from seqconv_jax.ops.pool import max_pool
from seqconv_jax.ops.product import dot
from seqconv_jax.ops.symbolic import is_symbolic, surely

__all__ = ["conv_max_pool"]

MOST_FILTERS = 64  # more of them keep XLA's own convolution busy


@on_any_mesh
def conv_max_pool(x: jax.Array, kernel: jax.Array, window: int) -> jax.Array:
    """Convolve and take the maximum of each window: `max_pool(conv1d(x, kernel), n)`.

    All that a window of `n` outputs sees, `n + kernel_size - 1` steps side by side, is
    one row of a matrix, and one product of it with a band matrix, the kernel `n` times,
    a step further down each time, gives the window's outputs side by side. That is up
    to twice the arithmetic, but XLA on a CPU does it faster than a narrow convolution
    and its derivative. Only the maxima are kept, and where they were.

    Args:
        x: `(batch, time, features)` float.
        kernel: `(kernel_size, features, filters)` float.
        window: steps in a window, and between two windows.

    Returns:
        `(batch, new_time, filters)`, with `new_time` the windows that fit whole into
        the `time - kernel_size + 1` steps of the convolution.

    Raises:
        UserError: for wrong shapes, or a sequence too short for kernel and window.

    Example:
        >>> x = jnp.arange(6.0).reshape(1, 6, 1)
        >>> conv_max_pool(x, jnp.ones((2, 1, 1)), 2)[0, :, 0].tolist()
        [3.0, 7.0]
    """
    _checks.rank("x", x, ("batch", "time", "features"))
    _checks.floats("x", x)
    _checks.floats("kernel", kernel)
    _checks.shape("kernel", kernel, (None, x.shape[2], None))
    steps = conv_output_length(x.shape[1], kernel.shape[0])
    _checks.positive_int("window", window)
    conv_output_length(steps, window, stride=window)
    if not is_product(x, kernel, window):
        return conv_max_pool_reference(x, kernel, window)
    dtype = jnp.result_type(x, kernel)
    return _product(x.astype(dtype), kernel.astype(dtype), window=window)


def conv_max_pool_reference(x, kernel, window: int) -> jax.Array:
    """Convolve, then pool: what the faster way must equal."""
    return max_pool(conv1d(x, kernel), window)


def is_product(x, kernel, window: int) -> bool:
    """Say whether a matrix product is the faster way: narrow and on a CPU."""
    return (
        jax.default_backend() == "cpu"
        and surely(lambda: x.shape[0] > 0)
        and not is_symbolic(x.shape[1])
        and 1 < window <= kernel.shape[0] + 1
        and kernel.shape[2] <= MOST_FILTERS
    )


def _maxima(x, kernel, window: int):
    """Return each window's maximum, and where in the window it lies."""
    filters = kernel.shape[2]

    def compute(x, kernel):
        y = side_by_side(x, kernel, window).reshape(x.shape[0], -1, window * filters)
        best = y[..., :filters]
        offset = jnp.zeros(best.shape, jnp.int8)
        for k in range(1, window):
            step = y[..., k * filters : (k + 1) * filters]
            offset = jnp.where(step > best, jnp.array(k, offset.dtype), offset)
            best = jnp.maximum(best, step)
        return best, offset

    return behind_fusion_barrier(kernel[0, 0, 0], compute, x, kernel)


def _forward(x, kernel, *, window: int):
    best, offset = _maxima(x, kernel, window)
    return best, (x, kernel, offset)


def _backward(saved, d_best, *, window: int):
    """Send each maximum's gradient to the step that it was, then leave the product.

    The rows are laid out again, when they are needed: they take more room than all
    else that is kept.
    """
    x, kernel, offset = saved
    taps, features, filters = kernel.shape
    lay_out = partial(windows_of_outputs, taps=taps, count=window)
    rows = behind_fusion_barrier(d_best[0, 0, 0], lay_out, x)
    d_y = jnp.concatenate(
        [jnp.where(offset == k, d_best, 0) for k in range(window)], axis=2
    ).reshape(len(rows), window * filters)
    d_band = dot(rows, d_y, 0, 0).reshape(-1, features, window, filters)
    d_kernel = sum(d_band[k : k + taps, :, k] for k in range(window))
    d_rows = dot(d_y, band(kernel, window), 1, 1)
    return _back_to_steps(d_rows, x.shape, window), d_kernel


_product = with_backward(
    _forward, _backward, value=lambda x, kernel, window: _maxima(x, kernel, window)[0]
)(conv_max_pool_reference)


def _back_to_steps(d_rows, shape, window: int):
    """Add up what rows send back to steps: `windows_of_outputs`, transposed."""
    batch, time, features = shape
    d_rows = d_rows.reshape(batch, -1, d_rows.shape[1])
    windows, step = d_rows.shape[1], window * features
    blocks = -(-d_rows.shape[2] // step)  # windows that a row reaches into
    d_x: Any = 0
    for k in range(blocks):
        part = d_rows[:, :, k * step : (k + 1) * step]
        rest = step - part.shape[2]
        d_x += jnp.pad(part, ((0, 0), (k, blocks - 1 - k), (0, rest)))
    d_x = d_x.reshape(batch, (windows + blocks - 1) * window, features)
    missing = max(0, time - d_x.shape[1])
    return jnp.pad(d_x, ((0, 0), (0, missing), (0, 0)))[:, :time]
