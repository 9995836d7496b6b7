"""Several outputs of a convolution as one row of a matrix product."""

import jax
import jax.numpy as jnp
from jax import lax

from seqconv_jax.ops.product import dot

__all__ = ["band", "side_by_side", "windows_of_outputs"]


def side_by_side(x: jax.Array, kernel: jax.Array, count: int) -> jax.Array:
    """Convolve, with so many outputs side by side: one product of windows and band.

    That is up to `(taps + count - 1) / taps` times the arithmetic of a convolution.

    Args:
        x: `(batch, time, features)` float.
        kernel: `(kernel_size, features, filters)` float.
        count: outputs of a row.

    Returns:
        `(batch * rows, count * filters)`, of the rows that fit whole.

    Example:
        >>> x = jnp.arange(5.0).reshape(1, 5, 1)
        >>> side_by_side(x, jnp.ones((2, 1, 1)), count=2).tolist()
        [[1.0, 3.0], [5.0, 7.0]]
    """
    windows = windows_of_outputs(x, kernel.shape[0], count)
    return dot(windows, band(kernel, count), 1, 0)


def windows_of_outputs(x: jax.Array, taps: int, count: int) -> jax.Array:
    """Lay all steps that `count` outputs see side by side, a row for so many outputs.

    It is `unfold(x, taps + count - 1, stride=count)` by one gather of whole rows, which
    takes a CPU less time than putting them together step by step.

    Args:
        x: `(batch, time, features)`.
        taps: of the kernel.
        count: outputs of a row.

    Returns:
        `(batch * rows, (taps + count - 1) * features)`, of the rows that fit whole.

    Example:
        >>> x = jnp.arange(5).reshape(1, 5, 1)
        >>> windows_of_outputs(x, taps=2, count=2).tolist()
        [[0, 1, 2], [2, 3, 4]]
    """
    batch, time, features = x.shape
    rows = (time - taps + 1) // count
    width = (count + taps - 1) * features
    starts = jnp.arange(rows)[:, None] * (count * features)
    slices = lax.GatherDimensionNumbers(
        offset_dims=(0, 2), collapsed_slice_dims=(), start_index_map=(1,)
    )
    flat = x.reshape(batch, time * features)
    seen = lax.gather(flat, starts, slices, (batch, width), mode="promise_in_bounds")
    return seen.reshape(batch * rows, width)


def band(kernel: jax.Array, count: int) -> jax.Array:
    """Repeat a kernel a step further down for each of `count` outputs.

    Args:
        kernel: `(kernel_size, features, filters)`.
        count: outputs of a row.

    Returns:
        `((kernel_size + count - 1) * features, count * filters)`.

    Example:
        >>> band(jnp.array([1, 2]).reshape(2, 1, 1), count=2).tolist()
        [[1, 0], [2, 1], [0, 2]]
    """
    taps, features, filters = kernel.shape
    columns = [
        jnp.pad(kernel, ((k, count - 1 - k), (0, 0), (0, 0))) for k in range(count)
    ]
    rows = (count + taps - 1) * features
    return jnp.stack(columns, axis=2).reshape(rows, count * filters)
