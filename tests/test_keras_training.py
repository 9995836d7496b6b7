"""Whole systems beside Keras: the same weights and batches, twenty training steps."""

import functools
from typing import Any, NamedTuple
from unittest.mock import Mock, patch

import jax
import jax.numpy as jnp
import keras
import keras_reference
import numpy as np
import pytest
from keras import layers as k
from keras.src.backend.jax import trainer
from numerics import assert_close, drawn, normal, quick_jit

from seqconv_jax import losses, ops, optim
from seqconv_jax.models import (
    ConvGRU,
    ConvRNN,
    GRURegressor,
    SeriesConvNet,
    TextConvNet,
)
from seqconv_jax.nn import (
    GRU,
    LSTM,
    Activation,
    BatchNorm,
    Bidirectional,
    Conv1D,
    ConvBlock,
    Dense,
    GlobalMaxPool1D,
    LayerNorm,
    Sequential,
    SimpleRNN,
)
from seqconv_jax.train import Batch, TrainState, make_step

STEPS, BATCH = 20, 4


class System(NamedTuple):
    """One of our models, the Keras stack that it should equal, and their data."""

    model: Any
    stack: Any
    shape: tuple[int, ...]
    words: int = 0
    rate: float = 1e-3
    keras_jit: Any = quick_jit


def conv(features, kernel_size, activation: str | None = "relu"):
    return k.Conv1D(features, kernel_size, activation=activation)


def end():
    return k.GlobalMaxPooling1D(), k.Dense(1)


def text(words):
    convolutions = conv(32, 7), k.MaxPooling1D(5), conv(32, 7)
    return k.Embedding(words, 128), *convolutions, *end()


def hybrid():
    gru = k.GRU(32, reset_after=False)
    return conv(32, 5), k.MaxPooling1D(3), conv(32, 5), gru, k.Dense(1)


def jena(last):
    first = conv(32, 5), k.MaxPooling1D(3), conv(32, 5)
    return *first, *last, *end()


CALM: Any = {"dropout": 0.0, "recurrent_dropout": 0.0}
S7B = SeriesConvNet((ConvBlock(32, 5, pool=3), ConvBlock(32, 5, pool=2)))
S10 = SeriesConvNet(
    (
        ConvBlock(128, 7, activation="linear"),
        ConvBlock(32, 7, pool=5),
        ConvBlock(32, 7),
    )
)
SYSTEMS = {
    "S1": System(TextConvNet(32), lambda: text(32), (1000,), 32),
    "S2": System(TextConvNet(), lambda: text(10_000), (500,), 10_000, 1e-4),
    "S7a": System(
        SeriesConvNet(),
        lambda: jena([k.MaxPooling1D(3), conv(32, 5)]),
        (240, 14),
    ),
    "S7b": System(S7B, lambda: jena([k.MaxPooling1D(2)]), (240, 14)),
    "S8a": System(ConvGRU(**CALM), hybrid, (240, 14)),
    "S8b": System(ConvGRU(**CALM), hybrid, (480, 14)),
    "S9": System(
        GRURegressor(**CALM),
        lambda: [k.GRU(32, reset_after=False), k.Dense(1)],
        (240, 14),
    ),
    "S10": System(
        S10,
        lambda: [
            conv(128, 7, None),
            conv(32, 7),
            k.MaxPooling1D(5),
            conv(32, 7),
            *end(),
        ],
        (60, 6),
        rate=1e-4,
    ),
    "LSTM": System(
        ConvRNN(LSTM(8), (ConvBlock(8, 5, pool=3),)),
        lambda: [conv(8, 5), k.MaxPooling1D(3), k.LSTM(8), k.Dense(1)],
        (60, 6),
    ),
    "SimpleRNN": System(
        ConvRNN(Bidirectional(SimpleRNN(8)), (ConvBlock(8, 5, pool=3),)),
        lambda: [
            *(conv(8, 5), k.MaxPooling1D(3)),
            *(k.Bidirectional(k.SimpleRNN(8)), k.Dense(1)),
        ],
        (60, 6),
    ),
    "norms": System(
        Sequential(
            (
                Conv1D(8, 5, use_bias=False),  # it would be taken out by the norm
                *(BatchNorm(momentum=0.9), Activation("relu")),
                *(Conv1D(8, 5), LayerNorm(), GlobalMaxPool1D(), Dense(1)),
            )
        ),
        lambda: [
            k.Conv1D(8, 5, use_bias=False),
            *(k.BatchNormalization(momentum=0.9), k.ReLU()),
            *(conv(8, 5, None), k.LayerNormalization(), *end()),
        ],
        (60, 6),
        # Compiled the quick way, Keras's gradients behind a layer norm and a maximum
        # are NaN in XLA for CPUs: see ops/max_over_time.py.
        keras_jit=jax.jit,
    ),
}


def batches(system) -> Any:
    """Return the inputs and targets of all steps."""
    rng = np.random.default_rng(0)
    if system.words:
        x = rng.integers(0, system.words, (STEPS, BATCH, *system.shape), np.int32)
        return x, rng.integers(0, 2, (STEPS, BATCH, 1)).astype("float32")
    x = normal(STEPS, BATCH, *system.shape)
    return x, x[:, :, -1, :1] + x.mean((2, 3))[..., None]


def train_keras(system, weights, xs, ys):
    """Return the first outputs, the losses, the final weights and averages of Keras."""
    with keras_reference.exact(), patch.object(trainer, "jit", system.keras_jit):
        stack = system.stack()
        model = keras_reference.sequential(xs.shape[2:], stack, str(xs.dtype))
        loss = keras.losses.MeanAbsoluteError()
        if system.words:
            loss = keras.losses.BinaryCrossentropy(from_logits=True)
        model.compile(keras.optimizers.RMSprop(system.rate), loss)
        for variable, weight in zip(model.trainable_variables, weights, strict=True):
            variable.assign(weight)
        averages = [v for v in model.variables if v.name.startswith("moving_")]
        for variable in averages[1::2]:
            variable.assign(np.ones(variable.shape))  # as drawn, and as ours
        first = model.predict_on_batch(xs[0])
        path = [model.train_on_batch(x, y) for x, y in zip(xs, ys, strict=True)]
        final = [np.asarray(v.value) for v in model.trainable_variables]
        return first, np.array(path), final, [np.asarray(v.value) for v in averages]


def train_ours(system, variables, xs, ys):
    tx = optim.rmsprop(system.rate)
    loss = losses.binary_cross_entropy if system.words else losses.mae
    step = quick_jit(make_step(system.model, tx, loss))
    params, averages = variables["params"], variables.get("batch_stats", {})
    state = TrainState(jnp.zeros((), jnp.int32), params, tx.init(params), averages)
    first = quick_jit(system.model.apply)(variables, xs[0])
    path = []
    for x, y in zip(xs, ys, strict=True):
        batch = Batch(x, y, jnp.ones(BATCH, y.dtype))
        state, metrics = step(state, batch, jax.random.key(0))
        path.append(metrics["loss"])
    assert state.step == STEPS
    return first, np.array(path), state.params, jax.tree.leaves(state.batch_stats)


@pytest.mark.parametrize("name", SYSTEMS)
def test_twenty_steps_equal_keras(name):
    system = SYSTEMS[name]
    xs, ys = batches(system)
    variables = quick_jit(system.model.init)(jax.random.key(1), xs[0])
    variables = jax.tree.map(np.array, variables)  # Keras gives its own arrays away.
    weights = keras_reference.in_order(system.model, variables["params"], xs[0])
    first, path, final, averages = train_ours(system, variables, xs, ys)
    expected_first, expected_path, expected_final, expected_averages = train_keras(
        system, weights, xs, ys
    )
    assert np.std(first) > 1e-3
    assert_close(first, expected_first, 1e-5)
    np.testing.assert_allclose(path, expected_path, rtol=1e-5)
    trained = keras_reference.in_order(system.model, final, xs[0])
    for start, got, expected in zip(weights, trained, expected_final, strict=True):
        # A hundredth of one step at most, where all weights moved by many.
        np.testing.assert_allclose(got, expected, rtol=0, atol=system.rate / 100)
        assert np.abs(got - start).max() > system.rate / 10
    for got, expected in zip(averages, expected_averages, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


ROWS, LENGTH = 4_000, 12
DROPPING: Any = {"S8a": (32, (0.1, 0.5)), "S9": (14, (0.2, 0.2))}


@functools.cache
def dropped(name):
    """Return the masks and the states of ours and of Keras's GRU over many draws."""
    features, (dropout, recurrent) = DROPPING[name]
    options: Any = {"dropout": dropout, "recurrent_dropout": recurrent}
    options["return_sequences"] = True
    ours = GRU(32, **options)
    theirs = k.GRU(32, reset_after=False, seed=3, **options)
    # One sequence in every row: the rows differ by their masks alone.
    x = np.broadcast_to(normal(1, LENGTH, features), (ROWS, LENGTH, features))
    variables = drawn(ours, x, scale=0.3)
    parts = ("kernel", "recurrent_kernel", "bias")
    weights = [variables["params"][part] for part in parts]

    def run_ours(key):
        gru = Mock(side_effect=ops.gru)
        with patch.object(ops, "gru", gru):
            y = ours.apply(variables, x, train=True, rngs={"dropout": key})
        given = gru.call_args.kwargs
        return (given["input_dropout_mask"], given["recurrent_dropout_mask"]), y

    def run_keras():
        masks = []

        def keep(sequences, initial_state, mask, training):
            cell = theirs.cell
            masks.extend([cell._dropout_mask, cell._recurrent_dropout_mask])
            return loop(sequences, initial_state, mask=mask, training=training)

        loop = theirs.inner_loop
        with patch.object(theirs, "inner_loop", keep):
            y = keras_reference.function(theirs, weights, x, training=True)(weights, x)
        return tuple(jnp.stack(list(three)) for three in masks), y

    with keras_reference.exact():
        return quick_jit(run_ours)(jax.random.key(2)), quick_jit(run_keras)()


@pytest.mark.parametrize("name", DROPPING)
def test_dropout_draws_such_masks_as_keras(name):
    for masks, _ in dropped(name):
        for mask, rate in zip(masks, DROPPING[name][1], strict=True):
            # One for each gate, none for the steps: fixed over time.
            assert mask.shape[:2] == (3, ROWS) and mask.ndim == 3
            assert np.unique(mask).tolist() == [0, np.float32(1 / (1 - rate))]
            zero = (np.asarray(mask) == 0).reshape(3, -1)
            error = 5 / np.sqrt(zero.shape[1])
            assert np.abs(zero.mean(1) - rate).max() < error / 2
            assert np.abs(np.corrcoef(zero) - np.eye(3)).max() < error


def assert_same_moments(got, expected):
    """Compare means and variances over the rows: within five standard errors."""
    around = [(y - y.mean(0)) ** 2 for y in (got, expected)]
    for a, b in [(got, expected), around]:
        error = np.sqrt((a.var(0) + b.var(0)) / len(a))
        assert np.all(np.abs(a.mean(0) - b.mean(0)) <= 5 * error)


@pytest.mark.parametrize("name", DROPPING)
def test_dropout_spreads_the_states_as_in_keras(name):
    # An early step and the last one.
    got, expected = (np.asarray(y, np.float64)[:, [2, -1]] for _, y in dropped(name))
    assert np.all(got.std(0) > 1e-3)
    assert_same_moments(got, expected)
    # What was dropped early is dropped late: the states go together over time.
    products = [np.prod(y - y.mean(0), axis=1) for y in (got, expected)]
    assert_same_moments(*products)
