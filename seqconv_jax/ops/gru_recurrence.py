"""The part of a gated recurrent unit that must go step by step, and its derivative.

Both functions map inputs already projected, `(time, batch, 3 * units)`, to all states.
`recurrence_reference` says what is computed; `recurrence` computes the same with a
derivative written by hand. What a step's gates contribute to it is worked out for all
steps before the loop goes back through time, and the gradients of weights and inputs
for all steps after it, so that the loop holds only the products that it must.
"""

from functools import partial
from typing import Any, NamedTuple, cast

import jax
import jax.numpy as jnp
from jax import lax


class GateActivation(NamedTuple):
    """A gate's activation, and its derivative as a function of its own output."""

    apply: Any
    derivative: Any


GATES = {
    "sigmoid": GateActivation(jax.nn.sigmoid, lambda s: s * (1 - s)),
    "hard_sigmoid": GateActivation(
        jax.nn.hard_sigmoid, lambda s: jnp.where((s > 0) & (s < 1), 1 / 6, 0)
    ),
    "hard_sigmoid_keras2": GateActivation(
        lambda x: jnp.clip(0.2 * x + 0.5, 0.0, 1.0),
        lambda s: jnp.where((s > 0) & (s < 1), 0.2, 0),
    ),
}


class Convention(NamedTuple):
    """What kind of gated recurrent unit it is; see `ops.gru`."""

    reset_after: bool
    gate_activation: str


class Weights(NamedTuple):
    """What every step uses.

    Attributes:
        kernel: `(units, 3 * units)`, gates in the order z, r, h.
        bias: `(3 * units,)`, only where the reset gate acts after the product.
        dropout_mask: `(3, batch, units)`, one mask a gate; None for none.
    """

    kernel: jax.Array
    bias: jax.Array | None
    dropout_mask: jax.Array | None


class Gates(NamedTuple):
    """What the three gates let through: update, reset, candidate."""

    z: jax.Array
    r: jax.Array
    h: jax.Array


def cell(
    convention: Convention, weights: Weights, projected: jax.Array, state: jax.Array
) -> tuple[jax.Array, Gates]:
    """Advance the state by one step; also return the gates it went through."""
    gate = GATES[convention.gate_activation].apply
    kernel_z, kernel_r, kernel_h = jnp.split(weights.kernel, 3, axis=1)
    x_z, x_r, x_h = jnp.split(projected, 3, axis=-1)
    kept_z, kept_r, kept_h = _kept(state, weights.dropout_mask)
    bias_z, bias_r, bias_h = _biases(weights, state.ndim)
    z = gate(x_z + (kept_z @ kernel_z + bias_z))
    r = gate(x_r + (kept_r @ kernel_r + bias_r))
    if convention.reset_after:
        inner = r * (kept_h @ kernel_h + bias_h)
    else:
        inner = (r * kept_h) @ kernel_h
    candidate = jnp.tanh(x_h + inner)
    return z * state + (1 - z) * candidate, Gates(z, r, candidate)


def recurrence_reference(
    convention: Convention,
    projected: jax.Array,
    initial_state: jax.Array,
    weights: Weights,
    mask: jax.Array | None,
) -> jax.Array:
    """Return the state after every step, `(time, batch, units)`.

    Args:
        convention: reset before or after the product, and the gates' activation.
        projected: `(time, batch, 3 * units)`.
        initial_state: `(batch, units)`.
        weights: what every step uses.
        mask: `(time, batch)` bool, true for real steps; None where all are.
    """
    return _run(convention, projected, initial_state, weights, mask)[0]


def _run(convention, projected, initial_state, weights, mask):
    """Return all states and all gates."""

    def step(state, inputs):
        x, real = inputs
        new, gates = cell(convention, weights, x, state)
        if real is not None:
            new = jnp.where(real[:, None], new, state)
        return new, (new, gates)

    return lax.scan(step, initial_state, (projected, mask))[1]


def recurrence(
    convention: Convention,
    projected: jax.Array,
    initial_state: jax.Array,
    weights: Weights,
    mask: jax.Array | None,
) -> jax.Array:
    """Compute `recurrence_reference`, faster to differentiate."""
    states = _recurrence(convention, projected, initial_state, weights, mask)
    return cast(jax.Array, states)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _recurrence(convention, projected, initial_state, weights, mask):
    return recurrence_reference(convention, projected, initial_state, weights, mask)


def _forward(convention, projected, initial_state, weights, mask):
    states, gates = _run(convention, projected, initial_state, weights, mask)
    return states, (states, gates, initial_state, weights, mask)


def _backward(convention, saved, d_states):
    states, gates, initial_state, weights, mask = saved
    before = jnp.concatenate([initial_state[None], states[:-1]])
    kept = _kept(before, weights.dropout_mask)
    slopes = _slopes(convention, gates, before, kept[2], weights, mask)
    d_initial, d_new, pulled = _back_through_time(convention, slopes, weights, d_states)
    d_z, d_h = d_new * slopes.z, d_new * slopes.h
    d_r = (d_new if pulled is None else pulled) * slopes.r
    # What reaches the product with the candidate's kernel, from its two sides.
    h_left, h_right = (
        (kept[2], d_h * gates.r) if convention.reset_after else (gates.r * kept[2], d_h)
    )
    d_inner = jnp.concatenate([d_z, d_r, h_right], axis=-1)
    d_kernel = jnp.concatenate(
        [_outer(kept[0], d_z), _outer(kept[1], d_r), _outer(h_left, h_right)], axis=1
    )
    d_bias = None if weights.bias is None else d_inner.sum((0, 1))
    d_mask = None
    if weights.dropout_mask is not None:
        d_mask = _into_masks(convention, d_inner, gates.r, before, weights.kernel)
    d_projected = jnp.concatenate([d_z, d_r, d_h], axis=-1)
    return d_projected, d_initial, Weights(d_kernel, d_bias, d_mask), None


class _Slopes(NamedTuple):
    """How a step's derivatives follow from that of its new state, or of `pulled`.

    Attributes:
        carry: from the new state straight to the one before.
        z: from the new state to the update gate's pre-activation.
        r: to the reset gate's: from the new state where the reset acts after the
            product, else from what the candidate's product sends back.
        h: from the new state to the candidate's pre-activation.
        reset: the reset gate itself.
    """

    carry: jax.Array
    z: jax.Array
    r: jax.Array
    h: jax.Array
    reset: jax.Array


def _slopes(convention, gates, before, kept_h, weights, mask) -> _Slopes:
    """Return the slopes of all steps; a masked step only carries."""
    slope = GATES[convention.gate_activation].derivative
    carry = gates.z
    z = (before - gates.h) * slope(gates.z)
    h = (1 - gates.z) * (1 - jnp.square(gates.h))
    if mask is not None:
        real = mask[:, :, None]
        carry = jnp.where(real, carry, 1)
        z, h = jnp.where(real, z, 0), jnp.where(real, h, 0)
    r = slope(gates.r) * kept_h
    if convention.reset_after:
        kernel_h = jnp.split(weights.kernel, 3, axis=1)[2]
        r = slope(gates.r) * h * (kept_h @ kernel_h + _biases(weights, 3)[2])
    return _Slopes(carry, z, r, h, gates.r)


def _back_through_time(convention, slopes, weights, d_states):
    """Return the derivatives of the initial state, of each new state, and `pulled`.

    `pulled`, only where the reset acts before the product, is what the product with
    the candidate's kernel sends back to its input.
    """
    # Transposed once, not in every step: without the barrier XLA moves it inside.
    back_z, back_r, back_h = lax.optimization_barrier(
        tuple(kernel.T for kernel in jnp.split(weights.kernel, 3, axis=1))
    )
    mask_z, mask_r, mask_h = (
        (1, 1, 1) if weights.dropout_mask is None else weights.dropout_mask
    )

    def step(d_next, inputs):
        d_out, slope = inputs
        d_new = d_next + d_out
        if convention.reset_after:
            pulled = None
            d_r = d_new * slope.r
            into_h = (d_new * slope.h * slope.reset) @ back_h
        else:
            pulled = (d_new * slope.h) @ back_h
            d_r = pulled * slope.r
            into_h = pulled * slope.reset
        into_gates = mask_z * ((d_new * slope.z) @ back_z) + mask_r * (d_r @ back_r)
        return d_new * slope.carry + into_gates + mask_h * into_h, (d_new, pulled)

    start = jnp.zeros_like(d_states[0])
    d_initial, (d_new, pulled) = lax.scan(step, start, (d_states, slopes), reverse=True)
    return d_initial, d_new, pulled


def _into_masks(convention, d_inner, reset, before, kernel):
    """Return the derivative of the dropout masks, `(3, batch, units)`."""
    back = [
        d @ part.T
        for d, part in zip(
            jnp.split(d_inner, 3, axis=-1), jnp.split(kernel, 3, axis=1), strict=True
        )
    ]
    if not convention.reset_after:
        back[2] = back[2] * reset
    return jnp.stack([(before * d).sum(0) for d in back])


def _kept(state, dropout_mask):
    """Return the state as the three gates see it, `(..., batch, units)` each."""
    if dropout_mask is None:
        return state, state, state
    return tuple(
        state * mask.reshape((1,) * (state.ndim - 2) + mask.shape)
        for mask in dropout_mask
    )


def _biases(weights: Weights, ndim: int):
    """Return the three gates' recurrent biases, with `ndim` axes."""
    if weights.bias is None:
        return 0, 0, 0
    bias = weights.bias.reshape((1,) * (ndim - 1) + weights.bias.shape)
    return jnp.split(bias, 3, axis=-1)


def _outer(left, right):
    """Return the sum over time and batch of the outer products of two vectors."""
    # In two dimensions: a contraction over two axes makes XLA copy both first.
    return left.reshape(-1, left.shape[-1]).T @ right.reshape(-1, right.shape[-1])


_recurrence.defvjp(_forward, _backward)
