import re
from typing import Any

import jax
import jax.numpy as jnp
import keras_reference
import numpy as np
import pytest
from jax.test_util import check_grads
from numerics import (
    assert_close,
    normal,
    values_and_gradients,
)
from recurrent_cases import (
    BATCH,
    MASK,
    TIME,
    UNITS,
    UNITS_OF,
    both,
    dropout_masks,
    inputs,
    parameters,
    states,
)

from seqconv_jax.ops import (
    lstm,
)

# Gaps only: at masked steps before the first real one Keras returns zeros, not the
# initial state.
GAPS: Any = np.ones((BATCH, TIME), bool)
GAPS[1, 2:4] = GAPS[2, 1] = GAPS[2, 4] = False


KERAS = [
    {},
    {"return_sequences": True},
    {"mask": MASK, "state": True},
    {"mask": MASK, "reverse": True},
    {"mask": GAPS, "return_sequences": True, "state": True},
    {"choice": 1, "return_sequences": True, "reverse": True},
    {"dropped": True},
    {"dropped": True, "state": True, "return_sequences": True, "reverse": True},
    {"dropped": True, "mask": MASK, "choice": 1},
]


def ours_and_keras(unit, case, dtype):
    """Return two functions of weights, input and state that should be the same."""
    reverse, sequences = case.get("reverse", False), "return_sequences" in case
    options: dict[str, Any] = {"reverse": reverse, "return_sequences": sequences}
    masks = dropout_masks(unit, dtype) if "dropped" in case else {}
    mask = jnp.asarray(case["mask"]) if "mask" in case else None
    choice = unit.choices[case.get("choice", 0)]
    theirs_name = "recurrent_activation" if unit.gates > 1 else "activation"
    layer = unit.keras(
        UNITS,
        go_backwards=reverse,
        return_sequences=sequences,
        dropout=0.5 if masks else 0.0,
        recurrent_dropout=0.5 if masks else 0.0,
        dtype=dtype,
        **{theirs_name: choice},
    )
    if masks:  # Where Keras draws its own and holds them for the call.
        layer.cell.get_dropout_mask = lambda _: masks["input_dropout_mask"]
        layer.cell.get_recurrent_dropout_mask = lambda _: masks[
            "recurrent_dropout_mask"
        ]

    def given_state(state):
        return {"initial_state": state} if "state" in case else {}

    def ours(weights, x, state):
        choices = {unit.activation: choice}
        y = unit.run(
            x, *weights, mask=mask, **options, **choices, **masks, **given_state(state)
        )
        # Keras returns the states in the order in which it ran.
        return y[:, ::-1] if reverse and sequences else y

    def theirs(weights, x, state):
        if "state" in case and unit.states > 1:
            state = list(state)
        options = {"mask": mask, "training": bool(masks), **given_state(state)}
        return keras_reference.function(layer, weights, x, **options)(weights, x)

    return ours, theirs


@both
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_and_gradients_equal_keras(unit, dtype, x64):
    pairs = [ours_and_keras(unit, case, dtype) for case in KERAS]
    ours, theirs = zip(*pairs, strict=True)
    arguments = (parameters(unit, dtype), inputs(dtype), states(unit, dtype))
    got = values_and_gradients(ours, [arguments] * len(KERAS))
    assert {str(y.dtype) for y, _ in got} == {dtype}
    with keras_reference.exact():
        expected = values_and_gradients(theirs, [arguments] * len(KERAS))
    assert_close(got, expected)


@both
@pytest.mark.usefixtures("x64")
def test_values_and_gradients_equal_the_plain_loop(unit):
    # Dropout masks of more than zeros and twos: their own gradient counts as well.
    x, weights = inputs("float64"), parameters(unit, "float64")
    masks = {
        name: normal(*mask.shape, seed=7, dtype="float64")
        for name, mask in dropout_masks(unit).items()
    }
    every = {"initial_state": states(unit, "float64"), **masks}
    ours, plain, arguments = [], [], []
    for choice, mask, traced, sequences in [
        (unit.choices[0], None, {}, False),
        (unit.choices[0], MASK, {"initial_state": every["initial_state"]}, True),
        (unit.choices[0], None, masks, True),
        *((choice, MASK, every, i % 2 == 0) for i, choice in enumerate(unit.choices)),
    ]:
        options = {
            unit.activation: choice,
            "mask": mask,
            "return_sequences": sequences,
            "reverse": mask is not None,
        }
        for run, runs in ((unit.run, ours), (unit.plain, plain)):
            runs.append(
                lambda x, w, traced, run=run, options=options: run(
                    x, *w, **traced, **options
                )
            )
        arguments.append((x, weights, traced))
    got, expected = (values_and_gradients(f, arguments) for f in (ours, plain))
    assert_close(got, expected, 1e-12)


@both
@pytest.mark.usefixtures("x64")
def test_derivative_in_float64(unit):
    x, weights = inputs("float64"), parameters(unit, "float64")
    state, masks = states(unit, "float64"), dropout_masks(unit, "float64")

    @jax.jit
    def run(x, state, *weights):
        options = {"mask": MASK, "reverse": True, "return_sequences": True}
        return unit.run(x, *weights, initial_state=state, **options, **masks)

    check_grads(run, (x, state, *weights), order=1, modes=["rev"])


@pytest.mark.parametrize("dropped, return_sequences", [(True, False), (False, True)])
def test_no_step_of_an_lstm_copies_what_all_steps_share(dropped, return_sequences):
    # What XLA cannot write in place it copies whole, in each of the steps.
    unit = UNITS_OF["lstm"]
    masks = dropout_masks(unit) if dropped else {}

    def loss(x, *weights):
        options = {"return_sequences": return_sequences, "mask": MASK}
        return lstm(x, *weights, **options, **masks).sum()

    gradient = jax.jit(jax.grad(loss, argnums=(0, 1, 2, 3)))
    program: Any = gradient.lower(inputs(), *parameters(unit)).compile().as_text()
    loops = set(re.findall(r" while\(.*body=%?([\w.-]+)", program))
    assert len(loops) >= 2
    for name in loops:
        body = re.search(rf"\n%?{re.escape(name)} .*?\n}}", program, re.DOTALL)
        assert body and f"f32[{TIME},{BATCH},{UNITS}]" in body[0]
        copied = re.findall(r"= f32\[(\d+),\d+,\d+\]\S* copy", body[0])
        assert str(TIME) not in copied


@both
def test_no_gradient_is_added_up_in_half_precision(unit):
    # Many steps add the same: past 256 times as much, half precision would drop it.
    x, width = jnp.ones((1, 600, 1), jnp.bfloat16), (unit.gates,)
    weights = [jnp.zeros((1, *width)), jnp.zeros((1, *width)), jnp.full(width, 0.5)]
    halves = [w.astype(jnp.bfloat16) for w in weights]

    def total(x, *weights):
        return unit.run(x, *weights, return_sequences=True).astype(jnp.float32).sum()

    gradient = jax.jit(jax.grad(total, argnums=(1, 2, 3)))
    got = gradient(x, *halves)
    expected = gradient(*(a.astype(jnp.float32) for a in (x, *halves)))
    assert {g.dtype for g in got} == {jnp.dtype(jnp.bfloat16)}
    assert all(np.all(g != 0) for g in expected)
    assert_close(got, tuple(e.astype(jnp.bfloat16) for e in expected), 1e-2)
