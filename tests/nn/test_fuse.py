from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numerics import apply, assert_close, assert_same_bits, drawn, normal

from seqconv_jax.layer_table import layers
from seqconv_jax.models import TextConvNet
from seqconv_jax.nn import (
    Conv1D,
    ConvBlock,
    Embedding,
    GlobalMaxPool1D,
    MaxPool1D,
    Sequential,
)
from seqconv_jax.nn.activations import RISING
from seqconv_jax.nn.lazy import Convolution, Lookup, Sums, finished

X = normal(3, 13, 4)
IDS = np.arange(3 * 13, dtype=np.int32).reshape(3, 13) % 7


@pytest.mark.parametrize("pool", [MaxPool1D(3, stride=2), GlobalMaxPool1D()], ids=repr)
@pytest.mark.parametrize("name", RISING)
def test_a_maximum_first_leaves_the_same_bits(name, pool):
    layer = Conv1D(5, 3, activation=name)
    variables = drawn(layer, X)
    unfinished = apply(layer, variables, X, lazy=True)
    assert isinstance(unfinished, Sums) and unfinished.shape == (3, 11, 5)
    assert_same_bits(finished(unfinished), apply(layer, variables, X))
    expected = apply(pool, {}, apply(layer, variables, X))
    assert_same_bits(apply(pool, {}, unfinished), expected)


@pytest.mark.parametrize(
    "options, is_left",
    [
        ({}, True),
        ({"stride": 2}, False),
        ({"padding": "same"}, False),
        ({"dilation": 2}, False),
    ],
    ids=str,
)
def test_a_plain_convolution_is_left_to_the_pool(options, is_left):
    layer: Any = Conv1D(5, 3, activation="relu", **options)
    variables = drawn(layer, X)
    unfinished = apply(layer, variables, X, lazy=True)
    assert isinstance(unfinished.sums, Convolution) == is_left
    expected = apply(layer, variables, X)
    assert unfinished.shape == expected.shape
    for pool in (MaxPool1D(2), MaxPool1D(2, stride=1), MaxPool1D(2, padding="same")):
        got = apply(pool, {}, unfinished)
        assert_close(got, apply(pool, {}, expected))


def test_a_mask_is_for_finished_values():
    layer, mask = Conv1D(5, 3), np.array([[True] * 3 + [False] * 8] * 3)
    variables = drawn(layer, X)
    for pool in (MaxPool1D(3), GlobalMaxPool1D()):
        expected = apply(pool, {}, apply(layer, variables, X), mask=mask)
        unfinished = apply(layer, variables, X, lazy=True)
        assert_same_bits(apply(pool, {}, unfinished, mask=mask), expected)


@pytest.mark.parametrize("name", ["gelu", "softmax", "tanh"])
def test_an_activation_that_may_fall_is_not_put_off(name):
    layer = Conv1D(5, 3, activation=name)
    y = apply(layer, drawn(layer, X), X, lazy=True)
    assert not isinstance(y, Sums)


def test_gradients_are_those_of_the_finished_layers():
    model = Sequential((Conv1D(5, 3, activation="relu"), MaxPool1D(2)))
    variables = drawn(model, X)
    layer, pool = model.layers

    def plain(params):
        y = apply(layer, {"params": params["layers_0"]}, X)
        return jnp.sum(jnp.square(apply(pool, {}, y)))

    def lazy(params):
        y: Any = apply(model, {"params": params}, X)
        return jnp.sum(jnp.square(y))

    params = variables["params"]
    assert_close(jax.grad(lazy)(params), jax.grad(plain)(params))


def test_an_embedding_is_left_to_the_convolution():
    embedding, conv = Embedding(7, 4), Conv1D(5, 3)
    table = drawn(embedding, IDS)
    lookup = apply(embedding, table, IDS, lazy=True)
    assert isinstance(lookup, Lookup) and lookup.shape == (3, 13, 4)
    vectors = apply(embedding, table, IDS)
    assert_same_bits(finished(lookup), vectors)
    variables = drawn(conv, X)
    expected = apply(conv, variables, vectors)
    assert_close(apply(conv, variables, lookup), expected)


def test_the_table_shows_unfinished_layers_too():
    blocks = (ConvBlock(5, 3, pool=2), ConvBlock(5, 3))
    rows = layers(TextConvNet(7, 4, blocks), jax.ShapeDtypeStruct((3, 13), jnp.int32))
    assert [row.shape for row in rows[:3]] == [(13, 4), (11, 5), (5, 5)]


def test_no_block_leaves_the_vectors_to_the_pool():
    model = TextConvNet(7, 4, blocks=())
    assert apply(model, drawn(model, IDS), IDS).shape == (3, 1)
