import jax
import jax.numpy as jnp
import numpy as np
import pytest
from models.networks import S7B, S10, ids, series
from numerics import assert_same_bits, drawn, normal, quick_jit

from seqconv_jax import UserError
from seqconv_jax.models import TCN, ConvGRU, GRURegressor, SeriesConvNet, TextConvNet
from seqconv_jax.nn import ConvBlock

KEY = jax.random.key(0)


def test_recurrent_defaults_are_those_of_the_book():
    for model, rates in [(ConvGRU(), (0.1, 0.5)), (GRURegressor(), (0.2, 0.2))]:
        assert (model.dropout, model.recurrent_dropout) == rates
        assert not model.reset_after and model.gate_activation == "sigmoid"


def test_too_short_a_sequence_raises_with_all_lengths():
    message = (
        "the sequence is too short for Conv1D_1: a window of 7 and valid padding needs "
        r"at least 7 steps, got 6 \(lengths so far: 12 -> 6\); give longer sequences"
    )
    with pytest.raises(UserError, match=message):
        jax.eval_shape(S10.init, KEY, series(12, 6))
    with pytest.raises(
        UserError, match=r"MaxPool1D_0: .* \(lengths so far: 8 -> 8 -> 2\)"
    ):
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
            SeriesConvNet(head="max"),
            (2, 99, 3),
            "`head` must be one of 'global_max'",
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
def test_errors(model, x, message):
    with pytest.raises(UserError, match=message):
        jax.eval_shape(model.init, KEY, jax.ShapeDtypeStruct(x, jnp.float32))
