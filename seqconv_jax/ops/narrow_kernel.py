"""Convolution of few features with few filters, two of its outputs side by side."""

import jax
import jax.numpy as jnp

from seqconv_jax.ops.band import side_by_side
from seqconv_jax.ops.derivative import with_value
from seqconv_jax.ops.symbolic import is_symbolic
from seqconv_jax.ops.wide_kernel import convolve

__all__ = ["is_narrow", "narrow_convolve"]

MOST_FEATURES = 15
MOST_FILTERS = 64
MOST_PRODUCTS = 512  # features times filters: with more, arithmetic outweighs copying
PACKET = 8  # floats; XLA is quick at copying what an output sees where such make it up
MOST_BYTES = 12 << 20  # of the copies: more outgrow a cache


def is_narrow(x: jax.Array, kernel: jax.Array, *, stride: int, dilation: int) -> bool:
    """Say whether two outputs side by side are the faster way, on a CPU.

    Before it multiplies, XLA copies what each output sees, and with so little to
    multiply that takes longer. Where this says yes, batches of 128 took about 0.4 of
    the plain way's time with one feature and 0.6 with seven, on two cores with AVX-512;
    with fourteen, 0.6 to 1.3, and 0.5 to 0.9 on one of the cores. Programs for a size
    that is not known are for other machines too, and plain.
    """
    taps, features, filters = kernel.shape
    return (
        jax.default_backend() == "cpu"
        and x.dtype == jnp.float32
        and not any(map(is_symbolic, x.shape))
        and x.shape[0] > 0
        and stride == dilation == 1
        and 1 < taps <= x.shape[1]
        and features <= MOST_FEATURES
        and filters <= MOST_FILTERS
        and features * filters <= MOST_PRODUCTS
        and taps * features % PACKET != 0
        and x.size // 2 * (taps + 1) * x.dtype.itemsize <= MOST_BYTES
    )


def _two_at_once(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """Multiply what two outputs see with the kernel and, beside it, it a step later."""
    taps, _, filters = kernel.shape
    outputs = x.shape[1] - taps + 1
    x = jnp.pad(x, ((0, 0), (0, outputs % 2), (0, 0)))
    y = side_by_side(x, kernel, 2).reshape(x.shape[0], -1, filters)
    return y[:, :outputs]


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
