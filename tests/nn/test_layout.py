"""Layers that lay steps and features out anew."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numerics import assert_same_bits, normal

from seqconv_jax import UserError, nn

X = normal(2, 6, 4)


def run(layer, x=X, mask=None):
    return np.asarray(layer.apply({}, x, mask=mask))


def test_values():
    assert_same_bits(run(nn.Reshape((8, 3))), X.reshape(2, 8, 3))
    assert_same_bits(run(nn.Reshape((-1, 2))), X.reshape(2, 12, 2))
    assert_same_bits(run(nn.Reshape((24,))), X.reshape(2, 24))
    assert_same_bits(run(nn.Permute()), X.swapaxes(1, 2))
    assert_same_bits(run(nn.RepeatVector(3), X[:, 0]), np.stack([X[:, 0]] * 3, 1))
    padded = np.pad(X, ((0, 0), (2, 1), (0, 0)))
    assert_same_bits(run(nn.ZeroPad1D((2, 1))), padded)
    assert_same_bits(run(nn.Crop1D((2, 1)), padded), X)
    assert_same_bits(run(nn.UpSample1D(2)), X.repeat(2, 1))


LENGTHS = [
    (nn.Reshape((8, 3)), 8),
    (nn.Reshape((-1, 2)), None),
    (nn.Reshape((24,)), None),
    (nn.Permute(), None),
    (nn.RepeatVector(3), 3),
    (nn.ZeroPad1D((2, 1)), 9),
    (nn.Crop1D((2, 1)), 3),
    (nn.UpSample1D(2), 12),
]


@pytest.mark.parametrize("layer, length", LENGTHS)
def test_lengths(layer, length):
    assert layer.output_length(6) == length
    assert layer.windows is None and layer.mask_after(np.ones((2, 6)), None) is None


@pytest.mark.parametrize("layer, _", LENGTHS)
def test_a_mask_is_an_error(layer, _):
    x = X[:, 0] if isinstance(layer, nn.RepeatVector) else X
    with pytest.raises(UserError, match="`mask` must be None for a .* layer, behind"):
        run(layer, x, np.ones((2, 6), bool))


@pytest.mark.parametrize(
    "layer, message",
    [
        (nn.Reshape((5, 5)), r"`shape` must be .* of 24 values, got \(5, 5\)"),
        (nn.Reshape((-1, 5)), r"`shape` must be .* of 24 values, got \(-1, 5\)"),
        (nn.Reshape((-1, -1)), r"`shape` must be"),
        (nn.Reshape((2, 3, 4)), r"`shape` must be"),
        (nn.ZeroPad1D((-1, 1)), "`sides` must be a pair of integers of at least 0"),
        (nn.Crop1D((3, 3)), r"`x` must have shape more than 6 steps, got \(2, 6, 4\)"),
        (nn.UpSample1D(0), "`size` must be a positive integer, got 0"),
        (nn.RepeatVector(3), r"`x` must have shape \(batch, features\), got"),
    ],
)
def test_errors(layer, message):
    with pytest.raises(UserError, match=message):
        jax.eval_shape(lambda x: layer.apply({}, x), X)


def test_a_decoder_is_a_chain_of_layers():
    layers = nn.GRU(3), nn.RepeatVector(5), nn.GRU(2, return_sequences=True)
    model = nn.Sequential(layers)
    shape = jax.eval_shape(model.init_with_output, jax.random.key(0), X)[0].shape
    assert shape == (2, 5, 2)


def test_steps_of_branches_one_behind_the_other():
    model = nn.Parallel(((), (nn.Crop1D((1, 2)),)), merge="concatenate_steps")
    assert_same_bits(run(model), np.concatenate([X, X[:, 1:4]], 1))
    assert model.output_length(6) == 9
    same = nn.Parallel(((), ()), merge="concatenate_steps")
    mask = jnp.arange(6)[None] < jnp.array([[6], [4]])
    left = np.asarray(same.mask_after(mask, None))
    assert_same_bits(left, np.tile(mask, 2))
