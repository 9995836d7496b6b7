from typing import Any

import jax
import jax.numpy as jnp
import keras
import keras_reference
import numpy as np
import oracles
import pytest
from numerics import (
    apply,
    assert_close,
    assert_same_bits,
    drawn,
    normal,
    values_and_gradients,
)

from seqconv_jax import UserError
from seqconv_jax.nn import GRU, Bidirectional

KEY = jax.random.key(0)
X = normal(4, 6, 3)
MASK: Any = np.arange(6) >= np.array([[0], [2], [5], [6]])


def oracle(variables, x, **options):
    p = variables["params"]
    return oracles.gru(x, p["kernel"], p["recurrent_kernel"], p["bias"], **options)


def test_bidirectional_is_two_layers_side_by_side():
    layer = Bidirectional(GRU(5, return_sequences=True))
    variables = drawn(layer, X)
    assert sorted(variables["params"]) == ["backward", "forward"]
    forward, backward = (
        oracle(
            {"params": variables["params"][name]},
            X,
            mask=MASK,
            return_sequences=True,
            reverse=name == "backward",
        )
        for name in ("forward", "backward")
    )
    got = layer.apply(variables, X, mask=MASK)
    expected = np.concatenate([forward, backward], axis=-1)
    assert_close(got, np.where(MASK[:, :, None], expected, 0))


BIDIRECTIONAL = [
    # Merge, Keras's name, reset after, all states, mask.
    ("concatenate", "concat", False, True, MASK),
    ("sum", "sum", True, False, None),
    ("average", "ave", False, False, MASK),
    ("multiply", "mul", True, True, None),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_bidirectional_values_and_gradients_equal_keras(dtype, x64):
    ours, theirs, arguments = [], [], []
    x = normal(*X.shape, dtype=dtype)
    for merge, name, reset_after, sequences, mask in BIDIRECTIONAL:
        gru = GRU(5, reset_after=reset_after, return_sequences=sequences)
        layer = Bidirectional(gru, merge=merge)
        reference = keras.layers.Bidirectional(
            keras.layers.GRU(
                5, reset_after=reset_after, return_sequences=sequences, dtype=dtype
            ),
            merge_mode=name,
            dtype=dtype,
        )
        params = jax.tree.map(lambda p: np.asarray(p, dtype), drawn(layer, X)["params"])
        arguments.append((params, x))
        mask = None if mask is None else jnp.asarray(mask)

        def run(params, x, layer=layer, mask=mask):
            return layer.apply({"params": params}, x, mask=mask)

        def run_keras(params, x, layer=reference, mask=mask):
            weights = [
                params[direction][part]
                for direction in ("forward", "backward")
                for part in ("kernel", "recurrent_kernel", "bias")
            ]
            function = keras_reference.function(layer, weights, x, mask=mask)
            return function(weights, x)

        ours.append(run)
        theirs.append(run_keras)
    got = values_and_gradients(ours, arguments)
    assert {str(y.dtype) for y, _ in got} == {dtype}
    with keras_reference.exact():
        assert_close(got, values_and_gradients(theirs, arguments))


MERGES = {
    "sum": lambda a, b: a + b,
    "average": lambda a, b: (a + b) / 2,
    "multiply": lambda a, b: a * b,
}


@pytest.mark.parametrize("merge", MERGES)
def test_bidirectional_merges(merge):
    layer = Bidirectional(GRU(5, reset_after=True), merge=merge)
    variables = drawn(layer, X)
    forward, backward = (
        oracle(
            {"params": variables["params"][name]},
            X,
            reset_after=True,
            reverse=name == "backward",
        )
        for name in ("forward", "backward")
    )
    assert_close(layer.apply(variables, X), MERGES[merge](forward, backward))


def test_bidirectional_of_a_reversed_layer_swaps_the_directions():
    variables = drawn(Bidirectional(GRU(5)), X)
    params = variables["params"]
    swapped = {"forward": params["backward"], "backward": params["forward"]}
    got = Bidirectional(GRU(5, reverse=True)).apply({"params": swapped}, X)
    first, second = np.split(np.asarray(got), 2, axis=-1)
    expected = Bidirectional(GRU(5)).apply(variables, X)
    assert_same_bits(np.concatenate([second, first], axis=-1), expected)


def test_bidirectional_drops_differently_in_each_direction():
    layer = Bidirectional(GRU(5, dropout=0.5))
    params = drawn(GRU(5), X)["params"]
    x = jnp.asarray(np.broadcast_to(X[:, :1], X.shape))  # The same both ways.
    both = {"params": {"forward": params, "backward": params}}
    y = apply(layer, both, x, train=True, rngs={"dropout": KEY})
    assert np.any(y[:, :5] != y[:, 5:])
    still = apply(layer, both, x)
    assert_close(still[:, :5], still[:, 5:])


def test_errors():
    message = "`merge` must be one of .*'concat'; did you mean 'concatenate'"
    with pytest.raises(UserError, match=message):
        jax.eval_shape(Bidirectional(GRU(5), merge="concat").init, KEY, X)
