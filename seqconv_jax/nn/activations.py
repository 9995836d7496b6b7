"""The activations that a layer can be given by name."""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp

from seqconv_jax import _checks
from seqconv_jax.ops.recurrent import ACTIVATIONS

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
    "softsign": jax.nn.soft_sign,
    "exponential": jnp.exp,
    "relu6": jax.nn.relu6,
    "leaky_relu": partial(jax.nn.leaky_relu, negative_slope=0.2),
    "mish": jax.nn.mish,
    "hard_sigmoid": jax.nn.hard_sigmoid,
    "hard_sigmoid_keras2": ACTIVATIONS["hard_sigmoid_keras2"].apply,
}


def activation(name: str, x: jax.Array) -> jax.Array:
    """Apply the activation called `name`, in Keras's meaning of it.

    Args:
        name: `"linear"`, `"relu"`, `"tanh"`, `"sigmoid"`, `"softmax"` (over the last
            axis), `"softplus"`, `"elu"`, `"selu"`, `"silu"`, `"gelu"` (exact),
            `"softsign"`, `"exponential"`, `"relu6"`, `"leaky_relu"` (slope 0.2),
            `"mish"`, `"hard_sigmoid"` or `"hard_sigmoid_keras2"` (as in `ops.gru`).
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
