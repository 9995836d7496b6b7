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


class Tuning(NamedTuple):
    """How a kernel is compiled; what it computes stays the same.

    Attributes:
        rows: sequences in a program, 64 or 16: see `hopper_products`.
        lane: whether to lower with the semantics of lanes rather than of warpgroups.
        auto_barriers: whether the compiler puts barriers around every store.
        prefetch: whether a step loads the next one's inputs before it computes.
        approximate: whether exponentials and quotients may be the short ones, wrong
            by about 2e-7.
        short_tanh: whether gates come from the hardware's hyperbolic tangent, wrong by
            about 5e-4: one instruction for two.
    """

    rows: int = 64
    lane: bool = True
    auto_barriers: bool = False
    prefetch: bool = True
    approximate: bool = True
    short_tanh: bool = False


class Plan(NamedTuple):
    """What a kernel computes, and how; hashable.

    Attributes:
        reset_after: as of `ops.gru`.
        gate_activation: as of `ops.gru`.
        precision: of the recurrent products, `"tf32"` or `"float32"`.
        return_sequences: whether all states are wanted or the last.
        tuning: how the kernels are compiled.
        interpret: parameters of Pallas's interpreter, or None for the hardware.
    """

    reset_after: bool
    gate_activation: str
    precision: str
    return_sequences: bool
    tuning: Tuning
    interpret: Any

    @property
    def rows(self) -> int:
        """The number of sequences in a program."""
        return self.tuning.rows


def is_available() -> bool:
    """Return whether this JAX has the interface that the kernels are written for."""
    return plgpu is not None and jax.__version_info__ >= (0, 11, 2)
