"""What the tests of `lstm` and `simple_rnn` share: both, with weights and masks."""

from typing import Any, NamedTuple

import keras
import numpy as np
import pytest
import recurrent_oracles
from numerics import (
    normal,
    quick_jit,
)

from seqconv_jax.ops import (
    lstm,
    lstm_cell,
    simple_rnn,
    simple_rnn_cell,
)
from seqconv_jax.ops.lstm.op import lstm_reference
from seqconv_jax.ops.simple_rnn import simple_rnn_reference

BATCH, TIME, FEATURES, UNITS = 4, 6, 3, 5

# A full row, padding in front, padding behind with a hole, padding everywhere.
MASK: Any = np.ones((BATCH, TIME), bool)
MASK[1, :2] = MASK[2, 4:] = MASK[2, 1] = MASK[3] = False


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
        recurrent_oracles.lstm,
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
        recurrent_oracles.simple_rnn,
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
