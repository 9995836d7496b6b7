"""The recurrent products of the gated recurrent unit for Hopper GPUs.

There are two kinds, with the same methods. `WarpgroupFactors` lets the four warps of a
program multiply 64 sequences together, with both factors in shared memory, in TF32.
`WarpFactors` lets each warp multiply the same 16 sequences by the weights of its own
units, which never leave its registers, in bfloat16: a program has a quarter of the
arithmetic in each step, and there are four times as many programs.

TF32 has 11 significant bits, bfloat16 has 8. Each factor is split in such numbers,
`a = a1 + a2 + ...` with `a1` the rounded `a`, and

    a b = a1 b1 + a1 b2 + a2 b1 + ...

is added up, the small ones first, until what is left out is below the precision.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import lax
from jax.experimental import pallas as pl

from seqconv_jax.ops.gru.hopper_plan import UNITS, Plan, plgpu

GATES = range(3)
TF32_TAIL = 13  # bits of a float32 that TF32 drops


class WarpgroupFactors(NamedTuple):
    """Factors of products of 64 sequences, in shared memory.

    A left factor may be written again only when every warp is known to be done with
    its product: after a `put` of another one since, or `release`.

    Attributes:
        plan: what is computed, and how.
        given: `(gates * parts, 64, units)`, one left factor for each gate.
        weights: `(gates * parts, units, units)`, each with the outputs first: the
            tensor cores want float32 so.
    """

    plan: Plan
    given: Any
    weights: Any

    @staticmethod
    def layout():
        """Return which threads have which numbers of a matrix of states."""
        return plgpu.Layout.WGMMA

    @staticmethod
    def scratch(plan: Plan, units: int) -> tuple:
        """Return what `begin` needs of shared memory."""
        pieces = len(GATES) * PARTS[plan.precision]
        return (
            _tiles(pieces, units, units),
            _tiles(pieces, plan.rows, units),
            plgpu.Barrier(num_barriers=pieces),
        )

    @staticmethod
    def prepare(plan: Plan, kernel):
        """Return gates' parts one after the other, `(3 * parts, units, units)`."""
        parts = jnp.stack(split_tf32(kernel, plan.precision), 1)
        return parts.reshape(-1, *kernel.shape[1:])

    @classmethod
    def begin(cls, plan: Plan, prepared, weights, given, arrived):
        """Copy the prepared weights to shared memory."""
        for piece in range(prepared.shape[0]):
            plgpu.copy_gmem_to_smem(
                prepared.at[piece], weights.at[piece], arrived.at[piece]
            )
        for piece in range(prepared.shape[0]):
            plgpu.barrier_wait(arrived.at[piece])
        return cls(plan, given, weights)

    def put(self, values: dict) -> None:
        """Write left factors by the number of their gate, and wait for all warps."""
        parts = PARTS[self.plan.precision]
        for gate, value in values.items():
            for part, rounded in enumerate(split_tf32(value, self.plan.precision)):
                self.given[gate * parts + part] = rounded
        plgpu.commit_smem()

    def release(self) -> None:
        """Wait until all warps are done with their products."""
        plgpu.commit_smem()

    def products(self, *gates: int, shared: int | None = None):
        """Multiply the gates' left factors, or one shared by all, by their weights."""
        parts = PARTS[self.plan.precision]

        def run(*accumulators):
            for accumulator, gate in zip(accumulators, gates, strict=True):
                given = gate if shared is None else shared
                for left, right in PART_PRODUCTS[parts]:
                    plgpu.wgmma(
                        accumulator,
                        self.given.at[given * parts + left],
                        self.weights.at[gate * parts + right].transpose((1, 0)),
                    )
            return tuple(accumulator[...] for accumulator in accumulators)

        shape = (self.plan.rows, self.given.shape[-1])
        kinds = [plgpu.ACC(shape, jnp.float32)] * len(gates)
        # No arithmetic on the sums may move before the wait for them.
        return lax.optimization_barrier(pl.run_scoped(run, *kinds))


class WarpFactors(NamedTuple):
    """Factors of products of 16 sequences, the right ones in registers.

    The same holds for writing left factors again as in `WarpgroupFactors`.

    Attributes:
        plan: what is computed, and how.
        given: `(gates * parts, 16, units or more)` bfloat16, one left factor for each
            gate.
        weights: of each gate the parts, `(units, units)` bfloat16, inputs first.
    """

    plan: Plan
    given: Any
    weights: Any

    @staticmethod
    def layout():
        """Return which threads have which numbers of a matrix of states."""
        return plgpu.Layout.MMA_ACC(jnp.bfloat16, m_warps=1)

    @staticmethod
    def scratch(plan: Plan, units: int) -> tuple:
        """Return what `begin` needs of shared memory."""
        pieces = len(GATES) * BFLOAT16_PARTS[plan.precision]
        # Rows a little longer than the units fall on different banks of memory.
        return (plgpu.SMEM((pieces, plan.rows, units + 8), jnp.bfloat16),)

    @staticmethod
    def prepare(plan: Plan, kernel):
        """Return the weights as they are: `begin` splits them."""
        del plan
        return kernel

    @classmethod
    def begin(cls, plan: Plan, prepared, given):
        """Load the prepared weights to registers."""
        layout = plgpu.Layout.MMA_RHS(jnp.bfloat16, m_warps=1)
        weights = []
        for gate in GATES:
            transposed = prepared.at[gate].transpose((1, 0))
            kernel = plgpu.load(transposed, layout=layout, optimized=False)
            weights.append(split_bfloat16(kernel, plan.precision))
        return cls(plan, given, weights)

    def put(self, values: dict) -> None:
        """Write left factors by the number of their gate, and wait for all warps."""
        parts = BFLOAT16_PARTS[self.plan.precision]
        for gate, value in values.items():
            for part, rounded in enumerate(split_bfloat16(value, self.plan.precision)):
                self._given(gate * parts + part)[...] = rounded
        plgpu.commit_smem()

    def release(self) -> None:
        """Wait until all warps are done with their products."""
        plgpu.commit_smem()

    def products(self, *gates: int, shared: int | None = None):
        """Multiply the gates' left factors, or one shared by all, by their weights."""
        lefts = {gate: self._left(gate if shared is None else shared) for gate in gates}
        if shared is not None:
            lefts = dict.fromkeys(gates, lefts[gates[0]])
        return tuple(self._product(lefts[gate], self.weights[gate]) for gate in gates)

    def _left(self, gate: int):
        parts = BFLOAT16_PARTS[self.plan.precision]
        layout = plgpu.Layout.MMA_LHS(jnp.bfloat16, m_warps=1)
        return [
            plgpu.load(self._given(gate * parts + p), layout=layout, optimized=False)
            for p in range(parts)
        ]

    def _given(self, piece: int):
        return self.given.at[piece, :, pl.ds(0, self._units)]

    @property
    def _units(self) -> int:
        return self.weights[0][0].shape[0]

    def _product(self, lefts, rights):
        shape = (self.plan.rows, self._units)
        total = plgpu.layout_cast(jnp.zeros(shape, jnp.float32), self.layout())
        for left, right in PART_PRODUCTS[len(lefts)]:
            total = self._add(total, lefts[left], rights[right])
        return total

    def _add(self, total, left, right):
        if self.plan.interpret is None:
            return plgpu.mma(total, left, right)
        # The interpreter doesn't know `mma`.
        return total + jnp.dot(left, right, preferred_element_type=jnp.float32)


# Pairs of parts, of the left factor and of the right one, for each number of parts.
PART_PRODUCTS = {
    1: ((0, 0),),
    2: ((1, 0), (0, 1), (0, 0)),
    3: ((2, 0), (1, 1), (0, 2), (1, 0), (0, 1), (0, 0)),
}
PARTS = {"tf32": 1, "float32": 2}
BFLOAT16_PARTS = {"tf32": 2, "float32": 3}
FACTORS = {64: WarpgroupFactors, 16: WarpFactors}
SHARED_MEMORY = 223 * 1024  # of 227 KiB; the compiler wants some for itself


def fits(units: int, precision: str, rows: int) -> bool:
    """Return whether the factors fit in a multiprocessor's memories.

    That is up to 96 units for TF32 and 64 for float32 in shared memory, up to 64 for
    TF32 and 32 for float32 in registers.
    """
    if rows == 16:
        return units <= {"tf32": 64, "float32": 32}[precision]
    return 4 * len(GATES) * PARTS[precision] * units * (units + rows) < SHARED_MEMORY


def split_tf32(value, precision: str) -> tuple:
    """Return the TF32 parts of a float32 array that add up to it."""
    first = _rounded(value)
    return (first,) if precision == "tf32" else (first, value - first)


def split_bfloat16(value, precision: str) -> tuple:
    """Return bfloat16 parts of a float32 array that add up to it, or nearly so."""
    parts = []
    for _ in range(BFLOAT16_PARTS[precision]):
        part = value.astype(jnp.bfloat16)
        value = value - part.astype(jnp.float32)
        parts.append(part)
    return tuple(parts)


def _rounded(value):
    """Round to TF32; left alone, tensor cores drop the tail, always towards zero."""
    bits = lax.bitcast_convert_type(value, jnp.int32)
    bits = (bits + jnp.int32(1 << (TF32_TAIL - 1))) & jnp.int32(-1 << TF32_TAIL)
    return lax.bitcast_convert_type(bits, jnp.float32)


def _tiles(*shape: int):
    """Return shared memory for float32 matrices as the tensor cores read them."""
    transforms = (plgpu.TilingTransform((8, UNITS)), plgpu.SwizzleTransform(4 * UNITS))
    return plgpu.SMEM(shape, jnp.float32, transforms=transforms)
