"""What Keras 3, on its JAX backend, makes of the same weights and inputs.

Keras promotes ranks silently, which our tests forbid: it runs outside that rule. It
also rounds float64 to float32 inside many of its operations, which `exact` prevents.
Its layers start from zeros, since all are given weights: drawing them is slow.
"""

from contextlib import contextmanager
from importlib import import_module
from unittest.mock import patch

import jax
import keras
import numpy as np
from keras.src.backend.common import dtypes
from numerics import quick_jit
from numerics import value_and_gradients as of_function
from numerics import values_and_gradients as of_functions

from seqconv_jax.nn.summary import layers


def zeros(shape, dtype):
    """Return what `jnp.zeros` does, without a program for each shape."""
    return jax.device_put(np.zeros(shape, dtype))


def undrawn(layer, *arguments, **options):
    """Add a weight of zeros, whatever its initialiser."""
    return ADD_WEIGHT(layer, *arguments, **{**options, "initializer": zeros})


RNN = import_module("keras.src.backend.jax.rnn")  # hidden by a function
ADD_WEIGHT = keras.layers.Layer.add_weight


@contextmanager
def exact():
    """Let Keras promote ranks, and compute in float64 where that is asked for.

    And by its own loop: on a GPU it would leave an LSTM to cuDNN.
    """
    kept = {"float64": "float64"}
    with (
        jax.numpy_rank_promotion("allow"),
        patch.dict(dtypes.BIT64_TO_BIT32_DTYPE, kept),
        patch.object(keras.layers.Layer, "add_weight", undrawn),
        patch.object(RNN, "cudnn_ok", lambda *_, **__: False, create=True),
    ):
        yield


def function(layer, weights, x, **options):
    """Build a Keras layer or model; return it as a function of weights and input."""
    if not layer.built:
        layer.build(x.shape)
    shapes = [tuple(variable.shape) for variable in layer.trainable_variables]
    assert shapes == [np.shape(weight) for weight in weights]
    fixed = [variable.value for variable in layer.non_trainable_variables]
    return lambda weights, x: layer.stateless_call(weights, fixed, x, **options)[0]


def apply(layer, weights, x, **options):
    """Call a Keras layer or model with `weights` in the order of its own."""
    with exact():
        return quick_jit(function(layer, weights, x, **options))(weights, x)


def value_and_gradients(layer, weights, x, **options):
    """Return the output, and what `numerics.value_and_gradients` makes of it."""
    with exact():
        return of_function(function(layer, weights, x, **options), weights, x)


def values_and_gradients(several, arguments, **options):
    """Do the same for many layers, each with its weights and input, in one program."""
    with exact():
        functions = [
            function(layer, *each, **options)
            for layer, each in zip(several, arguments, strict=True)
        ]
        return of_functions(functions, arguments)


def sequential(shape, stack, dtype="float32"):
    """Build a Keras Sequential over inputs of `shape`, without the batch axis."""
    with exact():
        return keras.Sequential([keras.Input(shape, dtype=dtype), *stack])


def in_order(model, params, x):
    """List the parameters of one of our models in the order of Keras's weights."""
    weights = []
    for name, *_ in layers(model, x):
        layer = params.get(name, {})
        for part in (layer.get("forward"), layer.get("backward"), layer):
            order = ("embedding", "scale", "kernel", "recurrent_kernel", "bias")
            weights += [part[p] for p in order if part and p in part]
    assert len(weights) == len(jax.tree.leaves(params))
    return weights
