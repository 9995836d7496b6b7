"""Settings of layers that would pass silently, or fail in words of others."""

# Arguments of wrong types are what is tested.
# pyright: reportArgumentType=false

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import seqconv_jax as sc
from seqconv_jax import nn
from seqconv_jax.models import TCN, ConvGRU, ConvRNN, GRURegressor, SeriesConvNet

X = np.ones((2, 12, 3), np.float32)
CONV = nn.Conv1D(3, 3, padding="same")


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.Conv1D(2, 3, use_bias="no"),
        lambda: nn.Dense(2, use_bias=0),
        lambda: nn.GRU(2, return_sequences="false"),
        lambda: nn.GRU(2, reset_after="true"),
        lambda: nn.LSTM(2, reverse=None),
        lambda: nn.Dropout(0.5, time_constant="yes"),
        lambda: nn.LayerNorm(use_scale="no"),
        lambda: GRURegressor(2, bidirectional="no"),
    ],
)
def test_flags_are_true_or_false(make):
    with pytest.raises(sc.UserError, match="` must be True or False, got "):
        make()


def test_flags_of_numpy_will_do():
    assert nn.Dense(2, use_bias=np.bool_(True)).use_bias


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: nn.Sequential(nn.Dense(2)), "`layers` .* got Dense$"),
        (lambda: nn.Sequential((nn.Dense,)), "`layers` .* got the class Dense in it"),
        (lambda: nn.Sequential((jnp.tanh,)), "`layers` must be Flax modules in a tup"),
        (lambda: nn.Sequential(("relu",)), "`layers` .* got str in it"),
        (lambda: nn.Residual((None,)), "`layers` .* got NoneType in it"),
        (lambda: nn.Residual((CONV,), CONV), "`shortcut` .* got Conv1D$"),
        (lambda: nn.Parallel((CONV, CONV)), "`branches` .* got Conv1D$"),
        (lambda: nn.Parallel(CONV), "`branches` must be at least one"),
        (lambda: ConvRNN(nn.LSTM), "`recurrent` .* got the class LSTM in it"),
        (lambda: ConvRNN(8), "`recurrent` .* got int in it"),
    ],
)
def test_layers_are_modules_in_a_tuple(make, says):
    with pytest.raises(sc.UserError, match=says):
        make()


@pytest.mark.parametrize(
    ("layer", "says"),
    [
        *((nn.BatchNorm(momentum=m), "`momentum`") for m in (np.nan, -0.1, 1.5, "a")),
        *((nn.BatchNorm(epsilon=e), "`epsilon`") for e in (np.nan, -1.0, 0.0, 2, "a")),
        *((nn.LayerNorm(epsilon=e), "`epsilon`") for e in (np.nan, -1.0, np.inf)),
        (nn.Masking(np.nan), "`value` must be a number, which NaN is not"),
        (nn.Masking("0"), "`value` must be a number"),
        (nn.Bidirectional(nn.GRU), "`layer` .* got the class GRU in it"),
        (nn.MaxPool1D(0), "`window` must be a positive integer"),
        (nn.ResidualBlock(2, 3, dilation=0), "^`dilation` must be a positive integer"),
        (ConvGRU(2, pool=0), "^`window` must be a positive integer"),
        (TCN(2, dilations=4), "`dilations` must be a tuple of integers"),
        (SeriesConvNet(nn.ConvBlock(2, 3)), "`blocks` must be ConvBlocks in a tuple"),
        (SeriesConvNet((2, 3)), "`blocks` must be ConvBlocks in a tuple, got 2"),
    ],
)
def test_settings_are_named(layer, says):
    with pytest.raises(sc.UserError, match=says):
        jax.eval_shape(nn.Sequential((layer,)).init, jax.random.key(0), X)


@pytest.mark.parametrize("mask_id", [True, "0", 0.0])
def test_an_id_of_padding_is_an_integer(mask_id):
    layer = nn.Embedding(9, 2, mask_id=mask_id)
    with pytest.raises(sc.UserError, match="`mask_id` must be an integer or None"):
        layer.init(jax.random.key(0), np.ones((2, 3), np.int32))


@pytest.mark.parametrize(
    ("run", "says"),
    [
        (lambda: sc.ops.global_max_pool(X.tolist()), "`x` must be an array, got list"),
        (
            lambda: sc.ops.hide(X, np.ones((2, 12), int).tolist()),
            "`mask` must be an array, got list; jnp.asarray makes one",
        ),
        (
            lambda: sc.ops.hide(X, np.full((2, 12), -1)),
            "`mask` must be 0 and 1, got 'from -1 to -1'",
        ),
        (lambda: sc.ops.dropout(X, 0, 0.5), "`key` must be an array, got int"),
        (lambda: sc.summary(CONV, (1, 12, 3)), "`example` must be an array, got tuple"),
        (lambda: sc.count_parameters(CONV), "`params` must be an array, got Conv1D"),
        (
            lambda: CONV.init(jax.random.key(0), X[..., :0]),
            r"`x` must have features, got none for kernel \(3, 0, 3\)",
        ),
    ],
)
def test_what_is_no_array_is_named(run, says):
    with pytest.raises(sc.UserError, match=says):
        run()
