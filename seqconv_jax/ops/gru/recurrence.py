"""The part of a gated recurrent unit that must go step by step, and its derivative.

Both functions map inputs already projected, `(time, batch, units)` for each gate, to
states. `recurrence_reference` says what is computed; `recurrence` computes it with a
derivative written by hand. On the way out the gates overwrite the projections that
they came from; on the way back each step's gradients of the weights are added up while
its arrays are still in the cache. Little is kept, and little is moved: a step is so
short that memory, not arithmetic, is what takes the time.
"""

from functools import partial
from typing import NamedTuple, cast

import jax
import jax.numpy as jnp
from jax import lax

from seqconv_jax.ops.gru.step import Convention, Gates, Weights, cell, step_back
from seqconv_jax.ops.recurrent import held


def recurrence_reference(
    convention: Convention,
    projected: Gates,
    initial_state: jax.Array,
    weights: Weights,
    mask: jax.Array | None,
) -> jax.Array:
    """Return the state after every step, `(time, batch, units)`.

    Args:
        convention: reset before or after the product, and the gates' activation.
        projected: `(time, batch, units)` each.
        initial_state: `(batch, units)`.
        weights: what every step uses.
        mask: `(time, batch)` bool, true for real steps; None where all are.
    """

    def step(state, inputs):
        x, real = inputs
        new = held(real, cell(convention, weights, x, state)[0], state)
        return new, new

    return lax.scan(step, initial_state, (projected, mask))[1]


def recurrence(
    convention: Convention,
    projected: Gates,
    initial_state: jax.Array,
    weights: Weights,
    mask: jax.Array | None,
    *,
    return_sequences: bool,
) -> jax.Array:
    """Compute `recurrence_reference`, or the last of its states, in less time.

    Args:
        convention: as there, like the arguments that follow.
        projected: `(time, batch, units)` each.
        initial_state: `(batch, units)`.
        weights: what every step uses.
        mask: `(time, batch)` bool, true for real steps; None where all are.
        return_sequences: whether to return the state after every step,
            `(time, batch, units)`, or after the last alone, `(batch, units)`.
    """
    kind = _Kind(convention, return_sequences)
    states = _recurrence(kind, projected, initial_state, weights, mask)
    return cast(jax.Array, states)


class _Kind(NamedTuple):
    convention: Convention
    return_sequences: bool


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _recurrence(kind: _Kind, projected, initial_state, weights, mask):
    def step(state, inputs):
        x, real = inputs
        new = held(real, cell(kind.convention, weights, x, state)[0], state)
        return new, new if kind.return_sequences else None

    last, states = lax.scan(step, initial_state, (projected, mask))
    return states if kind.return_sequences else last


def _forward(kind: _Kind, projected, initial_state, weights, mask):
    """Run, and keep the gates of every step and the state before it."""

    def step(t, carry):
        state, slots, before = carry
        before = _put(before, t, state)
        new, gates = cell(kind.convention, weights, _at(slots, t), state)
        return held(_at(mask, t), new, state), _put(slots, t, gates), before

    time = projected.z.shape[0]
    before = jnp.zeros((time, *initial_state.shape), initial_state.dtype)
    start = (initial_state, projected, before)
    last, gates, before = lax.fori_loop(0, time, step, start)
    saved = (gates, before, weights, mask)
    if kind.return_sequences:
        return jnp.concatenate([before[1:], last[None]]), saved
    return last, saved


def _backward(kind: _Kind, saved, d_out):
    """Go back through time; each step's derivatives overwrite its gates.

    A step first writes what the step after it left, and reads its own gates from the
    array so written. Were it to read first, XLA would not know the reading to be over
    when it writes, and would copy the whole array in every step. One step more, which
    nothing flows into, writes what the first step left: behind the loop, XLA would
    repeat that write, on copies, for everyone who reads the array.
    """
    gates, before, weights, mask = saved
    time = before.shape[0]

    def step(i, carry):
        t = time - 1 - i
        d_state, slots, later, d_weights = carry
        slots = _put(slots, (t + 1) % time, later)
        t, is_real = jnp.maximum(t, 0), t >= 0
        d_new = d_state
        if kind.return_sequences:
            d_new += _at(d_out, t)
        d_new = jnp.where(is_real, d_new, 0)
        real = _at(mask, t)
        d_projected, d_before, d_step = step_back(
            kind.convention,
            weights,
            _at(slots, t),
            _at(before, t),
            held(real, d_new, jnp.zeros_like(d_new)),
        )
        if real is not None:
            d_before += jnp.where(real[:, None], 0, d_new)
        d_state = jnp.where(is_real, d_before, d_state)
        return d_state, slots, d_projected, jax.tree.map(jnp.add, d_weights, d_step)

    d_last = jnp.zeros_like(before[0]) if kind.return_sequences else d_out
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


_recurrence.defvjp(_forward, _backward)


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
