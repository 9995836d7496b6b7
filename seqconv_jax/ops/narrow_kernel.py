"""Convolution with few filters, two of its outputs computed side by side."""

import jax
import jax.numpy as jnp

from seqconv_jax.ops.derivative import with_value
from seqconv_jax.ops.symbolic import is_symbolic, surely
from seqconv_jax.ops.wide_kernel import convolve

__all__ = ["is_narrow", "narrow_convolve"]

FEW_FILTERS = 8  # so few gain whatever an output sees
MOST_FILTERS = 32  # more keep XLA's own convolution busy
MOST_PRODUCTS = 512  # features times filters: with more, arithmetic outweighs copying
PACKET = 8  # floats that are copied at once, if what an output sees is made of such


def is_narrow(x: jax.Array, kernel: jax.Array, *, stride: int, dilation: int) -> bool:
    """Say whether two outputs side by side are the faster way, on a CPU.

    Before it multiplies, XLA copies what each output sees, and with few filters that
    takes longer than the products. On two cores with AVX-512, batches of 64 and 128
    took 0.4 to 0.9 of the plain way's time where this says yes.
    """
    taps, features, filters = kernel.shape
    is_few = filters <= MOST_FILTERS and features * filters <= MOST_PRODUCTS
    return (
        jax.default_backend() == "cpu"
        and x.dtype == jnp.float32
        and stride == dilation == 1
        and (filters <= FEW_FILTERS or (is_few and taps * features % PACKET != 0))
        and surely(lambda: x.shape[0] > 0)
        and not is_symbolic(x.shape[1])
        and 1 < taps <= x.shape[1]
    )


def _two_at_once(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Convolve two steps at a time, with the kernel and, beside it, it a step later.

    That is `taps + 1` products for each output in place of `taps`, and half the copies.
    """
    taps, _, filters = kernel.shape
    outputs = x.shape[1] - taps + 1
    pair = [jnp.pad(kernel, ((k, 1 - k), (0, 0), (0, 0))) for k in range(2)]
    x = jnp.pad(x, ((0, 0), (0, outputs % 2), (0, 0)))
    options = {"padding": "valid", "dilation": 1}
    y = convolve(x, jnp.concatenate(pair, axis=2), stride=2, **options)
    return y.reshape(x.shape[0], -1, filters)[:, :outputs]


@with_value(_two_at_once)
def narrow_convolve(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Convolve arrays that fit, of one type, without stride or padding.

    A derivative is that of the plain way: with it, more is computed than this saves.
    What is not finite reaches one output more on either side, as a product with zero:
    not for an output that must not see a later step.

    Args:
        x: `(batch, time, features)` float.
        kernel: `(kernel_size, features, filters)`, of the same type.

    Returns:
        `(batch, time - kernel_size + 1, filters)`.
    """
    return convolve(x, kernel, stride=1, padding="valid", dilation=1)
