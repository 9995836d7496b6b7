"""What both kernels of the gated recurrent unit for Hopper GPUs are made of.

A kernel's program keeps 64 sequences in one warpgroup and walks through time by
itself. The state never leaves the registers; the recurrent weights stay in shared
memory, from which the tensor cores multiply them.

Tensor cores round float32 to TF32, 11 significant bits. `precision="float32"` splits
each factor in two such numbers, `a = a1 + a2` with `a1` the rounded `a`, and adds up

    a b = a1 b1 + a1 b2 + a2 b1          (a2 b2 is below float32's own rounding)
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.experimental import pallas as pl

try:
    from jax.experimental.pallas import mosaic_gpu as _mosaic_gpu
except ImportError:  # a jaxlib built without it
    _mosaic_gpu = None

plgpu: Any = _mosaic_gpu

ROWS = 64  # sequences in a program: the rows of a warpgroup's matrix product
UNITS = 32  # units come in as many: a row of a swizzled tile, 128 bytes
TF32_TAIL = 13  # bits of a float32 that TF32 drops

# Pairs of parts, of what is given and of the weights, whose products are added up,
# the small ones first.
PART_PRODUCTS = {"tf32": ((0, 0),), "float32": ((1, 0), (0, 1), (0, 0))}
PARTS = {"tf32": 1, "float32": 2}
SHARED_MEMORY = 227 * 1024


class Tuning(NamedTuple):
    """How a kernel is compiled; what it computes stays the same.

    Attributes:
        lane: whether to lower with the semantics of lanes rather than of warpgroups.
        auto_barriers: whether the compiler puts barriers around every store.
        prefetch: whether a step loads the next one's inputs before it computes.
        approximate: whether exponentials and quotients may be the short ones, wrong
            by about 2e-7.
        short_tanh: whether gates come from the hardware's hyperbolic tangent, wrong by
            about 5e-4: one instruction for two.
    """

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


def is_available() -> bool:
    """Return whether this JAX has the interface that the kernels are written for."""
    return plgpu is not None and jax.__version_info__ >= (0, 11, 2)


def shared_memory_bytes(units: int, precision: str) -> int:
    """Return what a kernel's factors occupy: three gates' weights and states."""
    return 4 * 3 * PARTS[precision] * units * (units + ROWS)


def call(plan: Plan, body, inputs: dict, outputs: dict, batch: int) -> dict:
    """Run `body` once for each 64 sequences and return its outputs by name.

    Args:
        plan: what is computed, and how.
        body: a partial function of a dict of references by name, the program's `Factors`, and the
            slice of the sequences that are its own.
        inputs: arrays by name; `"weights"`, `(parts, units, units)`, go to shared
            memory. Those that are None are left out.
        outputs: shapes by name; all are float32.
        batch: the number of sequences, a multiple of 64.
    """
    inputs = {name: array for name, array in inputs.items() if array is not None}
    names = (*inputs, *outputs)
    pieces, units, _ = inputs["weights"].shape

    def program(*refs):
        *refs, weights, states, arrived = refs
        refs = dict(zip(names, refs, strict=True))
        for piece in range(pieces):
            plgpu.copy_gmem_to_smem(
                refs["weights"].at[piece], weights.at[piece], arrived.at[piece]
            )
        for piece in range(pieces):
            plgpu.barrier_wait(arrived.at[piece])
        rows = pl.ds(lax.axis_index("rows") * ROWS, ROWS)
        body(refs, Factors(states, weights, plan.precision), rows)

    program.__name__ = body.func.__name__.strip("_")
    results = plgpu.kernel(
        program,
        out_type=tuple(
            jax.ShapeDtypeStruct(shape, jnp.float32) for shape in outputs.values()
        ),
        scratch_types=(
            _tiles(pieces, units, units),
            _tiles(pieces, ROWS, units),
            plgpu.Barrier(num_barriers=pieces),
        ),
        grid=(batch // ROWS,),
        grid_names=("rows",),
        compiler_params=_compiler_params(plan.tuning),
        **({} if plan.interpret is None else {"interpret": plan.interpret}),
    )(*inputs.values())
    return dict(zip(outputs, results, strict=True))


def _tiles(*shape: int):
    """Return shared memory for float32 matrices as the tensor cores read them."""
    transforms = (plgpu.TilingTransform((8, UNITS)), plgpu.SwizzleTransform(4 * UNITS))
    return plgpu.SMEM(shape, jnp.float32, transforms=transforms)


def _compiler_params(tuning: Tuning):
    semantics = plgpu.LoweringSemantics
    return plgpu.CompilerParams(
        approx_math=tuning.approximate,
        unsafe_no_auto_barriers=not tuning.auto_barriers,
        lowering_semantics=semantics.Lane if tuning.lane else semantics.Warpgroup,
    )


class Factors(NamedTuple):
    """The factors of the recurrent products, in shared memory.

    A left factor may be written again only when every warp is known to be done with
    its product: after a `put` of another one since, or `release`.

    Attributes:
        given: `(gates * parts, 64, units)`, one left factor for each gate.
        weights: `(gates * parts, units, units)`, each with the outputs first: the
            tensor cores want float32 so.
        precision: as of `Plan`.
    """

    given: Any
    weights: Any
    precision: str

    def put(self, values: dict) -> None:
        """Write left factors by the number of their gate, and wait for all warps."""
        parts = PARTS[self.precision]
        for gate, value in values.items():
            for part, rounded in enumerate(split(value, self.precision)):
                self.given[gate * parts + part] = rounded
        plgpu.commit_smem()

    def release(self) -> None:
        """Wait until all warps are done with their products."""
        plgpu.commit_smem()

    def products(self, *gates: int, shared: int | None = None):
        """Multiply the gates' left factors, or one shared by all, by their weights."""
        parts = PARTS[self.precision]

        def run(*accumulators):
            for accumulator, gate in zip(accumulators, gates, strict=True):
                given = gate if shared is None else shared
                for left, right in PART_PRODUCTS[self.precision]:
                    plgpu.wgmma(
                        accumulator,
                        self.given.at[given * parts + left],
                        self.weights.at[gate * parts + right].transpose((1, 0)),
                    )
            return tuple(accumulator[...] for accumulator in accumulators)

        units = self.given.shape[-1]
        kinds = [plgpu.ACC((ROWS, units), jnp.float32)] * len(gates)
        # No arithmetic on the sums may move before the wait for them.
        return lax.optimization_barrier(pl.run_scoped(run, *kinds))


def split(value, precision: str) -> tuple:
    """Return the TF32 parts of a float32 array that add up to it."""
    first = _rounded(value)
    return (first,) if precision == "tf32" else (first, value - first)


def _rounded(value):
    """Round to TF32; left alone, tensor cores drop the tail, always towards zero."""
    bits = lax.bitcast_convert_type(value, jnp.int32)
    bits = (bits + jnp.int32(1 << (TF32_TAIL - 1))) & jnp.int32(-1 << TF32_TAIL)
    return lax.bitcast_convert_type(bits, jnp.float32)


def sigmoid(tuning: Tuning, x):
    """Return `1 / (1 + exp(-x))`; the square of a short root is a short quotient."""
    if tuning.short_tanh:
        return 0.5 * jnp.tanh(0.5 * x) + 0.5
    total = 1 + jnp.exp(-x)
    return jnp.square(lax.rsqrt(total)) if tuning.approximate else 1 / total


def tanh(tuning: Tuning, x):
    """Return `tanh(x)`, as `2 sigmoid(2 x) - 1` where that is short."""
    if tuning.approximate and not tuning.short_tanh:
        return 2 * sigmoid(tuning, 2 * x) - 1
    return jnp.tanh(x)


def gate_activation(plan: Plan, x):
    """Return what a gate lets through."""
    match plan.gate_activation:
        case "hard_sigmoid":
            return jnp.minimum(jnp.maximum(x + 3, 0), 6) / 6
        case "hard_sigmoid_keras2":
            return jnp.minimum(jnp.maximum(0.2 * x + 0.5, 0), 1)
        case _:
            return sigmoid(plan.tuning, x)


def gate_slope(plan: Plan, s):
    """Return the derivative of a gate's activation where it lets through `s`."""
    if plan.gate_activation == "sigmoid":
        return s * (1 - s)
    slope = 1 / 6 if plan.gate_activation == "hard_sigmoid" else 0.2
    return jnp.where((s > 0) & (s < 1), jnp.full_like(s, slope), jnp.zeros_like(s))


def load(ref, layout=None):
    """Load `(64, units)` floats as the tensor cores lay them out, or as asked."""
    layout = plgpu.Layout.WGMMA if layout is None else layout
    return plgpu.load(ref, layout=layout, optimized=False)


def zeros(units: int):
    """Return zeros `(64, units)` as the tensor cores lay them out."""
    nothing = jnp.zeros((ROWS, units), jnp.float32)
    return plgpu.layout_cast(nothing, plgpu.Layout.WGMMA)


def load_is_real(ref, units: int):
    """Load which of 64 sequences have a real step, as a mask `(64, units)`."""
    real = load(ref, plgpu.Layout.WGMMA.reduce(1))
    return lax.broadcast_in_dim(real, (ROWS, units), [0]) > 0
