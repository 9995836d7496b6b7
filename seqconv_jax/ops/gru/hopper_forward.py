"""The way forward of the gated recurrent unit for Hopper GPUs."""

from functools import partial

import jax.numpy as jnp
from jax import lax

from seqconv_jax.ops.gru.hopper_kernel import (
    call,
    gate_activation,
    load,
    load_is_real,
)
from seqconv_jax.ops.gru.hopper_plan import Plan

Z, R, H = range(3)  # the gates' numbers


def run_forward(plan: Plan, inputs: dict, *, save: bool) -> dict:
    """Run all steps in one kernel.

    Args:
        plan: what is computed, and how.
        inputs: `projected_z`, `projected_r`, `projected_h`, `(time, batch, units)`,
            biases added; `initial_state`, `(batch, units)`; `weights`, `(3, units,
            units)`, outputs first. Or None: `inner_bias`, `(rows, units)`, rows alike;
            `dropout_mask`, `(3, batch, units)`; `real`, `(time, batch)`, ones for real
            steps. `batch` is a multiple of a program's rows, `units` of 32; all are
            float32.
        save: whether to put out what the way back needs.

    Returns:
        With `save`, `states`, `(time + 1, batch, units)`, the initial one first; `z`,
        `r`, `h`, what the gates let through, `(time, batch, units)`; and, with
        reset after, `inner`, the candidate's product. Else `states`, without the
        initial one, or `last`, `(batch, units)`.
    """
    time, batch, units = inputs["projected_z"].shape
    sequence = (time, batch, units)
    outputs: dict[str, tuple[int, ...]]
    if save:
        names = ("z", "r", "h", "inner") if plan.reset_after else ("z", "r", "h")
        outputs = dict.fromkeys(names, sequence)
        outputs["states"] = (time + 1, batch, units)
    elif plan.return_sequences:
        outputs = {"states": sequence}
    else:
        outputs = {"last": (batch, units)}
    return call(plan, partial(_gru_forward, plan, save), inputs, outputs, batch)


def _gru_forward(plan: Plan, save: bool, refs, factors, rows):
    time, _, units = refs["projected_z"].shape
    cell = _cell(plan, refs, factors, rows)

    def inputs(t):
        names = ("projected_z", "projected_r", "projected_h")
        return tuple(load(plan, refs[name].at[t, rows]) for name in names)

    def step(t, carry):
        state, projected = carry
        # The next step's are on their way while this one computes.
        upcoming = inputs(jnp.minimum(t + 1, time - 1))
        new, saved = cell(projected, state)
        if "real" in refs:
            is_real = load_is_real(plan, refs["real"].at[t, rows], units)
            new = jnp.where(is_real, new, state)
        if save:
            for name, value in saved.items():
                refs[name][t, rows] = value
        if "states" in refs:
            refs["states"][t + save, rows] = new
        return new, upcoming

    state = load(plan, refs["initial_state"].at[rows])
    if save:
        refs["states"][0, rows] = state
    last, _ = lax.fori_loop(0, time, step, (state, inputs(0)))
    if "last" in refs:
        refs["last"][rows] = last


def _cell(plan: Plan, refs, factors, rows):
    """Return a function of a step's projections and state, to the next and gates."""
    keep = keeper(plan, refs, rows)
    inner_bias = load(plan, refs["inner_bias"]) if "inner_bias" in refs else None

    def cell(projected, state):
        x_z, x_r, x_h = projected
        gates = (Z, R, H) if plan.reset_after else (Z, R)
        if keep is None:
            factors.put({Z: state})
            both = factors.products(*gates, shared=Z)
        else:
            factors.put({gate: keep(gate, state) for gate in gates})
            both = factors.products(*gates)
        z = gate_activation(plan, x_z + both[Z])
        r = gate_activation(plan, x_r + both[R])
        saved = {"z": z, "r": r}
        if plan.reset_after:
            factors.release()
            saved["inner"] = both[H] if inner_bias is None else both[H] + inner_bias
            product = r * saved["inner"]
        else:
            factors.put({H: r * (state if keep is None else keep(H, state))})
            (product,) = factors.products(H)
        saved["h"] = jnp.tanh(x_h + product)
        return z * state + (1 - z) * saved["h"], saved

    return cell


def keeper(plan, refs, rows):
    """Return a function that drops out, by gate and array; None without dropout."""
    if "dropout_mask" not in refs:
        return None
    masks = [load(plan, refs["dropout_mask"].at[gate, rows]) for gate in (Z, R, H)]
    return lambda gate, value: masks[gate] * value
