"""What Keras 3, on its JAX backend, makes of the same weights and inputs.

Keras promotes ranks silently, which our tests forbid: it runs outside that rule.
"""

import jax
import jax.numpy as jnp
import keras
import numpy as np


def apply(layer, weights, x, **options):
    """Call a Keras layer or model with `weights` in the order of its own."""
    with jax.numpy_rank_promotion("allow"):
        if not layer.built:
            layer.build(x.shape)
        shapes = [tuple(variable.shape) for variable in layer.trainable_variables]
        assert shapes == [np.shape(weight) for weight in weights]
        fixed = [variable.value for variable in layer.non_trainable_variables]
        y, _ = layer.stateless_call(weights, fixed, x, **options)
        return y


def pull(layer, weights, x, dy, **options):
    """Return the gradients of `sum(y * dy)` in the weights and the input."""

    def loss(weights, x):
        return jnp.sum(apply(layer, weights, x, **options) * dy)

    with jax.numpy_rank_promotion("allow"):
        return jax.grad(loss, argnums=(0, 1))(weights, x)


def sequential(shape, layers, dtype="float32"):
    """Build a Keras Sequential over inputs of `shape`, without the batch axis."""
    with jax.numpy_rank_promotion("allow"):
        return keras.Sequential([keras.Input(shape, dtype=dtype), *layers])
