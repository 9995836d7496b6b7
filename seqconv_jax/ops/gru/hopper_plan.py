"""What the kernels of the gated recurrent unit for Hopper GPUs are told."""

from typing import Any, NamedTuple

import jax

try:
    from jax.experimental.pallas import mosaic_gpu as _mosaic_gpu
except ImportError:  # a jaxlib built without it
    _mosaic_gpu = None

plgpu: Any = _mosaic_gpu

UNITS = 32  # units come in as many: eight for each warp, a row of a swizzled tile
PRECISIONS = ("tf32", "float32")


class Plan(NamedTuple):
    """What a kernel computes, and how; hashable.

    Attributes:
        reset_after: as of `ops.gru`.
        gate_activation: as of `ops.gru`.
        precision: of the recurrent products, `"tf32"` or `"float32"`.
        return_sequences: whether all states are wanted or the last.
        rows: sequences in a program, 64 or 16: see `hopper_products`.
        interpret: parameters of Pallas's interpreter, or None for the hardware.
    """

    reset_after: bool
    gate_activation: str
    precision: str
    return_sequences: bool
    rows: int
    interpret: Any


def is_available() -> bool:
    """Return whether this JAX has the interface that the kernels are written for."""
    return plgpu is not None and jax.__version_info__ >= (0, 11, 2)
