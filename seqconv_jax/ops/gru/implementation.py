"""Which implementation runs a gated recurrent unit's loop over time."""

import logging
from functools import cache, partial

import jax
import jax.numpy as jnp
from jax import lax

from seqconv_jax import _checks
from seqconv_jax.ops.gru.step import Convention, Gates, Weights
from seqconv_jax.ops.recurrence import recurrence
from seqconv_jax.ops.recurrent import State
from seqconv_jax.ops.symbolic import is_symbolic

IMPLEMENTATIONS = ("xla", "fused")
SIGMOIDS = ("sigmoid", "hard_sigmoid", "hard_sigmoid_keras2")  # the kernels' gates
# Values of `jax_default_matmul_precision` that ask for no more than TF32's.
COARSE = (None, "default", "fastest", "bfloat16", "bfloat16_3x", "tensorfloat32")


def run_loop(
    implementation: str | None,
    unit: Convention,
    projected: Gates,
    initial_state: State,
    weights: Weights,
    mask: jax.Array | None,
    *,
    return_sequences: bool,
) -> jax.Array:
    """Run `ops.recurrence.recurrence` or, on a Hopper GPU, `hopper.fused_recurrence`.

    A process with such a GPU may compile for its CPU as well, so that the choice is
    made anew when a program is lowered. Without one, the program has no such choice.

    Args:
        implementation: as of `ops.gru`.
        unit: the convention.
        projected: `(time, batch, units)` for each gate.
        initial_state: `(batch, units)`, in a tuple of one.
        weights: what every step uses.
        mask: `(time, batch)` bool, true for real steps; None where all are.
        return_sequences: whether to return all states or the last.
    """
    if implementation is not None:
        _checks.one_of("implementation", implementation, IMPLEMENTATIONS)
    plain = partial(recurrence, unit, return_sequences=return_sequences)
    arguments = (projected, initial_state, weights, mask)
    if not _is_fused(implementation, unit, projected.z):
        return plain(*arguments)
    from seqconv_jax.ops.gru.hopper import fused_recurrence

    fused = partial(
        fused_recurrence,
        unit,
        return_sequences=return_sequences,
        precision=_precision(),
    )
    return lax.platform_dependent(*arguments, cuda=fused, default=plain)


def has_hopper_gpu() -> bool:
    """Return whether this process computes on a Hopper GPU."""
    return jax.default_backend() == "gpu" and any(
        getattr(device, "compute_capability", None) == "9.0"
        for device in jax.local_devices()
    )


def _is_fused(
    implementation: str | None, unit: Convention, projected: jax.Array
) -> bool:
    """Return whether to use the kernels; raise where they are asked for in vain."""
    if implementation == "xla" or (implementation is None and not has_hopper_gpu()):
        return False
    lacking = _lacking(unit, projected)
    _checks.expect(
        lacking is None or implementation is None,
        "implementation",
        f"None or 'xla' here, as 'fused' needs {lacking}",
        implementation,
    )
    if lacking is not None:
        _tell(f"a GRU runs step by step, as the fused loop needs {lacking}")
    return lacking is None


def _lacking(unit: Convention, projected: jax.Array) -> str | None:
    """Return what the kernels would need and do not have; None for nothing."""
    _, batch, units = projected.shape
    precision = _precision()
    if not has_hopper_gpu():
        return "a Hopper GPU (compute capability 9.0)"
    # Not before it is of use: importing Pallas takes long.
    from seqconv_jax.ops.gru.hopper import fitting_rows
    from seqconv_jax.ops.gru.hopper_plan import is_available

    if not is_available():
        return f"JAX 0.11.2 or later with Pallas for it (this is {jax.__version__})"
    if unit.activation != "tanh" or unit.gate_activation not in SIGMOIDS:
        made = f"{unit.activation} and {unit.gate_activation}"
        return f"a candidate made by tanh and gates by a sigmoid, not {made}"
    if projected.dtype != jnp.float32:
        return f"float32 arrays, not {projected.dtype}"
    if any(map(is_symbolic, projected.shape)):
        return f"sizes that are numbers, not {projected.shape}"
    if batch == 0 or units == 0:
        return f"numbers to compute, not {batch} sequences of {units} units"
    if fitting_rows(units, precision) is None:
        return f"fewer than {units} units for products in {precision}"
    if not jax.typeof(projected).sharding.mesh.empty:
        return "arrays without a mesh"
    return None


def _precision() -> str:
    """Return the precision of the kernels' products that JAX is set to."""
    wanted = jax.config.jax_default_matmul_precision  # pyright: ignore
    return "tf32" if wanted in COARSE else "float32"


@cache
def _tell(message: str) -> None:
    """Log a line once."""
    logging.getLogger("seqconv_jax").info(message)
