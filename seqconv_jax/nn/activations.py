"""The activations that a layer can be given by name."""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp

from seqconv_jax import _checks

_ACTIVATIONS: dict[str, Callable[[jax.Array], jax.Array]] = {
    "linear": lambda x: x,
    "relu": jax.nn.relu,
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
    "softmax": jax.nn.softmax,
    "softplus": jax.nn.softplus,
    "elu": jax.nn.elu,
    "selu": jax.nn.selu,
    "silu": jax.nn.silu,
    "gelu": partial(jax.nn.gelu, approximate=False),
}


def activation(name: str, x: jax.Array) -> jax.Array:
    """Apply the activation called `name`, in Keras's meaning of it.

    Args:
        name: `"linear"`, `"relu"`, `"tanh"`, `"sigmoid"`, `"softmax"` (over the last
            axis), `"softplus"`, `"elu"`, `"selu"`, `"silu"` or `"gelu"` (exact).
        x: any shape.

    Returns:
        An array of the shape of `x`.

    Raises:
        UserError: for any other name.

    Example:
        >>> activation("relu", jnp.array([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """
    return _ACTIVATIONS[_checks.one_of("activation", name, _ACTIVATIONS)](x)
