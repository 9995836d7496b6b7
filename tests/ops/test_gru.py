import functools
import itertools
import re
from typing import Any

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
from seqconv_jax.ops import gru, gru_cell, project_inputs
from seqconv_jax.ops.gru.recurrence import recurrence, recurrence_reference
from seqconv_jax.ops.gru.step import Convention, Gates, Weights

BATCH, TIME, FEATURES, UNITS = 4, 6, 3, 5
H3 = 3 * UNITS
GATES = ("sigmoid", "hard_sigmoid", "hard_sigmoid_keras2")

# A full row, padding in front, padding behind, padding everywhere.
MASK: Any = np.ones((BATCH, TIME), bool)
MASK[1, :2] = MASK[2, 4:] = MASK[2, 1] = MASK[3] = False

jitted = quick_jit(
    gru,
    static_argnames=("reset_after", "gate_activation", "reverse", "return_sequences"),
)


def parameters(reset_after, dtype="float32", scale=1.0):
    """Return kernel, recurrent kernel and bias, large enough to saturate some gates."""
    bias = (2, 3 * UNITS) if reset_after else (3 * UNITS,)
    shapes = [(FEATURES, 3 * UNITS), (UNITS, 3 * UNITS), bias]
    return [
        scale * normal(*shape, seed=seed, dtype=dtype)
        for seed, shape in enumerate(shapes, start=10)
    ]


def inputs(dtype="float32"):
    return normal(BATCH, TIME, FEATURES, dtype=dtype)


def dropout_masks(dtype="float32"):
    """Return input and recurrent masks, each gate's different."""
    rng = np.random.default_rng(5)
    return {
        f"{name}_dropout_mask": 2 * rng.integers(0, 2, (3, BATCH, width)).astype(dtype)
        for name, width in [("input", FEATURES), ("recurrent", UNITS)]
    }


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
    {"gate_activation": "hard_sigmoid", "return_sequences": True, "reverse": True},
    {"dropped": True},
    {"dropped": True, "state": True, "return_sequences": True, "reverse": True},
    {"dropped": True, "mask": MASK, "gate_activation": "hard_sigmoid"},
]


def ours_and_keras(case, reset_after, dtype):
    """Return two functions of weights, input and state that should be the same."""
    options = {k: v for k, v in case.items() if k not in ("state", "dropped")}
    reverse, sequences = case.get("reverse", False), "return_sequences" in case
    masks = dropout_masks(dtype) if "dropped" in case else {}
    layer = keras.layers.GRU(
        UNITS,
        reset_after=reset_after,
        recurrent_activation=case.get("gate_activation", "sigmoid"),
        go_backwards=reverse,
        return_sequences=sequences,
        dropout=0.5 if masks else 0.0,
        recurrent_dropout=0.5 if masks else 0.0,
        dtype=dtype,
    )
    if masks:  # Where Keras draws its own and holds them for the call.
        layer.cell.get_dropout_mask = lambda _: masks["input_dropout_mask"]
        layer.cell.get_recurrent_dropout_mask = lambda _: masks[
            "recurrent_dropout_mask"
        ]

    def given(state):
        return {"initial_state": state} if "state" in case else {}

    def ours(weights, x, state):
        y = gru(
            x, *weights, reset_after=reset_after, **options, **masks, **given(state)
        )
        # Keras returns the states in the order in which it ran.
        return y[:, ::-1] if reverse and sequences else y

    def theirs(weights, x, state):
        mask = jnp.asarray(case["mask"]) if "mask" in case else None
        options = {"mask": mask, "training": bool(masks), **given(state)}
        return keras_reference.function(layer, weights, x, **options)(weights, x)

    return ours, theirs


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("reset_after", [False, True])
def test_values_and_gradients_equal_keras(reset_after, dtype, x64):
    weights, x = parameters(reset_after, dtype), inputs(dtype)
    state = normal(BATCH, UNITS, seed=3, dtype=dtype)
    cases = KERAS if dtype == "float64" else KERAS[1::2]
    pairs = [ours_and_keras(case, reset_after, dtype) for case in cases]
    ours, theirs = zip(*pairs, strict=True)
    arguments = [(weights, x, state)] * len(cases)
    got = values_and_gradients(ours, arguments)
    assert {str(y.dtype) for y, _ in got} == {dtype}
    with keras_reference.exact():
        expected = values_and_gradients(theirs, arguments)
    assert_close(got, expected)


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
                    c, p, s, w, m, return_sequences=not last
                )
            )
            plain.append(
                lambda p, s, w, c=convention, m=mask, last=last: recurrence_reference(
                    c, p, s, w, m
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


@given(
    padded=st.lists(st.booleans(), min_size=TIME, max_size=TIME),
    junk=st.sampled_from([1.0, 1e30, np.inf, np.nan]),
    reverse=st.booleans(),
)
def test_what_lies_under_the_mask_changes_nothing(padded, junk, reverse):
    x, weights = inputs(), parameters(True)
    mask = np.tile(~np.array(padded), (BATCH, 1))
    spoilt = np.where(mask[:, :, None], x, np.float32(junk))
    options = {"reset_after": True, "reverse": reverse, "mask": mask}
    got = jitted(spoilt, *weights, **options)
    assert_same_bits(got, jitted(x, *weights, **options))
    short = oracles.gru(x[:, mask[0]], *weights, reset_after=True, reverse=reverse)
    assert_close(got, short)


def test_gradient_of_masked_inputs_is_zero_and_padding_row_keeps_its_state():
    state, weights = normal(BATCH, UNITS, seed=3), parameters(False)
    y, (dx, dstate) = value_and_gradients(
        lambda x, state: gru(x, *weights, mask=MASK, initial_state=state),
        inputs(),
        state,
    )
    assert_same_bits(y[3], state[3])
    assert not np.any(dx[~MASK]) and np.all(np.any(dx[MASK] != 0, axis=-1))
    assert np.isfinite(dstate).all()


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


def test_dropout_masks_of_ones_change_nothing():
    x, weights = inputs(), parameters(False)
    ones = {
        "input_dropout_mask": jnp.ones((3, BATCH, FEATURES)),
        "recurrent_dropout_mask": jnp.ones((3, BATCH, UNITS)),
    }
    assert_close(jitted(x, *weights, **ones), jitted(x, *weights))


def test_each_gate_has_its_own_mask():
    # Where a gate's mask is zero, its part of the kernel gets no gradient.
    @quick_jit
    @jax.grad
    def gradients(weights, masks):
        return jnp.sum(gru(inputs(), *weights, reset_after=True, **masks))

    for kind, gate in itertools.product(["input", "recurrent"], range(3)):
        masks = {name: np.ones_like(mask) for name, mask in dropout_masks().items()}
        masks[f"{kind}_dropout_mask"][gate] = 0
        part = gradients(parameters(True), masks)[0 if kind == "input" else 1]
        moved = [bool(np.any(p)) for p in np.split(np.asarray(part), 3, axis=1)]
        assert moved == [i != gate for i in range(3)]


def test_dropped_state_still_interpolates_whole():
    # Recurrent masks of zero cut U off, but z h keeps the state itself.
    x, weights = inputs(), parameters(False)
    state = normal(BATCH, UNITS, seed=3)
    mask = jnp.zeros((3, BATCH, UNITS))
    got = jitted(x, *weights, initial_state=state, recurrent_dropout_mask=mask)
    kernel, recurrent, bias = weights
    without = oracles.gru(x, kernel, 0 * recurrent, bias, initial_state=state)
    assert_close(got, without)


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
