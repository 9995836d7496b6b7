import jax
import jax.numpy as jnp
import pytest

from seqconv_jax import UserError, ops
from seqconv_jax.nn import Conv1D, ConvBlock, check_lengths

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
