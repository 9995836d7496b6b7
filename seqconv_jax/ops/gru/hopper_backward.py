"""The way back of the gated recurrent unit for Hopper GPUs."""

from functools import partial

import jax.numpy as jnp
from jax import lax

from seqconv_jax.ops.gru.hopper_forward import H, R, Z, keeper
from seqconv_jax.ops.gru.hopper_kernel import (
    call,
    gate_slope,
    load,
    load_is_real,
    zeros,
)
from seqconv_jax.ops.gru.hopper_plan import Plan


def run_backward(plan: Plan, inputs: dict) -> dict:
    """Go back through all steps in one kernel.

    Args:
        plan: what is computed, and how.
        inputs: what `run_forward` saved; `weights`, `(3, units, units)`, outputs
            last; `d_states`, `(time, batch, units)`, or `d_last`, `(batch, units)`. Or
            None: `dropout_mask` and `real`, as there.

    Returns:
        `d_z`, `d_r`, `d_h`, derivatives of the projections, `(time, batch, units)`;
        `d_initial`, `(batch, units)`.
    """
    sequence = inputs["z"].shape
    outputs: dict[str, tuple[int, ...]] = dict.fromkeys(("d_z", "d_r", "d_h"), sequence)
    outputs["d_initial"] = sequence[1:]
    return call(plan, partial(_gru_backward, plan), inputs, outputs, sequence[1])


def _gru_backward(plan: Plan, refs, factors, rows):
    time, _, units = refs["z"].shape
    step_back = _step_back(plan, refs, factors, rows)
    names = [n for n in ("z", "r", "h", "states", "inner", "d_states") if n in refs]

    def inputs(t):
        return tuple(load(plan, refs[name].at[t, rows]) for name in names)

    def step(i, carry):
        t = time - 1 - i
        d_state, saved = carry
        upcoming = inputs(jnp.maximum(t - 1, 0))
        saved = dict(zip(names, saved, strict=True))
        d_new = d_state + saved["d_states"] if "d_states" in saved else d_state
        past = None
        if "real" in refs:
            is_real = load_is_real(plan, refs["real"].at[t, rows], units)
            nothing = jnp.zeros_like(d_new)
            past = jnp.where(is_real, nothing, d_new)
            d_new = jnp.where(is_real, d_new, nothing)
        d_before, d_gates = step_back(saved, d_new)
        for name, value in d_gates.items():
            refs[name][t, rows] = value
        return d_before if past is None else d_before + past, upcoming

    if "d_last" in refs:
        d_last = load(plan, refs["d_last"].at[rows])
    else:
        d_last = zeros(plan, units)
    d_initial, _ = lax.fori_loop(0, time, step, (d_last, inputs(time - 1)))
    refs["d_initial"][rows] = d_initial


def _step_back(plan: Plan, refs, factors, rows):
    """Return a function of a step's gates and the derivative of the state after it.

    It returns the derivatives of the state before it, and of the projections.
    """
    keep = keeper(plan, refs, rows)
    keep = (lambda gate, value: value) if keep is None else keep

    def step_back(saved, d_new):
        z, r, h, before = (saved[name] for name in ("z", "r", "h", "states"))
        d_z = d_new * (before - h) * gate_slope(plan, z)
        d_h = d_new * (1 - z) * (1 - h * h)
        if plan.reset_after:
            d_r = d_h * saved["inner"] * gate_slope(plan, r)
            factors.put({Z: d_z, R: d_r, H: d_h * r})
            from_z, from_r, from_h = factors.products(Z, R, H)
            factors.release()
        else:
            factors.put({H: d_h})
            (d_given,) = factors.products(H)
            d_r = d_given * keep(H, before) * gate_slope(plan, r)
            factors.put({Z: d_z, R: d_r})
            from_z, from_r = factors.products(Z, R)
            from_h = d_given * r
        d_before = d_new * z + keep(Z, from_z) + keep(R, from_r) + keep(H, from_h)
        return d_before, {"d_z": d_z, "d_r": d_r, "d_h": d_h}

    return step_back
