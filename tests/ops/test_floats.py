"""What is meant for floats takes nothing else, and says so."""

from typing import Any

import jax
import jax.numpy as jnp
import pytest
from numerics import apply

from seqconv_jax import nn, ops
from seqconv_jax._checks import UserError

KERNEL, KEY = jnp.ones((2, 3, 4)), jax.random.key(0)
MASK: Any = jnp.ones((2, 5), bool)
OPS = {
    "conv1d": lambda x: ops.conv1d(x, KERNEL),
    "causal_conv1d_end": lambda x: ops.causal_conv1d_end(x, KERNEL, outputs=1),
    "conv_max_pool": lambda x: ops.conv_max_pool(x, KERNEL, 2),
    "masked_conv1d": lambda x: ops.masked_conv1d(x, KERNEL, mask=MASK),
    "max_pool": lambda x: ops.max_pool(x, 2),
    "avg_pool": lambda x: ops.avg_pool(x, 2),
    "masked_max_pool": lambda x: ops.masked_max_pool(x, 2, mask=MASK),
    "masked_avg_pool": lambda x: ops.masked_avg_pool(x, 2, mask=MASK),
    "global_max_pool": ops.global_max_pool,
    "global_avg_pool": ops.global_avg_pool,
    "dropout": lambda x: ops.dropout(x, KEY, 0.5),
    "no dropout": lambda x: ops.dropout(x, KEY, 0.0),
    "gru": lambda x: ops.gru(x, jnp.ones((3, 6)), jnp.ones((2, 6))),
    "lstm": lambda x: ops.lstm(x, jnp.ones((3, 8)), jnp.ones((2, 8))),
    "simple_rnn": lambda x: ops.simple_rnn(x, jnp.ones((3, 2)), jnp.ones((2, 2))),
    "project_inputs": lambda x: ops.project_inputs(x, jnp.ones((3, 6))),
}
LAYERS: dict[str, Any] = {
    type(layer).__name__: layer
    for layer in (
        nn.Activation("relu"),
        nn.AvgPool1D(2),
        nn.BatchNorm(),
        nn.Bidirectional(nn.GRU(2)),
        nn.Conv1D(2, 2),
        nn.Dense(2),
        nn.Dropout(0.5),
        nn.GRU(2),
        nn.GlobalAvgPool1D(),
        nn.GlobalMaxPool1D(),
        nn.LSTM(2),
        nn.LayerNorm(),
        nn.MaxPool1D(2),
        nn.ResidualBlock(2),
        nn.SimpleRNN(2),
    )
}


@pytest.mark.parametrize("dtype", ["int32", "uint8", "bool", "complex64"])
@pytest.mark.parametrize("name", OPS)
def test_operations(name, dtype):
    with pytest.raises(UserError, match=f"`x` must be floats, got '?{dtype}"):
        OPS[name](jnp.ones((2, 5, 3), dtype))


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name):
    with pytest.raises(UserError, match="`x` must be floats, got '?int8"):
        LAYERS[name].init(KEY, jnp.ones((2, 5, 3), jnp.int8))


@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("kernel", lambda x: ops.conv1d(x, KERNEL.astype(int))),
        ("bias", lambda x: ops.conv1d(x, KERNEL, jnp.ones(4, int))),
        ("table", lambda x: ops.embed(jnp.zeros((2, 5), int), jnp.ones((3, 2), int))),
        (
            "initial_state",
            lambda x: ops.gru(
                *(x, jnp.ones((3, 6)), jnp.ones((2, 6))),
                initial_state=jnp.ones((2, 2), int),
            ),
        ),
    ],
)
def test_other_arguments(name, run):
    with pytest.raises(UserError, match=f"`{name}` must be floats, got 'int32"):
        run(jnp.ones((2, 5, 3)))


@pytest.mark.parametrize("run", [ops.hide, ops.shift_left, ops.last_real_step])
def test_steps_are_moved_whatever_they_are(run):
    assert run(jnp.ones((2, 5, 3), jnp.int8), MASK).dtype == jnp.int8
    assert apply(nn.Flatten(), {}, jnp.ones((2, 5, 3), jnp.int8)).dtype == jnp.int8


@pytest.mark.parametrize(
    "run", [ops.hide, lambda x, mask: ops.max_pool(x, 2, mask=mask), ops.shift_left]
)
def test_a_mask_of_floats(run):
    with pytest.raises(UserError, match="`mask` must be booleans, got 'float32'"):
        run(jnp.ones((2, 5, 3)), MASK.astype(float))


def test_a_mask_of_integers_counts_each_step_once():
    mask = jnp.array([[0, 2, 2, 1, 0]])
    x = jnp.arange(5.0).reshape(1, 5, 1)
    assert ops.global_avg_pool(x, mask=mask).tolist() == [[2.0]]
    assert ops.avg_pool(x, 5, mask=mask).tolist() == [[[2.0]]]
