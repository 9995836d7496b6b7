import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import oracles
import pytest
from flax import linen as nn
from numerics import (
    apply,
    assert_close,
    assert_same_bits,
    drawn,
    normal,
)

from seqconv_jax import UserError
from seqconv_jax.nn import GRU, GRUCell

KEY = jax.random.key(0)
X = normal(4, 6, 3)
MASK: Any = np.arange(6) >= np.array([[0], [2], [5], [6]])


def oracle(variables, x, **options):
    p = variables["params"]
    return oracles.gru(x, p["kernel"], p["recurrent_kernel"], p["bias"], **options)


@pytest.mark.parametrize("layer", [GRU, GRUCell])
@pytest.mark.parametrize("reset_after, bias", [(False, (15,)), (True, (2, 15))])
def test_names_and_shapes_of_the_parameters(layer, reset_after, bias):
    inputs = [X] if layer is GRU else [jnp.zeros((4, 5)), X[:, 0]]
    layer = layer(5, reset_after=reset_after)
    variables = jax.eval_shape(layer.init, KEY, *inputs)
    assert jax.tree.map(jnp.shape, variables) == {
        "params": {"kernel": (3, 15), "recurrent_kernel": (5, 15), "bias": bias}
    }


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"reset_after": True, "return_sequences": True},
        {"gate_activation": "hard_sigmoid_keras2", "reverse": True},
    ],
    ids=repr,
)
def test_passes_its_settings_on(settings):
    layer, state = GRU(5, dropout=0.3, recurrent_dropout=0.3, **settings), normal(4, 5)
    variables = drawn(layer, X)
    got = layer.apply(variables, X, mask=MASK, initial_state=state)
    expected = oracle(variables, X, mask=MASK, initial_state=state, **settings)
    assert_close(got, expected)


@pytest.mark.parametrize("reset_after", [False, True])
@pytest.mark.parametrize("gate_activation", ["sigmoid", "hard_sigmoid"])
def test_cell_stepped_over_time_equals_the_layer(gate_activation, reset_after):
    settings = {"gate_activation": gate_activation, "reset_after": reset_after}
    layer, cell = GRU(5, return_sequences=True, **settings), GRUCell(5, **settings)
    variables = drawn(layer, X)
    step = jax.jit(cell.apply)
    state, states = jnp.zeros((4, 5)), []
    for t in range(X.shape[1]):
        state = step(variables, state, X[:, t])
        states.append(state)
    assert_close(layer.apply(variables, X), np.stack(states, axis=1))


class Masks(nn.Module):
    """Draw what a GRU draws: the masks of its inputs, then those of its state."""

    rates: tuple[float, float]
    shapes: tuple[tuple[int, ...], ...]

    def __call__(self):
        masks = []
        for rate, shape in zip(self.rates, self.shapes, strict=True):
            kept = jax.random.bernoulli(self.make_rng("dropout"), 1 - rate, shape)
            masks.append(jnp.where(kept, 1 / (1 - rate), 0))
        return masks


@pytest.mark.parametrize("reset_after", [False, True])
def test_dropout_is_one_mask_a_gate_for_all_steps(reset_after):
    """Three input and three recurrent masks reproduce the layer over all its steps."""
    layer = GRU(
        5,
        dropout=0.3,
        recurrent_dropout=0.5,
        reset_after=reset_after,
        return_sequences=True,
    )
    variables, rngs = drawn(layer, X), {"dropout": jax.random.key(3)}
    got = layer.apply(variables, X, train=True, rngs=rngs)
    masks = apply(Masks((0.3, 0.5), ((3, 4, 3), (3, 4, 5))), {}, rngs=rngs)
    assert all(np.any(m[0] != m[1]) and np.any(m[1] != m[2]) for m in masks)
    expected = oracle(
        variables,
        X,
        reset_after=reset_after,
        return_sequences=True,
        input_dropout_mask=masks[0],
        recurrent_dropout_mask=masks[1],
    )
    assert_close(got, expected)


@pytest.mark.parametrize("settings", [{"dropout": 0.5}, {"recurrent_dropout": 0.5}])
def test_dropout_is_new_for_each_key_and_off_outside_training(settings):
    layer = GRU(5, **settings)
    variables = drawn(layer, X)

    @functools.partial(jax.jit, static_argnames="train")
    def run(seed, train=True):
        rngs = {"dropout": jax.random.key(seed)}
        return layer.apply(variables, X, train=train, rngs=rngs)

    assert_same_bits(run(1), run(1))
    assert np.any(run(1) != run(2))
    assert_same_bits(run(1, train=False), run(2, train=False))
    assert_close(run(1, train=False), oracle(variables, X))
    assert_close(layer.apply(variables, X), oracle(variables, X))


def test_input_masks_drop_at_the_rate_they_should_and_scale_the_rest():
    # With z = 0 and a candidate of tanh(small) the state shows the candidate's mask.
    features, batch = 50, 40
    small = 1e-3
    kernel = np.zeros((features, 3 * features), np.float32)
    kernel[:, 2 * features :] = small * np.eye(features)
    bias = np.zeros(3 * features, np.float32)
    bias[:features] = -1e4
    recurrent = np.zeros((features, 3 * features), np.float32)
    params = {"kernel": kernel, "recurrent_kernel": recurrent, "bias": bias}
    layer = GRU(features, dropout=0.2, return_sequences=True)
    x = jnp.ones((batch, 3, features))
    y = layer.apply({"params": params}, x, train=True, rngs={"dropout": KEY})
    y = np.asarray(y) / small
    assert_same_bits(y, np.broadcast_to(y[:, :1], y.shape).copy())
    kept = y[:, 0] > 0.5
    np.testing.assert_allclose(y[:, 0], np.where(kept, 1.25, 0), rtol=1e-4)
    assert np.mean(~kept) == pytest.approx(0.2, abs=5 * np.sqrt(0.16 / kept.size))


@pytest.mark.parametrize("name", ["dropout", "recurrent_dropout"])
@pytest.mark.parametrize("rate", [1.0, -0.1, 1.5, float("nan"), True], ids=repr)
def test_takes_no_rate_outside_its_range_also_outside_training(name, rate):
    with pytest.raises(UserError, match=rf"`{name}` must be a number in \[0, 1\), got"):
        jax.eval_shape(GRU(5, **{name: rate}).init, KEY, X)


def test_rate_zero_needs_no_key():
    layer = GRU(5, dropout=0.0, recurrent_dropout=0)
    variables = drawn(layer, X)
    assert_close(layer.apply(variables, X, train=True), oracle(variables, X))


@pytest.mark.parametrize(
    "layer, inputs, message",
    [
        (GRU(0), [X], "`units` must be a positive integer, got 0"),
        (
            GRU(5),
            [X[0]],
            r"`x` must have shape \(batch, time, features\), got \(6, 3\)",
        ),
        (GRU(5, gate_activation="gelu"), [X], "`gate_activation` must be one of"),
        (
            GRUCell(5),
            [np.zeros((4, 6)), X[:, 0]],
            r"`state` must have shape \(4, 5\), got \(4, 6\)",
        ),
        (GRUCell(5), [np.zeros((4, 5)), X], r"`x` must have shape \(batch, features\)"),
    ],
)
def test_errors(layer, inputs, message):
    with pytest.raises(UserError, match=message):
        jax.eval_shape(layer.init, KEY, *inputs)


def test_bfloat16_inputs_to_float32_parameters():
    layer = GRU(5)
    variables = drawn(layer, X)
    got = layer.apply(variables, jnp.asarray(X, jnp.bfloat16))
    assert_close(got, oracle(variables, X), 0.05)
