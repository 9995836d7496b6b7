"""Sizes, weights and masks shared by the tests of the GRU."""

from typing import Any

import numpy as np
from numerics import (
    normal,
    quick_jit,
)

from seqconv_jax.ops import gru

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
