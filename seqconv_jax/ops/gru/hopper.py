"""The loop over time of a gated recurrent unit as one kernel for Hopper GPUs.

XLA starts several kernels in each step, and starting one takes longer than what it
does. Here one kernel walks through all steps; see `hopper_kernel`. The way back writes
the derivatives of the projections; those of the weights are products of whole
sequences, which XLA computes well.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from seqconv_jax import _checks
from seqconv_jax.ops.derivative import with_backward
from seqconv_jax.ops.gru.hopper_backward import run_backward
from seqconv_jax.ops.gru.hopper_forward import run_forward
from seqconv_jax.ops.gru.hopper_plan import PRECISIONS, UNITS, Plan
from seqconv_jax.ops.gru.hopper_products import FACTORS, fits
from seqconv_jax.ops.gru.step import Convention, Gates, Weights
from seqconv_jax.ops.recurrence import recurrence_reference
from seqconv_jax.ops.recurrent import State

__all__ = ["fitting_rows", "fused_recurrence"]


def fitting_rows(units: int, precision: str) -> int | None:
    """Return how many sequences a program has, few if it can; None if none fit.

    The fewer, the faster. Up to 96 units fit for `"tf32"`, 64 for `"float32"`.
    """
    units = _round_up(units, UNITS)
    fitting = [rows for rows in FACTORS if fits(units, precision, rows)]
    return min(fitting, default=None)


def fused_recurrence(
    unit: Convention,
    projected: Gates,
    initial_state: State,
    weights: Weights,
    mask: jax.Array | None,
    *,
    return_sequences: bool,
    precision: str = "tf32",
    rows: int | None = None,
    interpret: Any = None,
) -> jax.Array:
    """Compute `ops.recurrence.recurrence` of a gated recurrent unit in one kernel.

    Second and higher derivatives are those of `ops.recurrence.recurrence_reference`.

    Args:
        unit: the convention.
        projected: `(time, batch, units)` for each gate.
        initial_state: `(batch, units)`, in a tuple of one.
        weights: what every step uses.
        mask: `(time, batch)` bool, true for real steps; None where all are.
        return_sequences: whether to return all states, `(time, batch, units)`, or the
            last, `(batch, units)`.
        precision: `"tf32"`, relative errors near 3e-4 in a product, or `"float32"`,
            three products for one.
        rows: sequences in a program, 16 or 64; None for the fewest that fit.
        interpret: `InterpretGPUParams()` to run on any machine, slowly.
    """
    _checks.one_of("precision", precision, PRECISIONS)
    units = weights.kernel.shape[0]
    fewest = fitting_rows(units, precision)
    expected = f"few enough for {precision} on one multiprocessor"
    _checks.expect(fewest is not None, "units", expected, units)
    plan = Plan(
        unit.reset_after,
        unit.gate_activation,
        precision,
        return_sequences,
        rows or fewest or 0,
        interpret,
    )
    dtype, batch = projected.z.dtype, projected.z.shape[1]
    if weights.bias is not None:
        biases = jnp.split(weights.bias, 3)
        added = [p + b[None, None] for p, b in zip(projected, biases, strict=True)]
        projected = Gates(*added)
    wide = partial(
        _pad, batch=_round_up(batch, plan.rows), units=_round_up(units, UNITS)
    )
    kernel = jnp.moveaxis(weights.kernel.reshape(units, 3, units), 1, 0)
    fused: Any = _fused(
        tuple(wide(p) for p in projected),
        wide(initial_state[0]),
        _pad(kernel, batch=_round_up(units, UNITS), units=_round_up(units, UNITS)),
        _optional(_pad, weights.inner_bias, units=_round_up(units, UNITS)),
        _optional(wide, weights.dropout_mask),
        _optional(_pad, mask, units=_round_up(batch, plan.rows)),
        plan=plan,
    )
    return fused[..., :batch, :units].astype(dtype)


def _value(*arguments, plan: Plan):
    outputs = run_forward(plan, _inputs(plan, *arguments), save=False)
    return outputs["states" if plan.return_sequences else "last"]


def _forward(*arguments, plan: Plan):
    given = lax.stop_gradient(arguments)
    saved = run_forward(plan, _inputs(plan, *given), save=True)
    states = saved["states"]
    out = states[1:] if plan.return_sequences else states[-1]
    return _known(partial(_plain, plan), out, arguments), (saved, arguments)


def _backward(residuals, d_out, *, plan: Plan):
    saved, arguments = residuals
    given, d_given = lax.stop_gradient((arguments, d_out))
    gradients = _gradients(plan, saved, given, d_given)
    return _known(partial(_plain_gradients, plan), gradients, (arguments, d_out))


@with_backward(_forward, _backward, value=_value)
def _fused(*arguments, plan: Plan):
    return _plain(plan, *arguments)


def _plain(plan: Plan, projected, initial, kernel, inner_bias, dropout_mask, real):
    """Compute the same in a loop that can be differentiated again and again."""
    states = recurrence_reference(
        Convention(plan.reset_after, plan.gate_activation),
        Gates(*projected),
        (initial,),
        Weights(jnp.concatenate(tuple(kernel), 1), None, inner_bias, dropout_mask),
        None if real is None else real > 0,
    )
    return states if plan.return_sequences else states[-1]


def _plain_gradients(plan: Plan, arguments, d_out):
    return jax.vjp(partial(_plain, plan), *arguments)[1](d_out)


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _known(function: Callable, value, arguments):
    """Return `value`, which is `function(*arguments)`, with the function's derivative.

    The kernels have no derivative of their own.
    """
    del function, arguments
    return value


@_known.defjvp
def _known_jvp(function: Callable, primals, tangents):
    value, arguments = primals
    _, tangent = jax.jvp(function, arguments, tangents[1])
    return _known(function, value, arguments), tangent


def _gradients(plan: Plan, saved, arguments, d_out):
    """Return the derivatives of the arguments, from what the way forward saved."""
    _, _, kernel, inner_bias, dropout_mask, real = arguments
    d = run_backward(
        plan,
        {
            **saved,
            "weights": kernel,
            "d_states" if plan.return_sequences else "d_last": d_out,
            "dropout_mask": dropout_mask,
            "real": real,
        },
    )
    d_projected = (d["d_z"], d["d_r"], d["d_h"])
    # What each gate's product was given, and what it gets back.
    before = saved["states"][:-1]
    d_products = d_projected
    if plan.reset_after:
        d_products = (d["d_z"], d["d_r"], d["d_h"] * saved["r"])
    kept = [before] * 3
    if dropout_mask is not None:
        kept = [before * mask[None] for mask in dropout_mask]
    given = kept if plan.reset_after else (kept[0], kept[1], saved["r"] * kept[2])
    sums = partial(_einsum, plan.precision)
    pairs = list(zip(given, d_products, strict=True))
    d_kernel = jnp.stack([sums("tbi,tbo->io", a, b) for a, b in pairs])
    d_inner_bias = None if inner_bias is None else d_products[2].sum((0, 1))
    d_mask = None
    if dropout_mask is not None:
        backs = [
            sums("tbo,io->tbi", b, k) for b, k in zip(d_products, kernel, strict=True)
        ]
        if not plan.reset_after:
            backs[2] = backs[2] * saved["r"]
        d_mask = jnp.stack([(back * before).sum(0) for back in backs])
    d_real = None if real is None else jnp.zeros_like(real)
    return d_projected, d["d_initial"], d_kernel, d_inner_bias, d_mask, d_real


def _inputs(plan: Plan, projected, initial, kernel, inner_bias, dropout_mask, real):
    """Name the kernel's inputs."""
    z, r, h = projected
    rows = (plan.rows, initial.shape[1])
    return {
        "projected_z": z,
        "projected_r": r,
        "projected_h": h,
        "initial_state": initial,
        "weights": jnp.swapaxes(kernel, 1, 2),
        "inner_bias": _optional(lambda bias: jnp.broadcast_to(bias, rows), inner_bias),
        "dropout_mask": dropout_mask,
        "real": real,
    }


def _einsum(precision: str, subscripts: str, *arrays):
    """Multiply as precisely as the kernels do."""
    wanted = jax.lax.Precision.HIGHEST if precision == "float32" else None
    return jnp.einsum(subscripts, *arrays, precision=wanted)


def _pad(array, *, units: int, batch: int | None = None):
    """Return a float32 array with zeros behind its last two axes."""
    wanted = (units,) if batch is None else (batch, units)
    lead = array.ndim - len(wanted)
    widths = [(0, 0)] * lead + [
        (0, size - have) for size, have in zip(wanted, array.shape[lead:], strict=True)
    ]
    array = array.astype(jnp.float32)
    return jnp.pad(array, widths) if any(w for _, w in widths) else array


def _optional(function, array, **options):
    return None if array is None else function(array, **options)


def _round_up(size: int, multiple: int) -> int:
    return -(-size // multiple) * multiple
