import functools
import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import oracles
import pytest
from gru_cases import (
    BATCH,
    FEATURES,
    GATES,
    H3,
    MASK,
    TIME,
    UNITS,
    dropout_masks,
    inputs,
    jitted,
    parameters,
)
from hypothesis import given
from hypothesis import strategies as st
from numerics import (
    assert_close,
    assert_same_bits,
    normal,
    quick_jit,
    value_and_gradients,
)

from seqconv_jax import UserError
from seqconv_jax.ops import gru, gru_cell, project_inputs

VARIANTS = {
    "plain": {},
    "masked from a state": {
        "mask": MASK,
        "initial_state": normal(BATCH, UNITS, seed=3),
    },
    "reversed": {"reverse": True, "mask": MASK},
    "dropped": {**dropout_masks(), "initial_state": normal(BATCH, UNITS, seed=3)},
    "all": {
        **dropout_masks(),
        "mask": MASK,
        "initial_state": normal(BATCH, UNITS, seed=3),
        "reverse": True,
    },
}


@pytest.mark.parametrize(
    "gate_activation, variant",
    [*(("sigmoid", v) for v in VARIANTS), *((gate, "all") for gate in GATES[1:])],
)
@pytest.mark.parametrize("reset_after", [False, True])
def test_equals_the_formula(reset_after, gate_activation, variant):
    options = {
        "reset_after": reset_after,
        "gate_activation": gate_activation,
        "return_sequences": True,
        **VARIANTS[variant],
    }
    x, weights = inputs(), parameters(reset_after)
    got = jitted(x, *weights, **options)
    assert got.dtype == jnp.float32
    assert_close(got, oracles.gru(x, *weights, **options))


@pytest.mark.parametrize("reset_after", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
def test_last_state_and_no_bias_equal_the_formula(reset_after, reverse):
    x, (kernel, recurrent, _) = inputs(), parameters(reset_after)
    options = {"reset_after": reset_after, "reverse": reverse, "mask": MASK}
    got = jitted(x, kernel, recurrent, **options)
    assert_close(got, oracles.gru(x, kernel, recurrent, **options))
    states = jitted(x, kernel, recurrent, return_sequences=True, **options)
    assert_same_bits(got, states[:, 0 if reverse else -1])


@pytest.mark.parametrize("reset_after", [False, True])
def test_scan_equals_a_loop_over_the_cell(reset_after):
    x, (kernel, recurrent, bias) = inputs(), parameters(reset_after)
    masks = dropout_masks()
    first, second = (bias[0], bias[1]) if reset_after else (bias, None)
    projected = project_inputs(
        x, kernel, first, jnp.asarray(masks["input_dropout_mask"])
    )
    assert projected.shape == (TIME, BATCH, 3 * UNITS)
    cell = quick_jit(functools.partial(gru_cell, reset_after=reset_after))
    state = jnp.zeros((BATCH, UNITS))
    states = []
    for step in projected:
        state = cell(
            step,
            state,
            recurrent,
            second,
            recurrent_dropout_mask=masks["recurrent_dropout_mask"],
        )
        states.append(state)
    got = jitted(
        x,
        kernel,
        recurrent,
        bias,
        reset_after=reset_after,
        return_sequences=True,
        **masks,
    )
    assert_close(got, np.stack(states, axis=1))


@given(step=st.integers(0, TIME - 2), noise=st.sampled_from([1.0, -1e3, np.nan]))
def test_states_ignore_later_inputs_to_the_bit(step, noise):
    x, weights = inputs(), parameters(False)
    changed = x.copy()
    changed[:, step + 1 :] += np.float32(noise)
    before, after = (
        np.asarray(jitted(a, *weights, return_sequences=True)) for a in (x, changed)
    )
    assert_same_bits(after[:, : step + 1], before[:, : step + 1])
    assert np.any(after[:, step + 1 :] != before[:, step + 1 :])


@pytest.mark.parametrize("batch, time, units", [(1, 1, 1), (7, 1, 3), (1, 4, 17)])
def test_odd_shapes(batch, time, units):
    x = normal(batch, time, 2)
    weights = [normal(2, 3 * units), normal(units, 3 * units), normal(3 * units)]
    got, gradients = value_and_gradients(gru, x, *weights)
    assert_close(got, oracles.gru(x, *weights))
    assert all(np.isfinite(g).all() for g in gradients)


def test_empty_batch():
    assert gru(jnp.zeros((0, 4, FEATURES)), *parameters(False)).shape == (0, UNITS)


@pytest.mark.parametrize("reset_after", [False, True])
def test_vmap_over_models_equals_one_after_the_other(reset_after):
    models = [parameters(reset_after, scale=s) for s in (1.0, 0.5, 0.1)]
    x = inputs()

    def run(*weights):
        y = gru(x, *weights, reset_after=reset_after, mask=MASK)
        return jnp.sum(jnp.square(y)), y

    run = quick_jit(jax.value_and_grad(run, argnums=(0, 1, 2), has_aux=True))
    stack = functools.partial(jax.tree.map, lambda *parts: np.stack(parts))
    assert_close(jax.vmap(run)(*stack(*models)), stack(*(run(*m) for m in models)))


@pytest.mark.parametrize("reset_after", [False, True])
def test_bfloat16_stays_near_float32(reset_after):
    x, weights = inputs(), parameters(reset_after, scale=0.5)

    def run(x, weights):
        return gru(x, *weights, reset_after=reset_after)

    halves = jax.tree.map(lambda a: jnp.asarray(a, jnp.bfloat16), (x, weights))
    got, gradients = value_and_gradients(run, *halves)
    expected, true_gradients = value_and_gradients(run, x, weights)
    assert got.dtype == jnp.bfloat16
    assert_close(got, expected, 0.03)
    assert_close(gradients, true_gradients, 0.15)


def test_bfloat16_inputs_to_float32_weights():
    x, weights = inputs(), parameters(False)
    got = gru(jnp.asarray(x, jnp.bfloat16), *weights)
    assert_close(got, oracles.gru(x, *weights), 0.03)


@pytest.mark.parametrize("reset_after", [False, True])
def test_a_float32_bias_of_bfloat16_weights(reset_after):
    kernel, recurrent, bias = parameters(reset_after, scale=0.5)
    x, *halves = (jnp.asarray(a, jnp.bfloat16) for a in (inputs(), kernel, recurrent))
    got = gru(x, halves[0], halves[1], bias, reset_after=reset_after)
    assert got.dtype == jnp.bfloat16
    expected = gru(inputs(), kernel, recurrent, bias, reset_after=reset_after)
    assert_close(got, expected.astype(jnp.bfloat16), 0.03)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"x": (4, 3)}, r"`x` must have shape \(batch, time, features\), got \(4, 3\)"),
        ({"x": (4, 0, 3)}, r"`x` must have shape \(batch, at least 1 step, features\)"),
        ({"kernel": (2, H3)}, r"`kernel` must have shape \(3, 15\), got \(2, 15\)"),
        ({"kernel": (3, H3 + 1)}, r"`kernel` must have shape \(3, 15\), got \(3, 16\)"),
        ({"recurrent_kernel": (5, 20)}, r"`recurrent_kernel` must have shape \(5, 15"),
        ({"bias": (2, H3)}, r"`bias` must have shape \(15,\), got \(2, 15\)"),
        (
            {"bias": (H3,), "reset_after": True},
            r"`bias` must have shape \(2, 15\), got \(15,\)",
        ),
        ({"mask": (6, 4)}, r"`mask` must have shape \(4, 6\), got \(6, 4\)"),
        ({"initial_state": (5,)}, r"`initial_state` must have shape \(4, 5\), got"),
        (
            {"input_dropout_mask": (4, 3)},
            r"`input_dropout_mask` must have shape \(3, 4, 3\), got \(4, 3\)",
        ),
        (
            {"recurrent_dropout_mask": (3, 4, 3)},
            r"`recurrent_dropout_mask` must have shape \(3, 4, 5\), got \(3, 4, 3\)",
        ),
        (
            {"gate_activation": "hard_sigmoyd"},
            "`gate_activation` must be one of .*'hard_sigmoyd'; did you mean 'hard_sig",
        ),
    ],
)
def test_wrong_arguments_raise(changes, message):
    arguments: dict[str, Any] = {
        "x": (BATCH, TIME, FEATURES),
        "kernel": (FEATURES, H3),
        "recurrent_kernel": (UNITS, H3),
        **changes,
    }
    arguments = {
        name: jnp.zeros(value) if isinstance(value, tuple) else value
        for name, value in arguments.items()
    }
    with pytest.raises(UserError, match=message):
        gru(**arguments)


def test_result_does_not_depend_on_the_others_in_the_batch():
    x, weights = inputs(), parameters(False)
    whole = jitted(x, *weights)
    for row, other in itertools.pairwise(range(BATCH)):
        swapped = x.copy()
        swapped[other] = 9.0
        assert_same_bits(jitted(swapped, *weights)[row], whole[row])
