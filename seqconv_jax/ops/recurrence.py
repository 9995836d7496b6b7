"""The loop over time of a gated recurrent operation, and its derivative.

Both functions map inputs already projected, `(time, batch, units)` for each gate, to
states. `recurrence_reference` says what is computed; `recurrence` computes it with a
derivative written by hand. On the way out the gates overwrite the projections that
they came from; on the way back each step's gradients of the weights are added up while
its arrays are still in the cache. Little is kept, and little is moved: a step is so
short that memory, not arithmetic, is what takes the time.
"""

from functools import partial
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
from jax import lax

from seqconv_jax.ops.derivative import with_backward
from seqconv_jax.ops.recurrent import State, held

__all__ = ["recurrence", "recurrence_reference"]


class Unit(Protocol):
    """One step of a gated recurrent operation, and its derivative; hashable.

    Gates are a tuple of arrays, one each. Weights are a NamedTuple of arrays (or None)
    with a `bias` among them, which is added to what is projected onto each gate.
    """

    def advance(self, weights: Any, projected: Any, state: State) -> tuple[State, Any]:
        """Return the next state and what the gates let through."""
        ...

    def step_back(
        self, weights: Any, gates: Any, state: State, d_new: State
    ) -> tuple[Any, State, Any]:
        """Return the derivatives of the projection, the state before, and the weights.

        That of the bias is left out: it is the sum of the projection's.

        Args:
            weights: what every step uses.
            gates: what the step's gates let through.
            state: the state before the step.
            d_new: the derivative of the state after it.
        """
        ...


def recurrence_reference(
    unit: Unit,
    projected: Any,
    initial_state: State,
    weights: Any,
    mask: jax.Array | None,
) -> jax.Array:
    """Return what is put out at every step, `(time, batch, units)`.

    Args:
        unit: what a step computes.
        projected: `(time, batch, units)` for each gate.
        initial_state: `(batch, units)` each; the first is what is put out.
        weights: what every step uses.
        mask: `(time, batch)` bool, true for real steps; None where all are.
    """
    kind = _Kind(unit, True)
    return _scan(projected, initial_state, weights, mask, kind=kind)


def recurrence(
    unit: Unit,
    projected: Any,
    initial_state: State,
    weights: Any,
    mask: jax.Array | None,
    *,
    return_sequences: bool,
) -> jax.Array:
    """Compute `recurrence_reference`, or the last of its steps, in less time.

    Args:
        unit: as there, like the arguments that follow.
        projected: `(time, batch, units)` for each gate.
        initial_state: `(batch, units)` each; the first is what is put out.
        weights: what every step uses.
        mask: `(time, batch)` bool, true for real steps; None where all are.
        return_sequences: whether to return what is put out at every step,
            `(time, batch, units)`, or at the last alone, `(batch, units)`.
    """
    kind = _Kind(unit, return_sequences)
    return _recurrence(projected, initial_state, weights, mask, kind=kind)


class _Kind(NamedTuple):
    unit: Unit
    return_sequences: bool


def _scan(projected, initial_state, weights, mask, *, kind: _Kind) -> jax.Array:
    def step(state, inputs):
        x, real = inputs
        new = _held(real, kind.unit.advance(weights, x, state)[0], state)
        return new, new[0] if kind.return_sequences else None

    last, states = lax.scan(step, initial_state, (projected, mask))
    return last[0] if states is None else states


def _forward(projected, initial_state, weights, mask, *, kind: _Kind):
    """Run, and keep the gates of every step and the state before it."""

    def step(t, carry):
        state, slots, before = carry
        before = _put(before, t, state)
        new, gates = kind.unit.advance(weights, _at(slots, t), state)
        return _held(_at(mask, t), new, state), _put(slots, t, gates), before

    time = len(projected[0])
    before = jax.tree.map(lambda s: jnp.zeros((time, *s.shape), s.dtype), initial_state)
    start = (initial_state, projected, before)
    last, gates, before = lax.fori_loop(0, time, step, start)
    saved = (gates, before, weights, mask)
    if kind.return_sequences:
        return jnp.concatenate([before[0][1:], last[0][None]]), saved
    return last[0], saved


def _backward(saved, d_out, *, kind: _Kind):
    """Go back through time; each step's derivatives overwrite its gates.

    A step first writes what the step after it left, and reads its own gates from the
    array so written. Were it to read first, XLA would not know the reading to be over
    when it writes, and would copy the whole array in every step. One step more, which
    nothing flows into, writes what the first step left: behind the loop, XLA would
    repeat that write, on copies, for everyone who reads the array.
    """
    gates, before, weights, mask = saved
    time = len(before[0])

    def step(i, carry):
        t = time - 1 - i
        d_state, slots, later, d_weights = carry
        slots = _put(slots, (t + 1) % time, later)
        t, is_real = jnp.maximum(t, 0), t >= 0
        d_new = d_state
        if kind.return_sequences:
            d_new = (d_new[0] + _at(d_out, t), *d_new[1:])
        d_new = jax.tree.map(lambda d: jnp.where(is_real, d, 0), d_new)
        real = _at(mask, t)
        d_projected, d_before, d_step = kind.unit.step_back(
            weights,
            _at(slots, t),
            _at(before, t),
            _held(real, d_new, jax.tree.map(jnp.zeros_like, d_new)),
        )
        if real is not None:
            past = jax.tree.map(lambda d: jnp.where(real[:, None], 0, d), d_new)
            d_before = jax.tree.map(jnp.add, d_before, past)
        d_state = jax.tree.map(partial(jnp.where, is_real), d_before, d_state)
        return d_state, slots, d_projected, jax.tree.map(jnp.add, d_weights, d_step)

    d_last = jax.tree.map(lambda b: jnp.zeros_like(b[0]), before)
    if not kind.return_sequences:
        d_last = (d_out, *d_last[1:])
    # Sums over many steps: never in half precision.
    none_yet = jax.tree.map(
        lambda w: jnp.zeros(w.shape, jnp.promote_types(w.dtype, jnp.float32)),
        weights._replace(bias=None),
    )
    # Nothing comes after the last step: it writes the first one's gates where they are.
    start = (d_last, gates, _at(gates, 0), none_yet)
    d_initial, slots, _, sums = lax.fori_loop(0, time + 1, step, start)
    if weights.bias is not None:
        sums = sums._replace(bias=jnp.concatenate([_total(d) for d in slots]))
    d_weights = jax.tree.map(lambda d, w: d.astype(w.dtype), sums, weights)
    return slots, d_initial, d_weights, None


_recurrence = with_backward(_forward, _backward)(_scan)


def _at(arrays, t):
    """Return one step of arrays that begin with time."""
    return jax.tree.map(lambda a: lax.dynamic_index_in_dim(a, t, 0, False), arrays)


def _put(arrays, t, step):
    """Return arrays that begin with time with one step replaced."""
    return jax.tree.map(
        lambda a, new: lax.dynamic_update_index_in_dim(a, new, t, 0), arrays, step
    )


def _total(array):
    """Add up over time and batch, never in half precision."""
    return array.sum((0, 1), dtype=jnp.promote_types(array.dtype, jnp.float32))


def _held(real, new, otherwise):
    """Return each of `new` at the real steps, of `otherwise` at the masked ones."""
    return jax.tree.map(partial(held, real), new, otherwise)
