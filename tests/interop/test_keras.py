"""Models that Keras saved predict here what they predict there."""

from functools import partial

import jax
import keras
import keras_reference
import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from interop import keras_files
from interop.keras_files import (
    IDS,
    evaluate,
    model,
    predict,
    save,
)
from keras import layers as k
from numerics import assert_close, assert_same_bits, normal

from seqconv_jax import nn
from seqconv_jax.interop import load_keras

STACKS = {
    "convnet": (
        (30, 4),
        [
            k.Conv1D(6, 5, activation="relu"),
            k.MaxPooling1D(3),
            k.SpatialDropout1D(0.2),
            k.Conv1D(5, 2, strides=2, padding="same", activation="tanh"),
            k.AveragePooling1D(2, strides=1, padding="same"),
            k.Conv1D(4, 3, padding="causal", dilation_rate=2, use_bias=False),
            k.GlobalMaxPooling1D(),
            k.Dropout(0.5),
            k.Dense(3, activation="softmax"),
        ],
    ),
    "flattened": (
        (12, 2),
        [
            k.Conv1D(3, 4, activation="gelu"),
            k.Activation("elu"),
            k.Flatten(),
            k.Dense(4, activation="silu", use_bias=False),
            k.ReLU(),
            k.Dense(4, activation="selu"),
            k.Dense(2, activation="softplus"),
            k.Softmax(),
        ],
    ),
    "recurrent": (
        (6, 3),
        [
            k.GRU(4, return_sequences=True, recurrent_activation="hard_sigmoid"),
            k.GRU(3, reset_after=False, use_bias=False, return_sequences=True),
            k.Bidirectional(
                k.GRU(2, dropout=0.1, recurrent_dropout=0.2, return_sequences=True),
                merge_mode="ave",
            ),
            k.GRU(3, go_backwards=True),
            k.Dense(1),
        ],
    ),
    "long short-term memory": (
        (6, 3),
        [
            k.LSTM(4, return_sequences=True, recurrent_activation="hard_sigmoid"),
            k.Bidirectional(
                k.LSTM(2, use_bias=False, unit_forget_bias=False, dropout=0.1),
                merge_mode="sum",
            ),
            k.Dense(1),
        ],
    ),
    "plain recurrence": (
        (6, 3),
        [
            k.SimpleRNN(4, return_sequences=True, activation="relu"),
            k.Bidirectional(k.SimpleRNN(3, return_sequences=True)),
            k.SimpleRNN(3, use_bias=False, go_backwards=True, recurrent_dropout=0.1),
        ],
    ),
    "normalised": (
        (12, 3),
        [
            k.Conv1D(4, 3),
            k.BatchNormalization(),
            k.ReLU(),
            k.LayerNormalization(epsilon=0.1),
            k.BatchNormalization(axis=2, center=False, momentum=0.5),
            k.LayerNormalization(center=False, scale=False),
            k.GlobalMaxPooling1D(),
            k.BatchNormalization(axis=1, scale=False),
            k.LayerNormalization(axis=1, center=False),
            k.Dense(2),
        ],
    ),
    "masked": (
        (7,),
        [
            k.Embedding(9, 4, mask_zero=True),
            k.Dropout(0.1),
            k.Bidirectional(k.GRU(2, return_sequences=True), merge_mode="mul"),
            k.GRU(3, return_sequences=True),
            k.GlobalAveragePooling1D(),
            k.Dense(1),
        ],
    ),
    "mask forgotten": (
        (7,),
        [
            k.Embedding(9, 4, mask_zero=True),
            k.GRU(3, return_sequences=True),
            k.Conv1D(2, 2),
            k.GRU(2),
        ],
    ),
}


@pytest.mark.parametrize("name", STACKS)
@pytest.mark.filterwarnings("ignore:.*destroy the mask")
def test_predicts_what_keras_predicts(name, tmp_path):
    shape, layers = STACKS[name]
    built = model(shape, layers)
    x = IDS if len(shape) == 1 else normal(3, *shape)
    modern = load_keras(save(built, tmp_path / "model.keras"))
    assert modern.input_shape == shape
    assert_close(evaluate(modern, x), predict(built, x))
    # The older format, under either suffix, holds the same model bit for bit.
    path = save(built, tmp_path / "model.h5")
    path.rename(tmp_path / "legacy.keras")
    legacy = load_keras(tmp_path / "legacy.keras")
    assert legacy.model == modern.model
    jax.tree.map(assert_same_bits, legacy.params, modern.params)
    jax.tree.map(assert_same_bits, legacy.batch_stats, modern.batch_stats)


def test_rates_of_dropout_come_along(tmp_path):
    loaded = load_keras(
        save(model(*STACKS["recurrent"]), tmp_path / "model.keras")
    ).model
    assert loaded.layers[2].layer.dropout == 0.1
    assert loaded.layers[2].layer.recurrent_dropout == 0.2
    dropped = load_keras(save(model(*STACKS["convnet"]), tmp_path / "b.keras")).model
    assert dropped.layers[2] == nn.Dropout(0.2, time_constant=True)
    assert dropped.layers[7] == nn.Dropout(0.5)
    lstm = load_keras(save(model(*STACKS["long short-term memory"]), tmp_path / "c.h5"))
    assert lstm.model.layers[1].layer.dropout == 0.1
    plain = load_keras(save(model(*STACKS["plain recurrence"]), tmp_path / "d.keras"))
    assert plain.model.layers[2].recurrent_dropout == 0.1
    norm = load_keras(save(model(*STACKS["normalised"]), tmp_path / "e.keras"))
    assert norm.model.layers[4] == nn.BatchNorm(momentum=0.5, use_bias=False)


def test_moving_averages_that_were_trained(tmp_path):
    built = model((6, 2), [k.Dense(3), k.BatchNormalization(momentum=0.5), k.LSTM(2)])
    x = normal(4, 6, 2)
    with keras_reference.exact():
        built.compile("rmsprop", "mse")
        for _ in range(2):
            built.train_on_batch(x, np.ones((4, 2)))
    loaded = load_keras(save(built, tmp_path / "model.keras"))
    averages = loaded.batch_stats["layers_1"]
    assert_same_bits(averages["mean"], built.layers[1].moving_mean.value)
    assert_same_bits(averages["var"], built.layers[1].moving_variance.value)
    assert_close(evaluate(loaded, x), predict(built, x))


def test_a_functional_model_without_branches(tmp_path):
    with keras_reference.exact():
        x = keras.Input((None, 3))
        y = k.Dense(1)(k.GRU(2)(k.Conv1D(4, 3)(x)))
        built = keras.Model(x, y)
    keras_files.randomise(built)
    for suffix in ("keras", "h5"):
        loaded = load_keras(save(built, tmp_path / f"model.{suffix}"))
        assert loaded.input_shape == (None, 3)
        assert_close(evaluate(loaded, X := normal(2, 9, 3)), predict(built, X))


def test_a_model_that_was_compiled_and_trained(tmp_path):
    built = keras_files.small()
    x = np.arange(18).reshape(2, 9) % 7
    with keras_reference.exact():
        built.compile("rmsprop", "mse")
        built.train_on_batch(x, np.ones((2, 1)))
    for suffix in ("keras", "h5"):
        loaded = load_keras(save(built, tmp_path / f"model.{suffix}"))
        assert_close(evaluate(loaded, x), predict(built, x))


def test_regularisers_are_left_out_with_a_warning(tmp_path):
    built = model((5, 2), [k.Conv1D(2, 3, kernel_regularizer="l2"), k.Flatten()])
    path = save(built, tmp_path / "a.keras")
    with pytest.warns(UserWarning, match=r"'conv1d.*kernel_regularizer acts in train"):
        loaded = load_keras(path)
    assert_close(evaluate(loaded, x := normal(2, 5, 2)), predict(built, x))


def both(kind, units, merge):
    return k.Bidirectional(kind(units, return_sequences=True), merge_mode=merge)


SIZES, PADDINGS = st.integers(1, 4), st.sampled_from(["valid", "same"])


KINDS = st.one_of(
    st.builds(
        partial,
        st.just(k.Conv1D),
        SIZES,
        SIZES,
        padding=st.sampled_from(["valid", "same", "causal"]),
        activation=st.sampled_from(["linear", "relu", "tanh"]),
        use_bias=st.booleans(),
        dilation_rate=st.integers(1, 2),
    ),
    st.builds(partial, st.just(k.Conv1D), SIZES, SIZES, strides=st.just(2)),
    st.builds(partial, st.just(k.MaxPooling1D), SIZES, padding=PADDINGS),
    st.builds(
        partial, st.just(k.AveragePooling1D), SIZES, st.just(2), padding=PADDINGS
    ),
    st.builds(
        partial,
        st.just(k.GRU),
        SIZES,
        return_sequences=st.just(True),
        reset_after=st.booleans(),
        use_bias=st.booleans(),
    ),
    st.builds(
        partial,
        st.just(k.LSTM),
        SIZES,
        return_sequences=st.just(True),
        recurrent_activation=st.sampled_from(["sigmoid", "hard_sigmoid"]),
        use_bias=st.booleans(),
    ),
    st.builds(
        partial,
        st.just(k.SimpleRNN),
        SIZES,
        return_sequences=st.just(True),
        activation=st.sampled_from(["tanh", "relu"]),
        use_bias=st.booleans(),
    ),
    st.builds(
        partial,
        st.just(both),
        st.sampled_from([k.GRU, k.LSTM, k.SimpleRNN]),
        SIZES,
        st.sampled_from(["concat", "sum", "ave", "mul"]),
    ),
    st.builds(
        partial,
        st.sampled_from([k.LayerNormalization, k.BatchNormalization]),
        center=st.booleans(),
        scale=st.booleans(),
    ),
    st.builds(partial, st.just(k.Dense), SIZES, activation=st.just("sigmoid")),
)


@given(
    kinds=st.lists(KINDS, min_size=1, max_size=3),
    end=st.sampled_from([k.GlobalMaxPooling1D, k.GlobalAveragePooling1D, k.Flatten]),
    suffix=st.sampled_from(["keras", "h5"]),
)
@settings(max_examples=15)
def test_any_stack_of_known_layers(tmp_path_factory, kinds, end, suffix):
    try:
        built = model((60, 3), [*(kind() for kind in kinds), end(), k.Dense(2)])
    except ValueError:  # no step is left
        reject()
    path = save(built, tmp_path_factory.mktemp("any") / f"model.{suffix}")
    x = normal(2, 60, 3)
    assert_close(evaluate(load_keras(path), x), predict(built, x))
