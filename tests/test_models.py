import itertools
import warnings
from typing import Any

import jax
import jax.numpy as jnp
import keras
import keras_reference
import numpy as np
import pytest
from keras import layers as k
from numerics import (
    apply,
    assert_close,
    assert_same_bits,
    drawn,
    normal,
    quick_jit,
    values_and_gradients,
)

from seqconv_jax import UserError
from seqconv_jax.layer_table import count_parameters, layers
from seqconv_jax.models import TCN, ConvGRU, GRURegressor, SeriesConvNet, TextConvNet
from seqconv_jax.nn import Conv1D, ConvBlock, Dense, ResidualBlock, cones

KEY = jax.random.key(0)
S7B = SeriesConvNet(blocks=(ConvBlock(32, 5, pool=3), ConvBlock(32, 5, pool=2)))
S10 = SeriesConvNet(
    blocks=(
        ConvBlock(128, 7, activation="linear"),
        ConvBlock(32, 7, pool=5),
        ConvBlock(32, 7),
    )
)
CONV, POOL, GLOBAL, DENSE = "Conv1D", "MaxPool1D", "GlobalMaxPool1D", "Dense"


def ids(length):
    return jax.ShapeDtypeStruct((2, length), jnp.int32)


def series(length, features):
    return jax.ShapeDtypeStruct((2, length, features), jnp.float32)


TABLES = {
    "S1": (
        TextConvNet(vocabulary=32),
        ids(1000),
        [
            ("Embedding_0", (1000, 128), 4_096),
            ("Conv1D_0", (994, 32), 28_704),
            ("MaxPool1D_0", (198, 32), 0),
            ("Conv1D_1", (192, 32), 7_200),
            ("GlobalMaxPool1D_0", (32,), 0),
            ("Dense_0", (1,), 33),
        ],
        40_033,
    ),
    "S2": (
        TextConvNet(),
        ids(500),
        [
            ("Embedding_0", (500, 128), 1_280_000),
            ("Conv1D_0", (494, 32), 28_704),
            ("MaxPool1D_0", (98, 32), 0),
            ("Conv1D_1", (92, 32), 7_200),
            ("GlobalMaxPool1D_0", (32,), 0),
            ("Dense_0", (1,), 33),
        ],
        1_315_937,
    ),
    "S7a": (
        SeriesConvNet(),
        series(240, 14),
        [
            ("Conv1D_0", (236, 32), 2_272),
            ("MaxPool1D_0", (78, 32), 0),
            ("Conv1D_1", (74, 32), 5_152),
            ("MaxPool1D_1", (24, 32), 0),
            ("Conv1D_2", (20, 32), 5_152),
            ("GlobalMaxPool1D_0", (32,), 0),
            ("Dense_0", (1,), 33),
        ],
        12_609,
    ),
    "S7b": (
        S7B,
        series(240, 14),
        [
            ("Conv1D_0", (236, 32), 2_272),
            ("MaxPool1D_0", (78, 32), 0),
            ("Conv1D_1", (74, 32), 5_152),
            ("MaxPool1D_1", (37, 32), 0),
            ("GlobalMaxPool1D_0", (32,), 0),
            ("Dense_0", (1,), 33),
        ],
        7_457,
    ),
    "S8a": (
        ConvGRU(),
        series(240, 14),
        [
            ("Conv1D_0", (236, 32), 2_272),
            ("MaxPool1D_0", (78, 32), 0),
            ("Conv1D_1", (74, 32), 5_152),
            ("GRU_0", (32,), 6_240),
            ("Dense_0", (1,), 33),
        ],
        13_697,
    ),
    "S8b, reset after": (
        ConvGRU(reset_after=True),
        series(480, 14),
        [
            ("Conv1D_0", (476, 32), 2_272),
            ("MaxPool1D_0", (158, 32), 0),
            ("Conv1D_1", (154, 32), 5_152),
            ("GRU_0", (32,), 6_336),
            ("Dense_0", (1,), 33),
        ],
        13_793,
    ),
    "S9": (
        GRURegressor(),
        series(240, 14),
        [("GRU_0", (32,), 3 * 32 * (14 + 32 + 1)), ("Dense_0", (1,), 33)],
        4_545,
    ),
    "S9, both directions": (
        GRURegressor(bidirectional=True),
        series(240, 14),
        [("Bidirectional_0", (64,), 2 * 4_512), ("Dense_0", (1,), 65)],
        9_089,
    ),
    "S10": (
        S10,
        series(60, 6),
        [
            ("Conv1D_0", (54, 128), 5_504),
            ("Conv1D_1", (48, 32), 28_704),
            ("MaxPool1D_0", (9, 32), 0),
            ("Conv1D_2", (3, 32), 7_200),
            ("GlobalMaxPool1D_0", (32,), 0),
            ("Dense_0", (1,), 33),
        ],
        41_441,
    ),
    "TCN": (
        TCN(8, dilations=(1, 2)),
        series(20, 3),
        [
            ("ResidualBlock_0", (5, 8), (72 + 8) + (192 + 8) + (24 + 8)),
            ("ResidualBlock_1", (1, 8), 2 * (192 + 8)),
            ("Dense_0", (1,), 9),
        ],
        721,
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_table_of_layers(name):
    model, x, rows, total = TABLES[name]
    assert layers(model, x) == rows
    assert sum(row[2] for row in rows) == total
    variables = jax.eval_shape(model.init, KEY, x)
    assert list(variables) == ["params"]
    assert count_parameters(variables) == total
    assert jax.eval_shape(model.apply, variables, x).shape == (2, 1)


def same_weights(model, x):
    """Return variables with no zero in them, and their list in the order of Keras."""
    variables = drawn(model, x, scale=0.2)
    return variables, keras_reference.in_order(model, variables["params"], x)


def gru(units, **options):
    return k.GRU(units, reset_after=False, **options)


def test_recurrent_defaults_are_those_of_the_source():
    for model, rates in [(ConvGRU(), (0.1, 0.5)), (GRURegressor(), (0.2, 0.2))]:
        assert (model.dropout, model.recurrent_dropout) == rates
        assert not model.reset_after and model.gate_activation == "sigmoid"


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
            ending="flatten",
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
            ending="global_average",
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


@pytest.mark.parametrize("pooling", ["max", "average"])
@pytest.mark.parametrize(
    "ending, shape",
    [("global_max", (4,)), ("global_average", (4,)), ("flatten", (8 * 4,))],
)
def test_pooling_family_and_endings(pooling, ending, shape):
    block = ConvBlock(4, 5, pool=2, pooling=pooling)
    for model, x in [
        (TextConvNet(9, 3, (block,), ending), ids(20)),
        (SeriesConvNet((block,), ending), series(20, 3)),
    ]:
        rows = layers(model, x)[-4:]
        pool = {"max": "MaxPool1D_0", "average": "AvgPool1D_0"}[pooling]
        last = {
            "global_max": "GlobalMaxPool1D_0",
            "global_average": "GlobalAvgPool1D_0",
            "flatten": "Flatten_0",
        }[ending]
        assert [row.layer for row in rows] == ["Conv1D_0", pool, last, "Dense_0"]
        assert rows[2].shape == shape
        assert rows[3].parameters == shape[0] + 1


def test_too_short_a_sequence_is_refused_with_all_lengths():
    message = (
        "the sequence is too short for Conv1D_1: a window of 7 and valid padding needs "
        r"at least 7 steps, got 6 \(lengths so far: 12 -> 6\); give longer sequences"
    )
    with pytest.raises(UserError, match=message):
        jax.eval_shape(S10.init, KEY, series(12, 6))
    with pytest.raises(UserError, match=r"pool 0: .* \(lengths so far: 8 -> 2\)"):
        jax.eval_shape(TextConvNet(9).init, KEY, ids(8))
    with pytest.raises(UserError, match=r"Conv1D_1.*\(lengths so far: 16 -> 12 -> 4\)"):
        jax.eval_shape(ConvGRU().init, KEY, series(16, 3))


SMALL = {
    "TextConvNet": (TextConvNet(9, 3, dropout=0.5), jnp.zeros((2, 50), jnp.int32)),
    "SeriesConvNet": (S7B.clone(dropout=0.5), normal(2, 40, 3)),
    "ConvGRU": (ConvGRU(4, 3, units=4), normal(2, 20, 3)),
    "GRURegressor": (GRURegressor(4), normal(2, 9, 3)),
    "both directions": (GRURegressor(4, bidirectional=True), normal(2, 9, 3)),
    "TCN": (TCN(8, dilations=(1, 2), dropout=0.5), normal(2, 20, 3)),
}


@pytest.mark.parametrize("name", SMALL)
def test_dropout_only_in_training_and_new_for_each_key(name):
    model, x = SMALL[name]
    variables = drawn(model, x, scale=0.3)
    run = quick_jit(model.apply, static_argnames="train")
    still = run(variables, x)
    assert_same_bits(still, run(variables, x, train=False))
    seeds = [
        run(variables, x, train=True, rngs={"dropout": jax.random.key(s)})
        for s in (1, 1, 2)
    ]
    assert_same_bits(seeds[0], seeds[1])
    assert np.any(seeds[0] != seeds[2])
    assert np.any(seeds[0] != still)


@pytest.mark.parametrize(
    "model, x, message",
    [
        (
            TextConvNet(),
            (2, 5, 3),
            r"`x` must have shape \(batch, time\), got \(2, 5, 3",
        ),
        (
            SeriesConvNet(),
            (2, 500),
            r"`x` must have shape \(batch, time, features\), g",
        ),
        (ConvGRU(), (2, 500), r"`x` must have shape \(batch, time, features\), got"),
        (GRURegressor(), (2, 500), r"`x` must have shape \(batch, time, features\)"),
        (TCN(), (2, 500), r"`x` must have shape \(batch, time, features\), got"),
        (
            SeriesConvNet(ending="max"),
            (2, 99, 3),
            "`ending` must be one of 'global_max'",
        ),
        (
            SeriesConvNet((ConvBlock(4, 5, pool=2, pooling="avg"),)),
            (2, 99, 3),
            "`pooling` must be one of 'max', 'average', got 'avg'",
        ),
        (ConvGRU(dropout=1.0), (2, 99, 3), r"`dropout` must be a number in \[0, 1\)"),
        (
            GRURegressor(recurrent_dropout=float("nan")),
            (2, 99, 3),
            r"`recurrent_dropout` must be a number in \[0, 1\), got nan",
        ),
        (
            SeriesConvNet(dropout=-0.5),
            (2, 99, 3),
            r"`dropout` must be a number in \[0, 1\)",
        ),
        (SeriesConvNet(outputs=0), (2, 99, 3), "`features` must be a positive integer"),
        (TCN(kernel_size=0), (2, 200, 3), "`kernel_size` must be a positive integer"),
    ],
)
def test_refusals(model, x, message):
    with pytest.raises(UserError, match=message):
        jax.eval_shape(model.init, KEY, jax.ShapeDtypeStruct(x, jnp.float32))


@pytest.mark.parametrize(
    "kernel_size, dilations, field", [(3, (1, 2), 13), (2, (1, 2, 4), 15), (1, (9,), 1)]
)
def test_tcn_sees_its_receptive_field_and_no_more(kernel_size, dilations, field):
    model = TCN(4, kernel_size, dilations)
    assert model.receptive_field == field
    x = jnp.ones((1, 20, 2))
    params = jax.tree.map(lambda p: jnp.abs(p) + 0.1, drawn(model, x))
    gradient = quick_jit(jax.grad(lambda x: apply(model, params, x).sum()))(x)
    seen = np.flatnonzero(np.any(np.asarray(gradient[0]) != 0, axis=-1))
    assert (seen[0], seen[-1]) == (20 - field, 19)


def every_step(model, variables, x):
    """Compute every block at every step, and read off the last one."""
    params = variables["params"]
    for i, dilation in enumerate(model.dilations):
        block = ResidualBlock(model.features, model.kernel_size, dilation)
        x = apply(block, {"params": params[f"ResidualBlock_{i}"]}, x)
    return apply(Dense(model.outputs), {"params": params["Dense_0"]}, x[:, -1])


@pytest.mark.filterwarnings("ignore:TCN's receptive field")
@pytest.mark.parametrize(
    "kernel_size, dilations, lengths",
    [
        (3, (1, 2, 4), (29, 30, 64)),
        (3, (1, 2, 4, 8), (1, 2, 7, 28, 60)),
        (2, (3, 2, 6), (11, 12, 40)),
        (4, (4, 2, 1), (9, 45)),
        (1, (5,), (1, 6)),
        (2, (), (3,)),
    ],
)
def test_tcn_equals_its_blocks_at_every_step(kernel_size, dilations, lengths):
    model = TCN(4, kernel_size, dilations)
    series = [normal(2, length, 3) for length in lengths]
    variables = [drawn(model, x, scale=0.5) for x in series]
    got, expected = (
        values_and_gradients(
            [lambda v, x, run=run: run(model, v, x)] * len(series),
            list(zip(variables, series, strict=True)),
        )
        for run in (apply, every_step)
    )
    assert_close(got, expected, 2e-5)


def test_tcn_computes_a_fraction_of_the_steps():
    blocks, (needed, apart) = cones(10_000, 3, (1, 2, 4, 8, 16))
    assert (needed, apart) == (TCN(dilations=(1, 2, 4, 8, 16)).receptive_field, 1)
    assert [block.inner for block in blocks] == [123, 59, 27, 11, 3]
    assert [block.outputs for block in blocks] == [61, 29, 13, 5, 1]


def test_tcn_default_receptive_field():
    assert TCN().receptive_field == 1 + 2 * 2 * (1 + 2 + 4 + 8 + 16 + 32)


def test_tcn_ignores_what_lies_before_its_field_to_the_bit():
    model = TCN(4, 3, (1, 2))
    x = normal(2, 20, 2)
    variables = drawn(model, x)
    spoilt = x.copy()
    spoilt[:, : 20 - 13] = np.nan
    run = jax.jit(model.apply)
    assert_same_bits(run(variables, spoilt), run(variables, x))


def test_tcn_warns_where_its_field_is_wider_than_the_sequence():
    model = TCN(2, 3, (1, 2))
    message = "receptive field of 13 steps is wider than the sequence of 12"
    with pytest.warns(UserWarning, match=message):
        jax.eval_shape(model.init, KEY, series(12, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        jax.eval_shape(model.init, KEY, series(13, 2))
