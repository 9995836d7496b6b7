"""Layers that people's models have besides, as Keras computes them."""

import jax
import keras_reference
import numpy as np
import oracles
import pytest
import recurrent_oracles
from interop.keras_files import (
    evaluate,
    functional,
    gru_file,
    gru_weights,
    model,
    predict,
    save,
)
from keras import layers as k
from numerics import assert_close, assert_same_bits, normal

from seqconv_jax import nn
from seqconv_jax.interop import load_keras
from seqconv_jax.interop.model_config import decode, encode

STACKS = {
    "autoencoder": (
        (6, 2),
        [
            k.LSTM(3, activation="relu"),
            k.RepeatVector(4),
            k.GRU(3, "softsign", recurrent_activation="elu", return_sequences=True),
            k.TimeDistributed(k.Dropout(0.5)),
            k.Dense(3),
            k.TimeDistributed(k.Dense(2, activation="tanh")),
            k.TimeDistributed(k.LayerNormalization(axis=-1)),
        ],
    ),
    "laid out anew": (
        (12,),
        [
            k.Dense(12),
            k.Reshape((6, -1)),
            k.ZeroPadding1D((2, 1)),  # pyright: ignore[reportArgumentType]
            k.Conv1D(4, 2),
            k.UpSampling1D(2),
            k.Cropping1D(1),
            k.BatchNormalization(),
            k.Permute((2, 1)),
            k.SimpleRNN(3, activation="linear"),
            k.Reshape((3, 1)),
            k.Flatten(),
        ],
    ),
    "functions": (
        (5, 3),
        [
            k.Dense(4, activation="softsign"),
            k.LeakyReLU(0.2),
            k.Dense(4, activation="leaky_relu"),
            k.GaussianNoise(0.1),
            k.Dense(4, activation="mish"),
            k.ELU(),
            k.Dense(4, activation="relu6"),
            k.Dense(4, activation="exponential"),
            k.ReLU(max_value=6),
            k.Dense(4, activation="hard_sigmoid"),
        ],
    ),
}


@pytest.mark.parametrize("name", STACKS)
@pytest.mark.filterwarnings("ignore:.*(stddev acts in training)")
def test_predicts_what_keras_predicts(name, tmp_path):
    shape, layers = STACKS[name]
    with keras_reference.exact():
        built = model(shape, layers, dtype="float32")
    x = normal(3, *shape)
    loaded = load_keras(save(built, tmp_path / "model.keras"))
    assert loaded.input_shape == shape
    assert_close(evaluate(loaded, x), predict(built, x))
    legacy = load_keras(save(built, tmp_path / "model.h5"))
    assert legacy.model == loaded.model == decode(encode(loaded.model))
    jax.tree.map(assert_same_bits, legacy.params, loaded.params)


def test_branches_whose_steps_lie_side_by_side(tmp_path):
    def layers(x):
        x = k.Embedding(7, 3)(x)
        parts = [k.MaxPooling1D(2)(k.Conv1D(4, size)(x)) for size in (2, 3)]
        return k.Dense(1)(k.Flatten()(k.Concatenate(axis=1)(parts)))

    built = functional((9,), layers)
    loaded = load_keras(save(built, tmp_path / "a.keras"))
    assert loaded.model.layers[1].output_length(9) == 7
    x = np.arange(18).reshape(2, 9) % 7
    assert_close(evaluate(loaded, x), predict(built, x))


def test_noise_is_left_out_with_a_warning(tmp_path):
    path = save(
        model((5,), [k.Dense(2), k.GaussianNoise(0.1)], dtype="float32"),
        tmp_path / "a.keras",
    )
    with pytest.warns(UserWarning, match=r"\(GaussianNoise\): stddev acts in training"):
        loaded = load_keras(path)
    assert loaded.model.layers[1] == nn.Activation("linear")


def test_a_state_that_lives_on_begins_anew_with_a_warning(tmp_path):
    with keras_reference.exact():
        built = keras_reference.keras.Sequential(
            [k.Input((4, 2), batch_size=3), k.GRU(2, stateful=True)]
        )
    path = save(built, tmp_path / "a.keras")
    with pytest.warns(UserWarning, match=r"stateful=True carries its state from batch"):
        loaded = load_keras(path)
    assert loaded.model == nn.Sequential((nn.GRU(2, reset_after=True),))


def in_cudnn(kernel, gates):
    """Store each gate's kernel by rows of units, in the shape of the whole."""
    parts = np.split(kernel, gates, axis=1)
    return np.concatenate([part.T.reshape(part.shape) for part in parts], axis=1)


def transposed(kernel, gates):
    parts = np.split(kernel, gates, axis=1)
    return np.concatenate([part.T for part in parts], axis=1)


@pytest.mark.parametrize("kind, gates", [("GRU", 3), ("LSTM", 4)])
def test_cudnn_layers_of_keras_2(kind, gates, tmp_path):
    kernel, recurrent = normal(3, 2 * gates, seed=1), normal(2, 2 * gates, seed=2)
    biases, x = normal(2, 2 * gates, seed=3), normal(2, 5, 3)
    weights = gru_weights()
    weights["gru_1", "kernel"] = in_cudnn(kernel, gates)
    weights["gru_1", "recurrent_kernel"] = transposed(recurrent, gates)
    weights["gru_1", "bias"] = biases.reshape(-1)
    path = gru_file(
        tmp_path / "old.h5", "2.2.4", {"units": 2}, weights, kind=f"CuDNN{kind}"
    )
    if kind == "GRU":
        state = oracles.gru(x, kernel, recurrent, biases, reset_after=True)
    else:
        state = recurrent_oracles.lstm(x, kernel, recurrent, biases.sum(0))
    expected = state @ weights["dense_1", "kernel"] + weights["dense_1", "bias"]
    assert_close(evaluate(load_keras(path), x), expected.astype(np.float32))
