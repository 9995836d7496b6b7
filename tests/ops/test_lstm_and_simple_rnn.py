"""`lstm` and `simple_rnn`: the same questions to both."""

import functools
import itertools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import keras
import keras_reference
import numpy as np
import oracles
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.test_util import check_grads
from numerics import (
    assert_close,
    assert_same_bits,
    normal,
    quick_jit,
    value_and_gradients,
    values_and_gradients,
)

from seqconv_jax import UserError
from seqconv_jax.ops import (
    lstm,
    lstm_cell,
    project_inputs,
    simple_rnn,
    simple_rnn_cell,
)
from seqconv_jax.ops.lstm import lstm_reference
from seqconv_jax.ops.simple_rnn import simple_rnn_reference

BATCH, TIME, FEATURES, UNITS = 4, 6, 3, 5

# A full row, padding in front, padding behind with a hole, padding everywhere.
MASK: Any = np.ones((BATCH, TIME), bool)
MASK[1, :2] = MASK[2, 4:] = MASK[2, 1] = MASK[3] = False

# Gaps only: at masked steps before the first real one Keras returns zeros, not the
# initial state.
GAPS: Any = np.ones((BATCH, TIME), bool)
GAPS[1, 2:4] = GAPS[2, 1] = GAPS[2, 4] = False


class Unit(NamedTuple):
    run: Any
    plain: Any
    oracle: Any
    cell: Any
    keras: Any
    gates: int
    states: int  # arrays in the state
    activation: str  # the name of the option
    choices: tuple


UNITS_OF = {
    "lstm": Unit(
        lstm,
        lstm_reference,
        oracles.lstm,
        lstm_cell,
        keras.layers.LSTM,
        4,
        2,
        "gate_activation",
        ("sigmoid", "hard_sigmoid", "hard_sigmoid_keras2"),
    ),
    "simple_rnn": Unit(
        simple_rnn,
        simple_rnn_reference,
        oracles.simple_rnn,
        simple_rnn_cell,
        keras.layers.SimpleRNN,
        1,
        1,
        "activation",
        ("tanh", "relu"),
    ),
}
both = pytest.mark.parametrize("unit", UNITS_OF.values(), ids=UNITS_OF)
jitted = {
    unit: quick_jit(
        unit.run, static_argnames=(unit.activation, "reverse", "return_sequences")
    )
    for unit in UNITS_OF.values()
}


def parameters(unit, dtype="float32", scale=0.7):
    """Return kernel, recurrent kernel and bias."""
    width = unit.gates * UNITS
    shapes = [(FEATURES, width), (UNITS, width), (width,)]
    return [
        scale * normal(*shape, seed=seed, dtype=dtype)
        for seed, shape in enumerate(shapes, start=10)
    ]


def inputs(dtype="float32"):
    return normal(BATCH, TIME, FEATURES, dtype=dtype)


def states(unit, dtype="float32"):
    """Return an initial state: an array, or a pair of them."""
    arrays = [normal(BATCH, UNITS, seed=s, dtype=dtype) for s in range(unit.states)]
    return tuple(arrays) if unit.states > 1 else arrays[0]


def dropout_masks(unit, dtype="float32"):
    """Return input and recurrent masks, each gate's different."""
    rng = np.random.default_rng(5)
    gates = (unit.gates,) if unit.gates > 1 else ()
    return {
        f"{name}_dropout_mask": 2
        * rng.integers(0, 2, (*gates, BATCH, width)).astype(dtype)
        for name, width in [("input", FEATURES), ("recurrent", UNITS)]
    }


def variants(unit, dtype="float32"):
    masks, state = dropout_masks(unit, dtype), states(unit, dtype)
    return {
        "plain": {},
        "masked from a state": {"mask": MASK, "initial_state": state},
        "reversed": {"reverse": True, "mask": MASK},
        "dropped": {**masks, "initial_state": state},
        "all": {**masks, "mask": MASK, "initial_state": state, "reverse": True},
    }


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
            "`activation` must be one of 'tanh', 'relu', got 'tan'; did you mean 'tanh",
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
