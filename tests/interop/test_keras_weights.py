"""Weights go to Keras and come back to the bit."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen
from interop import keras_files
from interop.keras_files import (
    applied,
    functional,
    load_weights,
    model,
    predict,
    save,
    save_weights,
)
from keras import layers as k
from numerics import assert_close, assert_same_bits, drawn, normal

from seqconv_jax import UserError, models, nn
from seqconv_jax.interop import (
    load_keras,
    load_keras_variables,
    load_keras_weights,
    save_keras_weights,
)

NETWORKS = {
    "text": (
        models.TextConvNet(9, 4),
        (60,),
        [
            k.Embedding(9, 4),
            k.Conv1D(32, 7, activation="relu"),
            k.MaxPooling1D(5),
            k.Conv1D(32, 7, activation="relu"),
            k.GlobalMaxPooling1D(),
            k.Dense(1),
        ],
    ),
    "hybrid": (
        models.ConvGRU(8, 5, 3, 6),
        (30, 4),
        [
            k.Conv1D(8, 5, activation="relu"),
            k.MaxPooling1D(3),
            k.Conv1D(8, 5, activation="relu"),
            k.GRU(6, dropout=0.1, recurrent_dropout=0.5, reset_after=False),
            k.Dense(1),
        ],
    ),
    "both directions": (
        models.GRURegressor(4, bidirectional=True, reset_after=True),
        (8, 3),
        [k.Bidirectional(k.GRU(4)), k.Dense(1)],
    ),
    "long short-term memory": (
        models.ConvRNN(nn.LSTM(6), (nn.ConvBlock(8, 5, pool=3),)),
        (30, 4),
        [k.Conv1D(8, 5, activation="relu"), k.MaxPooling1D(3), k.LSTM(6), k.Dense(1)],
    ),
    "plain recurrence": (
        nn.Sequential(
            (
                nn.SimpleRNN(3, activation="relu", return_sequences=True),
                nn.Bidirectional(nn.LSTM(2, return_sequences=True), "sum"),
                nn.Bidirectional(nn.SimpleRNN(2, use_bias=False)),
            )
        ),
        (8, 3),
        [
            k.SimpleRNN(3, activation="relu", return_sequences=True),
            k.Bidirectional(k.LSTM(2, return_sequences=True), merge_mode="sum"),
            k.Bidirectional(k.SimpleRNN(2, use_bias=False)),
        ],
    ),
    "nested": (
        nn.Sequential(
            (
                nn.Sequential((nn.Dense(3), nn.LayerNorm())),
                nn.LayerNorm(use_scale=False, use_bias=False),
                nn.Sequential((nn.LayerNorm(use_scale=False), nn.GlobalMaxPool1D())),
                nn.Dense(2),
            )
        ),
        (8, 3),
        [
            k.Dense(3),
            k.LayerNormalization(),
            k.LayerNormalization(scale=False, center=False),
            k.LayerNormalization(scale=False),
            k.GlobalMaxPooling1D(),
            k.Dense(2),
        ],
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_travel_both_ways_to_the_bit(name, tmp_path):
    ours, shape, layers = NETWORKS[name]
    theirs = model(shape, layers)
    x = np.arange(2 * 60).reshape(2, 60) % 9 if name == "text" else normal(2, *shape)
    there, back = tmp_path / "there.weights.h5", tmp_path / "back.weights.h5"
    save_weights(theirs, back)
    params = load_keras_weights(back, ours, x)
    assert_close(np.asarray(applied(ours, {"params": params}, x)), predict(theirs, x))
    params = drawn(ours, x)["params"]
    save_keras_weights(there, ours, params, x)
    load_weights(theirs, there)
    assert_close(np.asarray(applied(ours, {"params": params}, x)), predict(theirs, x))
    again = load_keras_weights(there, ours, x)
    jax.tree.map(assert_same_bits, again, params)
    save_weights(theirs, back)  # through Keras, and still the same bits
    jax.tree.map(assert_same_bits, load_keras_weights(back, ours, x), params)


def test_moving_averages_travel_too(tmp_path):
    ours = nn.Sequential((nn.Dense(3), nn.BatchNorm(), nn.BatchNorm(use_scale=False)))
    layers = [k.Dense(3), k.BatchNormalization(), k.BatchNormalization(scale=False)]
    theirs, x = model((8, 3), layers), normal(2, 8, 3)
    there, back = tmp_path / "there.weights.h5", tmp_path / "back.weights.h5"
    save_weights(theirs, back)
    variables = load_keras_variables(back, ours, x)
    assert_close(np.asarray(applied(ours, variables, x)), predict(theirs, x))
    variables = jax.tree.map(jnp.abs, drawn(ours, x))
    save_keras_weights(there, ours, **variables, example=x)
    load_weights(theirs, there)
    assert_close(np.asarray(applied(ours, variables, x)), predict(theirs, x))
    save_weights(theirs, back)
    jax.tree.map(assert_same_bits, load_keras_variables(back, ours, x), variables)
    with pytest.raises(
        UserError, match="moving averages .*: call load_keras_variables"
    ):
        load_keras_weights(back, ours, x)
    with pytest.raises(UserError, match="`batch_stats` lacks layers_1/mean"):
        save_keras_weights(there, ours, variables["params"], x)


def tcn(x):
    for dilation in (1, 2):
        y = x
        for _ in range(2):
            options = {"dilation_rate": dilation, "activation": "relu"}
            y = k.Conv1D(4, 3, padding="causal", **options)(y)
        beside = k.Conv1D(4, 1)(x) if dilation == 1 else x
        x = k.ReLU()(k.Add()([y, beside]))
    return k.Dense(1)(x[:, -1])


def test_a_network_whose_residual_layers_keras_would_add(tmp_path):
    ours, theirs = models.TCN(4, dilations=(1, 2)), functional((20, 3), tcn)
    x = normal(2, 20, 3)
    there, back = tmp_path / "there.weights.h5", tmp_path / "back.weights.h5"
    params = drawn(ours, x)["params"]
    save_keras_weights(there, ours, params, x)
    load_weights(theirs, there)
    assert_close(np.asarray(applied(ours, {"params": params}, x)), predict(theirs, x))
    save_weights(theirs, back)
    jax.tree.map(assert_same_bits, load_keras_weights(back, ours, x), params)


def test_layers_that_are_lifted_or_called_twice(tmp_path):
    class Twice(linen.Module):
        @linen.compact
        def __call__(self, x, *, mask=None, train=False):
            layer = nn.Dense(3)
            return linen.remat(nn.GRU)(2)(layer(layer(x)))

    net, x, path = Twice(), normal(2, 8, 3), tmp_path / "a.weights.h5"
    params = drawn(net, x)["params"]
    save_keras_weights(path, net, params, x)
    jax.tree.map(assert_same_bits, load_keras_weights(path, net, x), params)
    plain = model((8, 3), [k.Dense(3), k.GRU(2, reset_after=False)])
    load_weights(plain, path)
    assert_same_bits(plain.layers[0].kernel.value, params["Dense_0"]["kernel"])


def test_every_file_of_keras_gives_the_same_weights(tmp_path):
    built = keras_files.small()
    whole = load_keras(save(built, tmp_path / "a.keras"))
    save_weights(built, tmp_path / "a.weights.h5")
    save(built, tmp_path / "a.h5")
    for name in ("a.keras", "a.weights.h5", "a.h5"):
        params = load_keras_weights(
            tmp_path / name, whole.model, jnp.zeros((1, 9), int)
        )
        jax.tree.map(assert_same_bits, params, whole.params)
    save_keras_weights(
        tmp_path / "b.weights.h5", whole.model, whole.params, jnp.zeros((1, 9), int)
    )
    for variable in built.trainable_variables:
        variable.assign(variable * 0)
    load_weights(built, tmp_path / "b.weights.h5")
    for variable, leaf in zip(
        built.trainable_variables, in_order(whole.params), strict=True
    ):
        assert_same_bits(variable.value, leaf)


def in_order(params):
    """Yield the weights of `keras_files.small` in Keras's order."""
    both = params["layers_2"]
    for layer in (params["layers_0"], params["layers_1"], both["forward"]):
        yield from weights_of(layer)
    for layer in (both["backward"], params["layers_3"], params["layers_4"]):
        yield from weights_of(layer)


def weights_of(layer):
    names = ("embedding", "kernel", "recurrent_kernel", "bias")
    return (layer[name] for name in names if name in layer)


def test_the_same_weights_give_the_same_file(tmp_path):
    net, x = NETWORKS["hybrid"][0], normal(1, 30, 4)
    params = drawn(net, x)["params"]
    paths = [tmp_path / f"{n}.weights.h5" for n in "ab"]
    for path in paths:
        save_keras_weights(path, net, params, x)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_what_cannot_be_saved(tmp_path):
    class Scale(linen.Module):
        @linen.compact
        def __call__(self, x):
            return x * self.param("scale", linen.initializers.ones, ())

    x = normal(1, 20, 3)
    block = nn.Residual(layers=(Scale(),))
    odd = r"layers that Keras has, got 'Scale' with weights 'layers_0/layers_0/scale'"
    with pytest.raises(UserError, match=odd):
        path = tmp_path / "a.weights.h5"
        save_keras_weights(path, nn.Sequential((block, nn.Dense(1))), {}, x)
    net = models.GRURegressor(2)
    params = drawn(net, x)["params"]
    with pytest.raises(UserError, match="`path` must be a .weights.h5 file"):
        save_keras_weights(tmp_path / "a.h5", net, params, x)
    path = tmp_path / "a.weights.h5"
    without = {**params, "Dense_0": {"kernel": params["Dense_0"]["kernel"]}}
    with pytest.raises(UserError, match="`params` lacks Dense_0/bias"):
        save_keras_weights(path, net, without, x)
    more = {**params, "Dense_1": params["Dense_0"]}
    with pytest.raises(UserError, match="`params` has Dense_1/bias, Dense_1/kernel"):
        save_keras_weights(path, net, more, x)
    half = jax.tree.map(lambda a: a.astype(jnp.bfloat16), params)
    with pytest.raises(UserError, match="must have .* as float32.* got bfloat16"):
        save_keras_weights(path, net, half, x)
    assert list(itertools.chain(tmp_path.iterdir())) == []
