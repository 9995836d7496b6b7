"""Keras's default initialisers, where Flax's differ; and how a bias is declared."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from seqconv_jax import _checks
from seqconv_jax.nn.precision import parameter

glorot_uniform = nn.initializers.glorot_uniform()

# Orthogonal as one (units, gates * units) matrix, not gate by gate.
orthogonal = nn.initializers.orthogonal()


_KERNELS = {
    "glorot_uniform": nn.initializers.glorot_uniform,
    "zeros": lambda **_: nn.initializers.zeros,
}


def kernel_initialiser(name: str, *, columns: int = 0) -> Any:
    """Return what draws a kernel, by its name.

    Args:
        name: `"glorot_uniform"` or `"zeros"`, for a branch that begins without effect.
        columns: how many leading axes count kernels of their own.
    """
    make = _KERNELS[_checks.one_of("kernel_init", name, _KERNELS)]
    return make(batch_axis=tuple(range(columns)))


def embedding_uniform(key, shape, dtype=jnp.float32):
    """Draw from the uniform distribution on [-0.05, 0.05), as Keras's Embedding."""
    return jax.random.uniform(key, shape, dtype, -0.05, 0.05)


def bias(layer: Any, shape: tuple[int, ...], initialiser: Any = None):
    """Declare a layer's bias, zeros unless said otherwise; None if it has none."""
    if not layer.use_bias:
        return None
    return parameter(layer, "bias", initialiser or nn.initializers.zeros, shape)
