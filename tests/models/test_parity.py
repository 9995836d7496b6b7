import itertools
from typing import Any

import keras
import keras_reference
import numpy as np
import pytest
from keras import layers as k
from numerics import assert_close, drawn, normal, quick_jit, values_and_gradients

from seqconv_jax.models import ConvGRU, GRURegressor, SeriesConvNet
from seqconv_jax.nn import Conv1D, ConvBlock, Dense


def same_weights(model, x):
    """Return variables with no zero in them, and their list in the order of Keras."""
    variables = drawn(model, x, scale=0.2)
    return variables, keras_reference.in_order(model, variables["params"], x)


def gru(units, **options):
    return k.GRU(units, reset_after=False, **options)


# The other systems: tests/test_keras_training.py.
PARITY = {
    "S8a": (
        ConvGRU(),
        normal(3, 240, 14),
        [
            k.Conv1D(32, 5, activation="relu"),
            k.MaxPooling1D(3),
            k.Conv1D(32, 5, activation="relu"),
            gru(32, dropout=0.1, recurrent_dropout=0.5),
            k.Dense(1),
        ],
    ),
    "S9, both directions": (
        GRURegressor(8, bidirectional=True),
        normal(3, 30, 14),
        [k.Bidirectional(gru(8)), k.Dense(1)],
    ),
    "S11": (
        SeriesConvNet(
            blocks=(ConvBlock(4, 5, pool=3, pooling="average", activation="tanh"),),
            head="flatten",
            outputs=2,
        ),
        normal(3, 20, 3),
        [
            k.Conv1D(4, 5, activation="tanh"),
            k.AveragePooling1D(3),
            k.Flatten(),
            k.Dense(2),
        ],
    ),
    "S12": (
        SeriesConvNet(
            blocks=(
                ConvBlock(4, 3, padding="causal", dilation=4),
                ConvBlock(4, 3, padding="same", pool=2),
            ),
            head="global_average",
        ),
        normal(3, 20, 3),
        [
            k.Conv1D(4, 3, padding="causal", dilation_rate=4, activation="relu"),
            k.Conv1D(4, 3, padding="same", activation="relu"),
            k.MaxPooling1D(2),
            k.GlobalAveragePooling1D(),
            k.Dense(1),
        ],
    ),
}


@pytest.mark.parametrize("name", PARITY)
def test_forward_pass_equals_keras(name):
    model, x, stack = PARITY[name]
    variables, weights = same_weights(model, x)
    reference = keras_reference.sequential(x.shape[1:], stack, dtype=str(x.dtype))
    assert isinstance(reference, keras.Sequential)
    expected = keras_reference.apply(reference, weights, x)
    assert np.std(expected) > 1e-3  # The weights let something through.
    assert_close(quick_jit(model.apply)(variables, x), expected)


ACTIVATIONS = ("linear", "relu", "tanh", "sigmoid")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_layers_with_activations_equal_keras_in_values_and_gradients(dtype, x64):
    ours, theirs, arguments = [], [], []
    shapes = [(4, 3), (2, 5, 3)]
    for (i, name), shape in itertools.product(enumerate(ACTIVATIONS), shapes):
        pairs: list[Any] = [(Dense(4, name), k.Dense(4, name, dtype=dtype))]
        if len(shape) == 3:
            reference = k.Conv1D(4, 2, activation=name, dtype=dtype)
            pairs.append((Conv1D(4, 2, activation=name), reference))
        for layer, reference in pairs:
            x = normal(*shape, seed=i, dtype=dtype)
            params = drawn(layer, x)["params"]
            weights = [np.asarray(params[part], dtype) for part in ("kernel", "bias")]
            arguments.append((weights, x))
            theirs.append(reference)
            ours.append(
                lambda w, x, layer=layer: layer.apply(
                    {"params": dict(zip(("kernel", "bias"), w, strict=True))}, x
                )
            )
    got = values_and_gradients(ours, arguments)
    assert {str(y.dtype) for y, _ in got} == {dtype}
    assert_close(got, keras_reference.values_and_gradients(theirs, arguments))
