"""How long sequences are behind every layer, and how far back an output sees."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from nn.stacks import NAMED, Scale
from numerics import apply, drawn, quick_jit

from seqconv_jax import UserError, nn, ops
from seqconv_jax.nn import Conv1D, ConvBlock, check_lengths, receptive_field
from seqconv_jax.nn.lengths import output_length

KEY = jax.random.key(0)


def layers_of(blocks):
    return [layer for block in blocks for layer in block.layers]


def test_lengths_of_a_stack():
    blocks = [
        ConvBlock(8, 5, pool=3),
        ConvBlock(8, 5, padding="same"),
        ConvBlock(8, 3, padding="causal", dilation=40, pool=2, pooling="average"),
        ConvBlock(8, 3, dilation=4),
    ]
    assert check_lengths(240, layers_of(blocks)) == [240, 236, 78, 78, 78, 39, 31]
    assert check_lengths(7, []) == [7]


@pytest.mark.parametrize(
    "length, blocks, message",
    [
        (
            12,
            [ConvBlock(8, 7), ConvBlock(8, 7, pool=5)],
            "the sequence is too short for Conv1D_1: a window of 7 and valid padding "
            r"needs at least 7 steps, got 6 \(lengths so far: 12 -> 6\); give longer",
        ),
        (
            9,
            [ConvBlock(8, 7, pool=5)],
            r"for MaxPool1D_0: a window of 5 .* got 3 \(lengths so far: 9 -> 3\); give",
        ),
        (
            9,
            [ConvBlock(8, 3, padding="same"), ConvBlock(8, 3, dilation=5)],
            r"Conv1D_1: a window of 3 with dilation 5 .* 11 steps, got 9 .*: 9 -> 9\)",
        ),
    ],
)
def test_lengths_raise_for_too_short_a_sequence(length, blocks, message):
    with pytest.raises(UserError, match=message):
        check_lengths(length, layers_of(blocks))


def test_lengths_agree_with_what_the_layers_return():
    for block in [
        ConvBlock(2, 4, pool=3, dilation=2),
        ConvBlock(2, 4, padding="same"),
        ConvBlock(2, 4, pool=2, padding="causal"),
    ]:
        x = jax.ShapeDtypeStruct((1, 20, 2), jnp.float32)
        layer = Conv1D(2, 4, padding=block.padding, dilation=block.dilation)
        y, _ = jax.eval_shape(layer.init_with_output, KEY, x)
        lengths = [20, y.shape[1]]
        if block.pool is not None:
            y = jax.eval_shape(lambda y, window=block.pool: ops.max_pool(y, window), y)
            lengths.append(y.shape[1])
        assert check_lengths(20, block.layers) == lengths


def same(size, **options):
    return nn.Conv1D(2, size, padding="same", **options)


KINDS = {
    "steps": [nn.Dense(2), nn.Activation("tanh"), nn.Dropout(0.1), nn.LayerNorm()],
    "more steps": [nn.BatchNorm(), nn.Masking(), nn.MatchWidth(5)],
    "windows": [nn.Conv1D(2, 4, stride=2, dilation=3), nn.AvgPool1D(3, stride=2)],
    "same": [same(4, stride=3), nn.MaxPool1D(3, padding="same")],
    "states": [nn.GRU(2, return_sequences=True), nn.LSTM(2, return_sequences=True)],
    "both": [nn.Bidirectional(nn.SimpleRNN(2, return_sequences=True))],
    "blocks": [nn.ResidualBlock(4, 3, 2), nn.Residual((same(3), nn.Dense(4)))],
    "branches": [nn.Parallel(((same(3),), (), (nn.Dense(3), same(5))))],
    "shorter": [nn.Residual((nn.Conv1D(3, 5),), (nn.AvgPool1D(5, 1),))],
    "nested": [nn.Sequential((nn.Conv1D(2, 3), nn.Sequential((nn.MaxPool1D(2),))))],
}


@pytest.mark.parametrize("name", KINDS)
def test_every_layer_says_what_it_leaves(name):
    x = jax.ShapeDtypeStruct((1, 40, 3), jnp.float32)
    layers, lengths = KINDS[name], [40]
    for layer in layers:
        x, _ = jax.eval_shape(layer.init_with_output, KEY, x)
        lengths.append(x.shape[1])
    assert check_lengths(40, layers) == lengths
    assert nn.Sequential(tuple(layers)).output_length(40) == lengths[-1]
    assert output_length(40, layers) == lengths[-1]


ENDS = [
    nn.GRU(2),
    nn.LSTM(2),
    nn.Bidirectional(nn.SimpleRNN(2)),
    nn.GlobalMaxPool1D(),
    nn.GlobalAvgPool1D(),
    nn.Flatten(),
    nn.LastStep(),
    nn.Sequential((nn.Conv1D(2, 3), nn.GRU(2))),
    Scale(),  # A stranger's, which does not say.
]


@pytest.mark.parametrize("layer", ENDS, ids=lambda layer: type(layer).__name__)
def test_where_no_sequence_is_left_there_is_no_length(layer):
    row = [nn.Conv1D(2, 5), layer, nn.Dense(1)]
    assert check_lengths(40, row) == [40, 36]
    assert output_length(40, row) is None
    assert nn.Sequential(tuple(row)).output_length(40) is None


@pytest.mark.parametrize(
    "layers, field",
    [
        ((), 1),
        ((nn.Dense(4), nn.LayerNorm(), nn.Dropout(0.5)), 1),
        ((nn.Conv1D(4, 3, dilation=4), nn.AvgPool1D(2)), 10),
        ((nn.ResidualBlock(4, 3, 2), nn.LastStep()), 9),
        ((nn.Residual((same(3),), (same(5),)), same(2)), 6),
        ((nn.Parallel(((same(3), same(3)), (same(4),), ())),), 5),
        ((nn.Sequential((same(3), nn.Sequential((same(3),)))), same(3)), 7),
        ((same(3), nn.GRU(4)), None),
        ((nn.Bidirectional(nn.LSTM(4)),), None),
        ((nn.GlobalMaxPool1D(),), None),
        ((nn.Flatten(),), None),
        ((nn.Parallel(((), (nn.GRU(3, return_sequences=True),))),), None),
        ((same(3), Scale()), None),
    ],
    ids=str,
)
def test_receptive_field_of_every_kind(layers, field):
    assert receptive_field(layers) == field


@pytest.mark.parametrize("name", ["windows", "same", "blocks", "branches", "nested"])
def test_receptive_field_is_the_span_that_an_output_sees(name):
    layers = KINDS[name]
    model, x = nn.Sequential(tuple(layers)), jnp.ones((1, 61, 3))
    field = receptive_field(layers)
    params = jax.tree.map(lambda p: jnp.abs(p) + 0.1, drawn(model, x))
    middle = check_lengths(61, layers)[-1] // 2
    gradient = quick_jit(jax.grad(lambda x: apply(model, params, x)[0, middle].sum()))
    # A maximum looks at all steps of its window but passes one gradient.
    seen = np.flatnonzero(np.any(np.asarray(gradient(x)[0]) != 0, axis=-1))
    assert seen[-1] - seen[0] + 1 <= field
    if not any("MaxPool" in repr(layer) for layer in layers):
        assert seen[-1] - seen[0] + 1 == field


@pytest.mark.parametrize("name", ["ConvGRU", "TCN", "TextConvNet"])
def test_models_say_what_their_layers_say(name):
    model, x = NAMED[name]
    assert model.output_length(x.shape[1]) is None
    assert nn.receptive_field([model]) == nn.receptive_field(model.layers)
    assert nn.receptive_field(NAMED["TCN"][0].layers) == 29
    assert check_lengths(40, NAMED["TextConvNet"][0].layers) == [40, 40, 36, 18, 16]


def test_a_short_sequence_in_a_nested_model_names_the_place_in_each():
    inner = nn.Sequential((nn.MaxPool1D(2), nn.Conv1D(4, 9)))
    model = nn.Sequential((nn.Dense(3), inner))
    message = (
        r"too short for Sequential_0: the sequence is too short for Conv1D_0: .* got 6 "
        r"\(lengths so far: 12 -> 6\).*\(lengths so far: 12 -> 12\)"
    )
    with pytest.raises(UserError, match=message):
        jax.eval_shape(model.init, KEY, jnp.ones((1, 12, 3)))
