"""What both kernels of the gated recurrent unit for Hopper GPUs are made of.

A kernel's program keeps 64 or 16 sequences in four warps and walks through time by
itself. The state never leaves the registers; the recurrent weights stay in shared
memory or in registers, from which the tensor cores multiply them.
"""

import jax
import jax.numpy as jnp
from jax import lax
from jax.experimental import pallas as pl

from seqconv_jax.ops.gru.hopper_plan import Plan, plgpu
from seqconv_jax.ops.gru.hopper_products import FACTORS


def call(plan: Plan, body, inputs: dict, outputs: dict, batch: int) -> dict:
    """Run `body` once for each program's sequences and return its outputs by name.

    Args:
        plan: what is computed, and how.
        body: a partial function of a dict of references by name, the program's
            factors, and the slice of the sequences that are its own.
        inputs: arrays by name; those that are None are left out. `"weights"`,
            `(3, units, units)`, have the outputs of the products first.
        outputs: shapes by name; all are float32.
        batch: the number of sequences, a multiple of the rows of a program.
    """
    kind = FACTORS[plan.rows]
    units = inputs["weights"].shape[-1]
    inputs = {name: array for name, array in inputs.items() if array is not None}
    inputs["weights"] = kind.prepare(plan, inputs["weights"])
    names = (*inputs, *outputs)

    def program(*refs):
        refs, scratch = refs[: len(names)], refs[len(names) :]
        refs = dict(zip(names, refs, strict=True))
        factors = kind.begin(plan, refs["weights"], *scratch)
        rows = pl.ds(lax.axis_index("rows") * plan.rows, plan.rows)
        body(refs, factors, rows)

    program.__name__ = body.func.__name__.strip("_")
    results = plgpu.kernel(
        program,
        out_type=tuple(
            jax.ShapeDtypeStruct(shape, jnp.float32) for shape in outputs.values()
        ),
        scratch_types=kind.scratch(plan, units),
        grid=(batch // plan.rows,),
        grid_names=("rows",),
        compiler_params=plgpu.CompilerParams(
            # Lanes, where every barrier that is needed is asked for by `put`.
            unsafe_no_auto_barriers=True,
            lowering_semantics=plgpu.LoweringSemantics.Lane,
        ),
        **({} if plan.interpret is None else {"interpret": plan.interpret}),
    )(*inputs.values())
    return dict(zip(outputs, results, strict=True))


def gate_activation(plan: Plan, x):
    """Return what a gate lets through."""
    match plan.gate_activation:
        case "hard_sigmoid":
            return jnp.minimum(jnp.maximum(x + 3, 0), 6) / 6
        case "hard_sigmoid_keras2":
            return jnp.minimum(jnp.maximum(0.2 * x + 0.5, 0), 1)
        case _:
            return 1 / (1 + jnp.exp(-x))


def gate_slope(plan: Plan, s):
    """Return the derivative of a gate's activation where it lets through `s`."""
    if plan.gate_activation == "sigmoid":
        return s * (1 - s)
    slope = 1 / 6 if plan.gate_activation == "hard_sigmoid" else 0.2
    return jnp.where((s > 0) & (s < 1), jnp.full_like(s, slope), jnp.zeros_like(s))


def load(plan: Plan, ref):
    """Load `(rows, units)` floats as the tensor cores lay them out."""
    return plgpu.load(ref, layout=FACTORS[plan.rows].layout(), optimized=False)


def zeros(plan: Plan, units: int):
    """Return zeros `(rows, units)` as the tensor cores lay them out."""
    nothing = jnp.zeros((plan.rows, units), jnp.float32)
    return plgpu.layout_cast(nothing, FACTORS[plan.rows].layout())


def load_is_real(plan: Plan, ref, units: int):
    """Load which sequences have a real step, as a mask `(rows, units)`."""
    layout = FACTORS[plan.rows].layout()
    real = plgpu.load(ref, layout=layout.reduce(1), optimized=False)
    real = lax.broadcast_in_dim(real, (plan.rows, units), [0])
    return plgpu.layout_cast(real, layout) > 0
