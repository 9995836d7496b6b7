"""`lstm` and `simple_rnn`: the same questions to both."""

import functools
import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numerics import (
    assert_close,
    assert_same_bits,
    normal,
    quick_jit,
    value_and_gradients,
)
from recurrent_cases import (
    BATCH,
    FEATURES,
    MASK,
    TIME,
    UNITS,
    UNITS_OF,
    both,
    dropout_masks,
    inputs,
    jitted,
    parameters,
    states,
    variants,
)

from seqconv_jax import UserError
from seqconv_jax.ops import (
    project_inputs,
)


@both
@pytest.mark.parametrize("variant", variants(UNITS_OF["lstm"]))
def test_equals_the_formula(unit, variant):
    x, weights = inputs(), parameters(unit)
    choices = unit.choices if variant == "all" else unit.choices[:1]
    for choice, sequences in itertools.product(choices, [False, True]):
        options = {unit.activation: choice, "return_sequences": sequences}
        options |= variants(unit)[variant]
        got = jitted[unit](x, *weights, **options)
        assert got.dtype == jnp.float32
        assert_close(got, unit.oracle(x, *weights, **options))


@both
@pytest.mark.parametrize("reverse", [False, True])
def test_last_state_and_no_bias_equal_the_formula(unit, reverse):
    x, (kernel, recurrent, _) = inputs(), parameters(unit)
    options = {"reverse": reverse, "mask": MASK}
    got = jitted[unit](x, kernel, recurrent, **options)
    assert_close(got, unit.oracle(x, kernel, recurrent, **options))
    every = jitted[unit](x, kernel, recurrent, return_sequences=True, **options)
    assert_same_bits(got, every[:, 0 if reverse else -1])


@both
def test_scan_equals_a_loop_over_the_cell(unit):
    x, (kernel, recurrent, bias) = inputs(), parameters(unit)
    masks: Any = dropout_masks(unit)
    state = states(unit)
    input_mask = masks["input_dropout_mask"].reshape(unit.gates, BATCH, FEATURES)
    projected = project_inputs(x, kernel, None, input_mask, gates=unit.gates)
    assert projected.shape == (TIME, BATCH, unit.gates * UNITS)
    recurrent_mask = masks["recurrent_dropout_mask"]
    cell = quick_jit(
        functools.partial(unit.cell, recurrent_dropout_mask=recurrent_mask)
    )
    carried, outputs = state, []
    for step in projected:
        carried = cell(step, carried, recurrent, bias)
        outputs.append(carried[0] if unit.states > 1 else carried)
    options = {"return_sequences": True, "initial_state": state, **masks}
    got = jitted[unit](x, kernel, recurrent, bias, **options)
    assert_close(got, np.stack(outputs, axis=1))


@both
def test_bfloat16_stays_near_float32(unit):
    x, weights = inputs(), parameters(unit, scale=0.5)

    def run(x, weights):
        return unit.run(x, *weights)

    halves = jax.tree.map(lambda a: jnp.asarray(a, jnp.bfloat16), (x, weights))
    got, gradients = value_and_gradients(run, *halves)
    expected, true_gradients = value_and_gradients(run, x, weights)
    types = {a.dtype for a in jax.tree.leaves((got, gradients))}
    assert types == {jnp.dtype(jnp.bfloat16)}
    assert_close(got, expected, 0.03)
    assert_close(gradients, true_gradients, 0.15)


@both
def test_bfloat16_inputs_to_float32_weights(unit):
    x, weights = inputs(), parameters(unit)
    got = unit.run(jnp.asarray(x, jnp.bfloat16), *weights)
    assert got.dtype == jnp.float32
    assert_close(got, unit.oracle(x, *weights), 0.03)


@both
def test_a_float32_bias_of_bfloat16_weights(unit):
    kernel, recurrent, bias = parameters(unit, scale=0.5)
    x, *halves = (jnp.asarray(a, jnp.bfloat16) for a in (inputs(), kernel, recurrent))
    got = unit.run(x, *halves, bias)
    assert got.dtype == jnp.bfloat16
    assert_close(got, unit.oracle(inputs(), kernel, recurrent, bias), 0.03)


@both
def test_gradient_of_masked_inputs_is_zero_and_padding_row_keeps_its_state(unit):
    state, weights = states(unit), parameters(unit)
    y, (dx, dstate) = value_and_gradients(
        lambda x, state: unit.run(x, *weights, mask=MASK, initial_state=state),
        inputs(),
        state,
    )
    assert_same_bits(y[3], jax.tree.leaves(state)[0][3])
    assert not np.any(dx[~MASK]) and np.all(np.any(dx[MASK] != 0, axis=-1))
    assert all(np.isfinite(d).all() for d in jax.tree.leaves(dstate))


@both
@given(
    padded=st.lists(st.booleans(), min_size=TIME, max_size=TIME),
    junk=st.sampled_from([1.0, 1e30, np.inf, np.nan]),
    reverse=st.booleans(),
)
def test_what_lies_under_the_mask_changes_nothing(unit, padded, junk, reverse):
    x, weights = inputs(), parameters(unit)
    mask = np.tile(~np.array(padded), (BATCH, 1))
    spoilt = np.where(mask[:, :, None], x, np.float32(junk))
    options = {"reverse": reverse, "mask": mask}
    got = jitted[unit](spoilt, *weights, **options)
    assert_same_bits(got, jitted[unit](x, *weights, **options))
    assert_close(got, unit.oracle(x[:, mask[0]], *weights, reverse=reverse))


@both
@given(step=st.integers(0, TIME - 2), noise=st.sampled_from([1.0, -1e3, np.nan]))
def test_states_ignore_later_inputs_to_the_bit(unit, step, noise):
    x, weights = inputs(), parameters(unit)
    changed = x.copy()
    changed[:, step + 1 :] += np.float32(noise)
    before, after = (
        np.asarray(jitted[unit](a, *weights, return_sequences=True))
        for a in (x, changed)
    )
    assert_same_bits(after[:, : step + 1], before[:, : step + 1])
    assert np.any(after[:, step + 1 :] != before[:, step + 1 :])


@both
def test_dropout_masks_of_ones_change_nothing(unit):
    x, weights = inputs(), parameters(unit)
    ones = {name: np.ones_like(m) for name, m in dropout_masks(unit).items()}
    assert_close(jitted[unit](x, *weights, **ones), jitted[unit](x, *weights))


@both
@pytest.mark.parametrize("batch, time, units", [(1, 1, 1), (7, 1, 3), (1, 4, 17)])
def test_odd_shapes(unit, batch, time, units):
    x, width = normal(batch, time, 2), unit.gates * units
    weights = [normal(2, width), normal(units, width), normal(width)]
    got, gradients = value_and_gradients(unit.run, x, *weights)
    assert_close(got, unit.oracle(x, *weights))
    assert all(np.isfinite(g).all() for g in gradients)


@both
def test_empty_batch(unit):
    x = jnp.zeros((0, 4, FEATURES))
    assert unit.run(x, *parameters(unit)).shape == (0, UNITS)


@both
def test_vmap_over_models_equals_one_after_the_other(unit):
    models = [parameters(unit, scale=s) for s in (1.0, 0.5, 0.1)]
    x = inputs()

    def run(*weights):
        y = unit.run(x, *weights, mask=MASK)
        return jnp.sum(jnp.square(y)), y

    run = quick_jit(jax.value_and_grad(run, argnums=(0, 1, 2), has_aux=True))
    stack = functools.partial(jax.tree.map, lambda *parts: np.stack(parts))
    assert_close(jax.vmap(run)(*stack(*models)), stack(*(run(*m) for m in models)))


def zeros(unit, changes):
    width = unit.gates * UNITS
    arguments = {
        "x": (BATCH, TIME, FEATURES),
        "kernel": (FEATURES, width),
        "recurrent_kernel": (UNITS, width),
        **changes,
    }
    return {
        name: jnp.zeros(value) if isinstance(value, tuple) else value
        for name, value in arguments.items()
    }


@both
@pytest.mark.parametrize(
    "changes, message",
    [
        ({"x": (4, 3)}, r"`x` must have shape \(batch, time, features\), got \(4, 3\)"),
        ({"x": (4, 0, 3)}, r"`x` must have shape \(batch, at least 1 step, features\)"),
        ({"kernel": (2, 5)}, r"`kernel` must have shape \(3, \d+\), got \(2, 5\)"),
        (
            {"recurrent_kernel": (5, 7)},
            r"`recurrent_kernel` must have shape \(5, \d+\), got \(5, 7\)",
        ),
        ({"bias": (2, 5)}, r"`bias` must have shape \(\d+,\), got \(2, 5\)"),
        ({"mask": (6, 4)}, r"`mask` must have shape \(4, 6\), got \(6, 4\)"),
        (
            {"input_dropout_mask": (4, 7)},
            r"`input_dropout_mask` must have shape \((4, )?4, 3\), got \(4, 7\)",
        ),
        (
            {"recurrent_dropout_mask": (3, 4, 3)},
            r"`recurrent_dropout_mask` must have shape \((4, )?4, 5\), got \(3, 4, 3\)",
        ),
    ],
)
def test_wrong_arguments_raise(unit, changes, message):
    with pytest.raises(UserError, match=message):
        unit.run(**zeros(unit, changes))


@pytest.mark.parametrize(
    "unit, changes, message",
    [
        (
            "lstm",
            {"gate_activation": "hard_sigmoyd"},
            "`gate_activation` must be one of .*'hard_sigmoyd'; did you mean 'hard_sig",
        ),
        (
            "lstm",
            {"initial_state": (4, 5)},
            "`initial_state` must be a pair of arrays, h and c, got",
        ),
        (
            "lstm",
            {"initial_state": [jnp.zeros((4, 5)), jnp.zeros((4, 1))]},
            r"`initial_state\[1\]` must have shape \(4, 5\), got \(4, 1\)",
        ),
        (
            "simple_rnn",
            {"activation": "tan"},
            "`activation` must be one of 'tanh', .*, got 'tan'; did you mean 'tanh",
        ),
        (
            "simple_rnn",
            {"initial_state": (5,)},
            r"`initial_state` must have shape \(4, 5\), got \(5,\)",
        ),
    ],
)
def test_wrong_arguments_of_one_raise(unit, changes, message):
    unit = UNITS_OF[unit]
    with pytest.raises(UserError, match=message):
        unit.run(**zeros(unit, changes))
