from typing import Any

import jax.numpy as jnp
import keras
import keras_reference
import numpy as np
import pytest
from gru_cases import BATCH, MASK, TIME, UNITS, dropout_masks, inputs, parameters
from numerics import (
    assert_close,
    normal,
    values_and_gradients,
)

from seqconv_jax.ops import gru

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
