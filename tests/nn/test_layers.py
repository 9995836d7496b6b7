from typing import Any

import jax
import jax.numpy as jnp
import keras
import keras_reference
import numpy as np
import oracles
import pytest
from numerics import apply, assert_close, assert_same_bits, drawn, normal

from seqconv_jax import UserError
from seqconv_jax.nn import (
    GRU,
    Activation,
    AvgPool1D,
    Conv1D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAvgPool1D,
    GlobalMaxPool1D,
    MaxPool1D,
    OneHotConv1D,
    activation,
)
from seqconv_jax.nn.calls import layer_calls

KEY = jax.random.key(0)
two: Any = 2.0
nothing: Any = None
X = normal(2, 9, 3)


def shapes(variables):
    return jax.tree.map(jnp.shape, variables)


@pytest.mark.parametrize(
    "layer, x, expected",
    [
        (Conv1D(4, 5), X, {"kernel": (5, 3, 4), "bias": (4,)}),
        (Dense(4), X, {"kernel": (3, 4), "bias": (4,)}),
        (Embedding(7, 4), jnp.zeros((2, 9), int), {"embedding": (7, 4)}),
        (
            OneHotConv1D(4, 7, 5),
            jnp.zeros((2, 9), int),
            {"kernel": (5, 7, 4), "bias": (4,)},
        ),
        (Conv1D(4, 5, use_bias=False), X, {"kernel": (5, 3, 4)}),
        (Dense(4, use_bias=False), X, {"kernel": (3, 4)}),
        (
            GRU(4, use_bias=False),
            X,
            {"kernel": (3, 12), "recurrent_kernel": (4, 12)},
        ),
    ],
    ids=repr,
)
def test_names_and_shapes_of_the_parameters(layer, x, expected):
    assert shapes(layer.init(KEY, x)) == {"params": expected}


POOLS = [MaxPool1D(2), AvgPool1D(2), GlobalMaxPool1D(), GlobalAvgPool1D()]


@pytest.mark.parametrize("layer", [*POOLS, Flatten(), Dropout(0.5)], ids=repr)
def test_layers_without_parameters(layer):
    assert layer.init(KEY, X) == {}


CONVOLUTIONS = [
    {},
    {"stride": 2, "padding": "same"},
    {"padding": "causal", "dilation": 2},
]


@pytest.mark.parametrize("options", CONVOLUTIONS, ids=repr)
def test_convolution_passes_its_settings_on(options):
    layer = Conv1D(4, 3, activation="relu", **options)
    params = {"kernel": normal(3, 3, 4, seed=1), "bias": normal(4, seed=2)}
    expected = np.maximum(oracles.conv1d(X, *params.values(), **options), 0)
    assert_close(layer.apply({"params": params}, X), expected)


@pytest.mark.parametrize("options", [{}, {"stride": 1, "padding": "same"}], ids=repr)
@pytest.mark.parametrize(
    "module, oracle",
    [(MaxPool1D, oracles.max_pool), (AvgPool1D, oracles.avg_pool)],
)
def test_pools_pass_their_settings_on(module, oracle, options):
    mask = np.arange(9) < np.array([[5], [9]])
    got = module(3, **options).apply({}, X, mask=mask)
    assert_close(got, oracle(X, 3, mask=mask, **options))


@pytest.mark.parametrize(
    "module, oracle",
    [
        (GlobalMaxPool1D, oracles.global_max_pool),
        (GlobalAvgPool1D, oracles.global_avg_pool),
    ],
)
def test_global_pools_pass_the_mask_on(module, oracle):
    mask = np.arange(9) < np.array([[5], [0]])
    assert_close(module().apply({}, X, mask=mask), oracle(X, mask=mask))


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 9, 3)])
def test_dense_acts_on_the_last_axis(shape):
    x = normal(*shape)
    params = {"kernel": normal(3, 4, seed=1), "bias": normal(4, seed=2)}
    got = Dense(4, activation="tanh").apply({"params": params}, x)
    assert_close(got, np.tanh(x @ params["kernel"] + params["bias"]))


def test_flatten_keeps_the_steps_side_by_side():
    assert apply(Flatten(), {}, X).tolist() == X.reshape(2, 27).tolist()


def test_embedding_looks_up():
    ids, table = np.array([[2, 0]]), normal(3, 4)
    params = {"embedding": jnp.asarray(table)}
    assert_same_bits(Embedding(3, 4).apply({"params": params}, ids), table[ids])


@pytest.mark.parametrize("padding", ["valid", "same", "causal"])
def test_one_hot_convolution_is_a_convolution_of_one_hot_vectors(padding):
    ids: Any = np.random.default_rng(0).integers(1, 7, (3, 9))
    ids[1, 5:] = ids[2] = 0
    options = {"padding": padding, "activation": "relu"}
    plain = Conv1D(4, 3, **options)
    params = drawn(plain, normal(1, 9, 7))
    expected = plain.apply(params, jax.nn.one_hot(ids, 7))
    assert_close(OneHotConv1D(4, 7, 3, **options).apply(params, ids), expected)
    masked = OneHotConv1D(4, 7, 3, **options, mask_id=0)
    mask = jnp.asarray(ids != 0)
    expected = plain.apply(params, jax.nn.one_hot(ids, 7), mask=mask)
    assert_close(masked.apply(params, ids), expected)
    left = masked.mask_after(None, ids)
    assert_same_bits(left, plain.mask_after(mask, None))
    assert masked.output_length(9) == plain.output_length(9)


@pytest.mark.parametrize("layer", [Conv1D(4, 3), Dense(4), GRU(4)], ids=repr)
def test_no_bias_equals_a_bias_of_zero(layer):
    variables = drawn(layer, X)
    params = dict(variables["params"])
    params["bias"] = jnp.zeros_like(params["bias"])
    expected = layer.apply({"params": params}, X)
    del params["bias"]
    bare = layer.clone(use_bias=False)
    assert_close(bare.apply({"params": params}, X), expected)


@pytest.mark.parametrize(
    "name", ["relu", "softmax", "softplus", "elu", "selu", "silu", "gelu"]
)
def test_activations_are_those_of_keras(name):
    x = jnp.array([[-4.0, -0.5, 0.0], [1e-3, 2.0, 30.0]])
    with keras_reference.exact():
        expected = keras.activations.get(name)(x)
    assert_close(activation(name, x), expected)
    assert_same_bits(Activation(name).apply({}, x), activation(name, x))


def test_activations():
    x = jnp.array([-2.0, 0.0, 3.0])
    assert_same_bits(activation("linear", x), x)
    assert_same_bits(activation("relu", x), np.maximum(x, 0))
    assert_close(activation("tanh", x), np.tanh(x))
    assert_close(activation("sigmoid", x), 1 / (1 + np.exp(-x)))
    with pytest.raises(
        UserError, match="`activation` must be one of .*'reluu'; did you mean 'relu'"
    ):
        activation("reluu", x)


def test_dropout_is_new_for_each_key_and_off_outside_training():
    layer = Dropout(0.5)

    def run(seed):
        return layer.apply({}, X, train=True, rngs={"dropout": jax.random.key(seed)})

    assert_same_bits(run(1), run(1))
    assert np.any(run(1) != run(2))
    kept = np.asarray(run(1)) != 0
    assert kept.any() and not kept.all()
    assert_close(np.asarray(run(1))[kept], 2 * X[kept])
    assert_same_bits(layer.apply({}, X), X)
    assert_same_bits(layer.apply({}, X, train=False), X)


def test_time_constant_dropout_drops_channels():
    y = apply(
        Dropout(0.5, time_constant=True),
        {},
        jnp.ones((4, 9, 8)),
        train=True,
        rngs={"dropout": KEY},
    )
    assert_same_bits(y, np.broadcast_to(y[:, :1], y.shape).copy())
    assert set(np.unique(y)) == {0.0, 2.0}


def test_dropout_of_rate_zero_needs_no_key():
    assert_same_bits(Dropout(0.0).apply({}, X, train=True), X)


@pytest.mark.parametrize("rate", [1.0, -0.1, 1.5, float("nan"), True], ids=repr)
@pytest.mark.parametrize("train", [False, True])
def test_dropout_takes_no_rate_outside_their_range(rate, train):
    with pytest.raises(UserError, match=r"`rate` must be a number in \[0, 1\), got"):
        Dropout(rate).apply({}, X, train=train, rngs={"dropout": KEY})


@pytest.mark.parametrize(
    "layer, x, message",
    [
        (Conv1D(0, 3), X, "`features` must be a positive integer, got 0"),
        (Conv1D(4, 0), X, "`kernel_size` must be a positive integer, got 0"),
        (
            Conv1D(4, two),
            X,
            "`kernel_size` must be a positive integer, got 2.0",
        ),
        (Conv1D(4, 3), X[0], r"`x` must have shape \(batch, time, features\), got \(9"),
        (Conv1D(4, 10), X, "a window of 10 and valid padding needs at least 10 steps"),
        (Conv1D(4, 3, stride=0), X, "`stride` must be a positive integer, got 0"),
        (Conv1D(4, 3, padding="full"), X, "`padding` must be one of 'valid', 'same'"),
        (Conv1D(4, 3, activation="odd"), X, "`activation` must be one of .*'odd'"),
        (Dense(-1), X, "`features` must be a positive integer, got -1"),
        (Dense(4, activation=nothing), X, "`activation` must be one of .*got None"),
        (Embedding(0, 4), np.array([[0]]), "`vocabulary` must be a positive integer"),
        (Embedding(3, 0), np.array([[0]]), "`features` must be a positive integer"),
        (Embedding(3, 4), X[..., 0], "`ids` must be integers, got 'float32'"),
        (OneHotConv1D(4, 0, 3), np.array([[0]]), "`vocabulary` must be a positive int"),
        (OneHotConv1D(4, 5, 3), X[..., 0], "`ids` must be integers, got 'float32'"),
        (OneHotConv1D(4, 5, 3), np.array([[0]]), "a window of 3 and valid padding"),
        (OneHotConv1D(4, 5, 1, mask_id=two), np.array([[0]]), "`mask_id` must be an"),
        (MaxPool1D(10), X, "a window of 10 and valid padding needs at least 10 steps"),
        (AvgPool1D(0), X, "`window` must be a positive integer, got 0"),
        (MaxPool1D(2, padding="causal"), X, "`padding` must be one of 'valid', 'same'"),
    ],
)
def test_errors(layer, x, message):
    with pytest.raises(UserError, match=message):
        jax.eval_shape(layer.init, KEY, x)


@pytest.mark.parametrize("layer", [Conv1D(4, 3), Dense(4)], ids=["Conv1D", "Dense"])
def test_bfloat16_inputs_to_float32_parameters(layer):
    variables = layer.init(KEY, X)
    got = layer.apply(variables, jnp.asarray(X, jnp.bfloat16))
    assert_close(got, layer.apply(variables, X), 0.05)


def test_calls_of_a_single_layer_are_none():
    # It has no layers below its top level; the models' tests see the full list.
    assert layer_calls(Dense(4), None, X) == []
