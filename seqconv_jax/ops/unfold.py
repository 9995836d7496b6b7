"""Convolution as one matrix product of unfolded steps, which GPUs are quick at."""

import jax
import jax.numpy as jnp
from jax import lax

from seqconv_jax.ops.product import product
from seqconv_jax.ops.symbolic import is_symbolic, surely

__all__ = ["is_unfolded", "unfold", "unfolded_convolve"]

MOST_COLUMNS = 320  # of a row; wider ones were not measured


def is_unfolded(x: jax.Array, kernel: jax.Array) -> bool:
    """Say whether unfolding is the faster way: narrow, and on a GPU.

    XLA hands them to a library made for images there, and makes groups of them under
    `jax.vmap`. On an H200 a training step of the Jena convnet took 0.18 ms in place of
    0.25 for being unfolded, and one of eight seeds at once 0.48 in place of 2.7.
    """
    return (
        jax.default_backend() == "gpu"
        and kernel.shape[0] * kernel.shape[1] <= MOST_COLUMNS
        and surely(lambda: x.shape[0] > 0)
        and not is_symbolic(x.shape[1])
    )


def unfold(x: jax.Array, taps: int, *, stride: int = 1, dilation: int = 1) -> jax.Array:
    """Lay the steps that each output of a convolution sees side by side.

    Args:
        x: `(batch, time, features)`.
        taps: of the kernel.
        stride: steps between two outputs.
        dilation: steps between two taps.

    Returns:
        `(batch, outputs, taps * features)`, of the outputs that fit without padding.

    Example:
        >>> unfold(jnp.arange(4).reshape(1, 4, 1), 2)[0].tolist()
        [[0, 1], [1, 2], [2, 3]]
    """
    batch, time, features = x.shape
    outputs = (time - (taps - 1) * dilation - 1) // stride + 1
    if dilation == 1 and stride == taps:
        return x[:, : outputs * taps].reshape(batch, outputs, taps * features)
    span = (outputs - 1) * stride + 1
    starts = [tap * dilation for tap in range(taps)]
    seen = [x[:, start : start + span : stride] for start in starts]
    return jnp.concatenate(seen, axis=2)


def unfolded_convolve(
    x: jax.Array, kernel: jax.Array, *, stride: int, padding: str, dilation: int
) -> jax.Array:
    """Convolve arrays that fit, of one type, as `wide_kernel.convolve` does.

    Args:
        x: `(batch, time, features)` float.
        kernel: `(kernel_size, features, filters)`, of the same type.
        stride: steps between two outputs.
        padding: `"valid"`, `"same"` or `"causal"`.
        dilation: steps between two taps.

    Returns:
        `(batch, new_time, filters)`.
    """
    taps, features, filters = kernel.shape
    reach = (taps - 1) * dilation
    if padding == "causal":
        x = jnp.pad(x, ((0, 0), (reach, 0), (0, 0)))
    elif padding == "same":
        time = x.shape[1]
        (before, after), *_ = lax.padtype_to_pads(
            (time,), (reach + 1,), (stride,), "SAME"
        )
        x = jnp.pad(x, ((0, 0), (before, after), (0, 0)))
    rows = unfold(x, taps, stride=stride, dilation=dilation)
    flat = kernel.reshape(taps * features, filters)
    return product(rows.reshape(-1, taps * features), flat).reshape(
        *rows.shape[:2], filters
    )
