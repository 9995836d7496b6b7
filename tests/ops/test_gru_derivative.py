import functools
import itertools
import re
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gru_cases import (
    BATCH,
    GATES,
    H3,
    MASK,
    TIME,
    UNITS,
    dropout_masks,
    inputs,
    parameters,
)
from jax.test_util import check_grads
from numerics import (
    assert_close,
    normal,
    value_and_gradients,
    values_and_gradients,
)

from seqconv_jax.ops import gru, gru_cell
from seqconv_jax.ops.gru.step import Convention, Gates, Weights
from seqconv_jax.ops.recurrence import recurrence, recurrence_reference

# Gates, dropout masks, time mask, biases. The gates' derivatives are functions
# of their outputs alone, so two of the three need only meet everything at once.
BY_HAND = [
    *(("sigmoid", *on) for on in itertools.product([False, True], repeat=3)),
    *((gate, True, True, True) for gate in GATES[1:]),
]


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("reset_after", [False, True])
def test_derivative_by_hand_equals_autodiff(reset_after):
    # Dropout masks of more than zeros and twos: their own gradient counts as well.
    kernel, bias, dropout_mask = (
        normal(*shape, seed=seed, dtype="float64")
        for seed, shape in enumerate([(UNITS, H3), (H3,), (3, BATCH, UNITS)])
    )
    projected = Gates(
        *(
            2 * normal(TIME, BATCH, UNITS, seed=seed, dtype="float64")
            for seed in range(3)
        )
    )
    state = normal(BATCH, UNITS, seed=4, dtype="float64")
    ours, plain, arguments = [], [], []
    for i, (gate_activation, dropped, time_mask, biased) in enumerate(BY_HAND):
        weights = Weights(
            kernel,
            bias if biased else None,
            bias[:UNITS] if biased and reset_after else None,
            dropout_mask if dropped else None,
        )
        convention = Convention(reset_after, gate_activation)
        mask = jnp.asarray(MASK.T) if time_mask else None
        for last in (i % 2, 1 - i % 2)[: 1 + (i < 2)]:
            ours.append(
                lambda p, s, w, c=convention, m=mask, last=last: recurrence(
                    c, p, (s,), w, m, return_sequences=not last
                )
            )
            plain.append(
                lambda p, s, w, c=convention, m=mask, last=last: recurrence_reference(
                    c, p, (s,), w, m
                )[-1 if last else slice(None)]
            )
            arguments.append((projected, state, weights))
    got, expected = (values_and_gradients(f, arguments) for f in (ours, plain))
    assert_close(got, expected, 1e-12)


@pytest.mark.parametrize("dropped, return_sequences", [(True, False), (False, True)])
@pytest.mark.parametrize("reset_after", [False, True])
def test_no_step_copies_what_all_steps_share(reset_after, dropped, return_sequences):
    # What XLA cannot write in place it copies whole, in each of the steps.
    weights, masks = parameters(reset_after), dropout_masks() if dropped else {}

    def loss(x, *weights):
        options = {"reset_after": reset_after, "return_sequences": return_sequences}
        return gru(x, *weights, mask=MASK, **options, **masks).sum()

    gradient = jax.jit(jax.grad(loss, argnums=(0, 1, 2, 3)))
    program: Any = gradient.lower(inputs(), *weights).compile().as_text()
    loops = set(re.findall(r" while\(.*body=%?([\w.-]+)", program))
    assert len(loops) >= 2
    for name in loops:
        body = re.search(rf"\n%?{re.escape(name)} .*?\n}}", program, re.DOTALL)
        assert body and f"f32[{TIME},{BATCH},{UNITS}]" in body[0]
        copied = re.findall(r"= f32\[(\d+),\d+,\d+\]\S* copy", body[0])
        assert str(TIME) not in copied
    # Nor is a whole array written behind a loop: XLA would do so for every reader.
    entry = program[program.index("\nENTRY ") :]
    assert "dynamic-update-slice" not in entry


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("reset_after", [False, True])
def test_derivative_in_float64(reset_after):
    x, weights = inputs("float64"), parameters(reset_after, "float64")
    state, masks = normal(BATCH, UNITS, dtype="float64"), dropout_masks("float64")

    @jax.jit
    def run(x, state, *weights):
        return gru(
            x,
            *weights,
            reset_after=reset_after,
            initial_state=state,
            mask=MASK,
            reverse=True,
            return_sequences=True,
            **masks,
        )

    check_grads(run, (x, state, *weights), order=1, modes=["rev"])


@pytest.mark.usefixtures("x64")
def test_derivative_of_one_step_in_float64():
    shapes = [(BATCH, H3), (BATCH, UNITS), (UNITS, H3), (H3,)]
    arguments = tuple(
        normal(*shape, seed=seed, dtype="float64") for seed, shape in enumerate(shapes)
    )
    mask = dropout_masks("float64")["recurrent_dropout_mask"]

    @jax.jit
    def run(*arguments):
        step = functools.partial(gru_cell, *arguments, recurrent_dropout_mask=mask)
        return step(reset_after=True) * step(reset_after=False)

    check_grads(run, arguments, order=1, modes=["rev"])


@pytest.mark.parametrize("gate_activation", GATES)
def test_saturated_gates_keep_the_state_and_finite_gradients(gate_activation):
    kernel, recurrent, bias = parameters(False)
    bias = bias.copy()
    bias[:UNITS] = 1e4  # z = 1: nothing new enters.
    state = normal(BATCH, UNITS)

    def run(x, bias):
        return gru(
            x,
            kernel,
            recurrent,
            bias,
            gate_activation=gate_activation,
            initial_state=state,
        )

    y, gradients = value_and_gradients(run, inputs(), bias)
    assert_close(y, state)
    assert all(np.isfinite(g).all() for g in gradients)
