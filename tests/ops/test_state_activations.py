"""What recurrent operations compute with another activation than tanh."""

import gru_cases
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gru_cases import BATCH, UNITS, dropout_masks, parameters
from jax.test_util import check_grads
from numerics import assert_close, normal, quick_jit, values_and_gradients
from recurrent_cases import UNITS_OF
from recurrent_cases import parameters as recurrent_parameters

from seqconv_jax import UserError
from seqconv_jax.nn import GRU, LSTM, SimpleRNN
from seqconv_jax.ops import gru, gru_cell, lstm, lstm_cell
from seqconv_jax.ops.gru import hopper_plan, implementation
from seqconv_jax.ops.recurrent import ACTIVATIONS, project_inputs

MASK = jnp.asarray(gru_cases.MASK[:, 1:4])


def inputs(dtype="float32"):
    """Return few steps: what is one step's here is every step's."""
    return gru_cases.inputs(dtype)[:, :3]


@pytest.mark.usefixtures("x64")
def test_a_derivative_is_a_function_of_the_output():
    x = jnp.asarray(4 * normal(50, dtype="float64"))

    def both(x):
        return {
            name: (
                of.derivative(of.apply(x)) * jnp.ones_like(x),
                jax.vmap(jax.grad(of.apply))(x),
            )
            for name, of in ACTIVATIONS.items()
        }

    for ours, expected in quick_jit(both)(x).values():
        assert_close(ours, expected, 1e-12)


def stepped(x, kernel, recurrent, bias, *, reset_after, activation, mask):
    """Walk from step to step with the formula itself."""
    act, sigmoid = ACTIVATIONS[activation].apply, ACTIVATIONS["sigmoid"].apply
    given = bias[0] if reset_after else bias
    state, states = jnp.zeros((BATCH, UNITS), x.dtype), []
    for t in range(x.shape[1]):
        z, r, h = jnp.split(x[:, t] @ kernel + given[None], 3, axis=1)
        u_z, u_r, u_h = jnp.split(recurrent, 3, axis=1)
        b_z, b_r, b_h = jnp.split(bias[1], 3) if reset_after else (jnp.zeros(1),) * 3
        z = sigmoid(z + state @ u_z + b_z[None])
        r = sigmoid(r + state @ u_r + b_r[None])
        if reset_after:
            candidate = act(h + r * (state @ u_h + b_h[None]))
        else:
            candidate = act(h + (r * state) @ u_h)
        new = z * state + (1 - z) * candidate
        state = jnp.where(mask[:, t, None], new, state)
        states.append(state)
    return jnp.stack(states, 1)


@pytest.mark.usefixtures("x64")
def test_values_and_gradients_equal_the_plain_loop():
    ours, plain, arguments = [], [], []
    for reset_after, activation in [(False, "softplus"), (True, "relu")]:
        options = {"activation": activation, "reset_after": reset_after, "mask": MASK}
        ours.append(lambda *a, o=options: gru(*a, **o, return_sequences=True))
        plain.append(lambda *a, o=options: stepped(*a, **o))
        arguments.append((inputs("float64"), *parameters(reset_after, "float64", 0.5)))
    unit = UNITS_OF["lstm"]
    options = {"activation": "elu", "mask": MASK, "return_sequences": True}
    ours.append(lambda *a: lstm(*a, **options))
    plain.append(lambda *a: unit.plain(*a, **options))
    arguments.append((inputs("float64"), *recurrent_parameters(unit, "float64")))
    got, expected = (values_and_gradients(f, arguments) for f in (ours, plain))
    assert_close(got, expected, 1e-12)


@pytest.mark.usefixtures("x64")
def test_derivative_in_float64():
    x, weights = inputs("float64"), parameters(True, "float64", 0.5)
    masks = dropout_masks("float64")

    @jax.jit
    def run(x, *weights):
        options = {"activation": "softsign", "return_sequences": True}
        return gru(x, *weights, reset_after=True, **options, **masks)

    check_grads(run, (x, *weights), order=1, modes=["rev"])


def test_cells_take_the_same_activation():
    x, gates = inputs(), parameters(False, scale=0.5)
    four = recurrent_parameters(UNITS_OF["lstm"])

    def ours():
        return (
            gru(x, *gates, activation="relu"),
            lstm(x, *four, activation="relu"),
        )

    def by_hand():
        h = c = state = jnp.zeros((BATCH, UNITS))
        for step in project_inputs(x, gates[0], gates[2]):
            state = gru_cell(step, state, gates[1], activation="relu")
        for step in project_inputs(x, four[0], four[2], gates=4):
            h, c = lstm_cell(step, (h, c), four[1], activation="relu")
        return state, h

    assert_close(quick_jit(ours)(), quick_jit(by_hand)())


def test_kernels_for_tanh_alone(monkeypatch):
    monkeypatch.setattr(implementation, "has_hopper_gpu", lambda: True)
    monkeypatch.setattr(hopper_plan, "is_available", lambda: True)
    implementation._tell.cache_clear()
    x, weights = inputs(), parameters(False)
    how = jax.make_jaxpr(lambda x: gru(x, *weights, activation="relu"))(x)
    assert "platform_index" not in str(how)
    with pytest.raises(UserError, match="needs a candidate made by tanh and gates"):
        gru(x, *weights, activation="relu", implementation="fused")


@pytest.mark.parametrize("layer", [GRU, LSTM, SimpleRNN])
def test_layers_name_those_there_are(layer):
    x = np.zeros((1, 2, 3), np.float32)
    with pytest.raises(UserError, match="`activation` must be one of .*'selu'.* got"):
        jax.eval_shape(layer(2, activation="gelu").init, jax.random.key(0), x)
