"""Masks end here where Keras forgets them, and count where it uses them."""

import keras
import keras_reference
import pytest
from interop.keras_files import (
    IDS,
    evaluate,
    functional,
    message_of,
    model,
    predict,
    save,
)
from keras import layers as k
from numerics import assert_close, normal

from seqconv_jax import nn
from seqconv_jax.interop import load_keras
from seqconv_jax.interop.keras_masks import with_masks_of_keras

X = normal(2, 7, 3)
X[0, 2] = X[1, :2] = X[1, 5:] = 0


def words():
    return k.Embedding(9, 3, mask_zero=True)


# Layers, the input, and from which layer on nobody is told of the mask.
STACKS = {
    "every layer that hands it on": (
        [
            k.Masking(),
            k.Dense(3),
            k.LSTM(4, return_sequences=True),
            k.Activation("tanh"),
            k.BatchNormalization(),
            k.SpatialDropout1D(0.1),
            k.LayerNormalization(),
            k.Bidirectional(k.SimpleRNN(2, return_sequences=True)),
            k.SimpleRNN(3, return_sequences=True),
        ],
        X,
        None,
    ),
    "another value": ([k.Masking(-1.0), k.LSTM(3)], X - 1, None),
    "a last state": ([words(), k.Bidirectional(k.LSTM(3)), k.Dense(1)], IDS, None),
    "an average": ([words(), k.Dropout(0.1), k.GlobalAveragePooling1D()], IDS, None),
    "a convolution": ([k.Masking(), k.Dense(3), k.Conv1D(3, 2), k.LSTM(4)], X, 2),
    "a pool": ([words(), k.LSTM(4, return_sequences=True), k.MaxPooling1D(2)], IDS, 2),
    "a maximum": (
        [words(), k.SimpleRNN(4, return_sequences=True), k.GlobalMaxPooling1D()],
        IDS,
        2,
    ),
    "a flattening": ([words(), k.GRU(4, return_sequences=True), k.Flatten()], IDS, 2),
    "a mask that ends, and another": (
        [k.Masking(), k.LSTM(3, return_sequences=True), k.Conv1D(3, 2), k.Masking()]
        + [k.LSTM(2)],
        X,
        2,
    ),
}


@pytest.mark.parametrize("name", STACKS)
@pytest.mark.filterwarnings("ignore:.*destroy the mask")
def test_predicts_what_keras_predicts(name, tmp_path):
    layers, x, until = STACKS[name]
    built = model(x.shape[1:], layers)
    loaded = load_keras(save(built, tmp_path / "model.keras"))
    assert loaded.model.mask_until == until
    assert_close(evaluate(loaded, x), predict(built, x))


@pytest.mark.filterwarnings("ignore:.*destroy the mask")
def test_a_mask_that_nobody_uses_is_not_made(tmp_path):
    built = model((7,), [words(), k.Conv1D(4, 2), k.GlobalMaxPooling1D()])
    loaded = load_keras(save(built, tmp_path / "model.keras"))
    assert (
        loaded.model.layers[0] == nn.Embedding(9, 3) and loaded.model.mask_until is None
    )
    assert_close(evaluate(loaded, IDS), predict(built, IDS))


def test_a_functional_model_with_a_mask(tmp_path):
    built = functional((7,), lambda x: k.Dense(1)(k.GRU(2)(words()(x))))
    loaded = load_keras(save(built, tmp_path / "model.keras"))
    assert loaded.model.layers[0].mask_id == 0
    assert_close(evaluate(loaded, IDS), predict(built, IDS))


def test_a_functional_model_with_a_mask_of_values(tmp_path):
    def network(x):
        y = k.LSTM(3, return_sequences=True)(k.Masking()(x))
        return k.Bidirectional(k.SimpleRNN(2))(k.BatchNormalization()(y))

    built = functional((7, 3), network)
    for suffix in ("keras", "h5"):
        loaded = load_keras(save(built, tmp_path / f"model.{suffix}"))
        assert_close(evaluate(loaded, X), predict(built, X))


def two_kinds_of_layers(x):
    y = words()(x)
    kept, forgotten = k.LSTM(2)(y), k.GlobalMaxPooling1D()(k.Conv1D(2, 2)(y))
    return k.Dense(1)(k.Concatenate()([kept, forgotten]))


def residual(x):
    y = words()(x)
    y = k.LayerNormalization()(k.Add()([y, k.GRU(3, return_sequences=True)(y)]))
    return k.GRU(2, return_sequences=True)(y)


def residual_that_forgets(x):
    y = words()(x)
    inner = k.GRU(3, return_sequences=True)(y)
    y = k.Add()([y, k.Conv1D(3, 2, padding="same")(inner)])
    return k.GRU(2, return_sequences=True)(y)


def concatenated(x):
    y = words()(x)
    y = k.Concatenate()([y, k.GRU(3, return_sequences=True)(y)])
    return k.GRU(2)(k.Conv1D(2, 2)(y))


def unused(x):
    y = words()(x)
    return k.GlobalMaxPooling1D()(k.Concatenate()([y, k.Conv1D(2, 1)(y)]))


def made_in_branches(x):
    y = k.LSTM(2)(k.Masking()(x))
    forgotten = k.GlobalMaxPooling1D()(k.Conv1D(2, 2)(k.Masking()(x)))
    return k.Concatenate()([y, k.GRU(2)(k.Conv1D(2, 2)(x)), forgotten])


@pytest.mark.parametrize(
    "network, x",
    [
        (two_kinds_of_layers, IDS),
        (residual, IDS),
        (residual_that_forgets, IDS),
        (concatenated, IDS),
        (unused, IDS),
        (made_in_branches, X),
    ],
)
@pytest.mark.filterwarnings("ignore:.*destroy the mask")
def test_branches_that_are_given_a_mask(network, x, tmp_path):
    built = functional(x.shape[1:], network)
    for suffix in ("keras", "h5"):
        loaded = load_keras(save(built, tmp_path / f"model.{suffix}"))
        assert_close(evaluate(loaded, x), predict(built, x))


def test_masks_that_are_not_those_of_the_padding(tmp_path):
    with keras_reference.exact():
        x = keras.Input((6,), dtype="int32")
        y = k.Embedding(5, 2)(x)
        built = keras.Model(x, k.GRU(2, name="last")(y, mask=keras.ops.not_equal(x, 0)))
        y = k.Embedding(5, 2, mask_zero=True)(x)
        other = k.GRU(2, name="last")(y, mask=keras.ops.not_equal(x, 3))
        third = k.GRU(2, name="last")(y, mask=keras.ops.logical_not(x))
    for each in (built, keras.Model(x, other), keras.Model(x, third)):
        path = save(each, tmp_path / "a.keras")
        message = message_of(load_keras, path)
        assert "layers ['last'] are called with other masks" in message


@pytest.mark.filterwarnings("ignore:.*destroy the mask")
def test_masks_that_cannot_be_led_on(tmp_path):
    def merged(x):
        y = words()(x)
        return k.GRU(2)(k.Concatenate()([y, k.Dense(3)(y)]))

    again = [k.Masking(), k.Conv1D(3, 2), k.Masking(), k.Conv1D(3, 2)]
    for built, message in [
        (functional((7,), merged), "GRU layer uses a mask that came through Parallel"),
        (model((7, 3), [k.Masking(), k.Masking()]), "where there is one already"),
        (model((7, 3), again), "masks end in two places"),
    ]:
        path = save(built, tmp_path / "a.keras")
        assert message in message_of(load_keras, path)


def test_the_layers_are_left_alone_where_there_is_no_mask():
    layers = (nn.Residual(layers=(nn.Dense(2),)), nn.GRU(2), nn.Dense(1))
    model, users = with_masks_of_keras(layers)
    assert model == nn.Sequential(layers) and users == ()
