"""The part of a gated recurrent unit that must go step by step, and its derivative.

Both functions map inputs already projected, `(time, batch, 3 * units)`, to all states.
`recurrence_reference` says what is computed; `recurrence` computes the same with a
derivative written by hand. That one works out the gates' derivatives for all steps
before it goes back through time, and the gradients of the weights in one product
afterwards, so that its loop holds two small products where XLA's own holds six.
"""

from functools import partial
from typing import Any, NamedTuple

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


def cell(
    convention: Convention, weights: Weights, projected: jax.Array, state: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Advance the state by one step; also return the gates z, r and h side by side."""
    gate = GATES[convention.gate_activation].apply
    kernel_z, kernel_r, kernel_h = jnp.split(weights.kernel, 3, axis=1)
    x_zr, x_h = jnp.split(projected, [2 * state.shape[-1]], axis=-1)
    bias_zr, bias_h = 0.0, 0.0
    if weights.bias is not None:
        bias_zr, bias_h = jnp.split(weights.bias[None], [2 * state.shape[-1]], axis=-1)
    if weights.dropout_mask is None:
        inner = state @ weights.kernel[:, : 2 * state.shape[-1]]
        kept = state
    else:
        mask_z, mask_r, mask_h = weights.dropout_mask
        inner = jnp.concatenate(
            [(state * mask_z) @ kernel_z, (state * mask_r) @ kernel_r], axis=-1
        )
        kept = state * mask_h
    zr = gate(x_zr + inner + bias_zr)
    z, r = jnp.split(zr, 2, axis=-1)
    if convention.reset_after:
        inner_h = r * (kept @ kernel_h + bias_h)
    else:
        inner_h = (r * kept) @ kernel_h
    candidate = jnp.tanh(x_h + inner_h)
    new = z * state + (1 - z) * candidate
    return new, jnp.concatenate([zr, candidate], axis=-1)


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


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def recurrence(convention, projected, initial_state, weights, mask) -> Any:
    """Compute `recurrence_reference`, faster to differentiate."""
    return recurrence_reference(convention, projected, initial_state, weights, mask)


def _forward(convention, projected, initial_state, weights, mask):
    states, gates = _run(convention, projected, initial_state, weights, mask)
    return states, (states, gates, initial_state, weights, mask)


def _backward(convention, saved, d_states):
    states, gates, initial_state, weights, mask = saved
    before = jnp.concatenate([initial_state[None], states[:-1]])
    z, r, candidate = jnp.split(gates, 3, axis=-1)
    slope = GATES[convention.gate_activation].derivative
    kept_z, kept_r, kept_h = _kept(before, weights.dropout_mask)
    kernel_z, kernel_r, kernel_h = jnp.split(weights.kernel, 3, axis=1)

    # How each pre-activation moves the new state, z and h directly, r through h.
    z_slope = (before - candidate) * slope(z)
    h_slope = (1 - z) * (1 - jnp.square(candidate))
    if convention.reset_after:
        bias_h = 0.0
        if weights.bias is not None:
            bias_h = jnp.split(weights.bias[None, None], 3, axis=-1)[2]
        r_slope = (kept_h @ kernel_h + bias_h) * slope(r)
    else:
        r_slope = kept_h * slope(r)

    def step(d_next, inputs):
        d_out, z, r, z_slope, r_slope, h_slope, real = inputs
        d_new = d_next + d_out
        d_z, d_h = d_new * z_slope, d_new * h_slope
        if convention.reset_after:
            d_r, d_inner = d_h * r_slope, d_h * r
            if real is not None:
                d_z, d_r, d_h, d_inner = _masked(real, d_z, d_r, d_h, d_inner)
            into_h = d_inner @ kernel_h.T
        else:
            if real is not None:
                d_z, d_h = _masked(real, d_z, d_h)
            pulled = d_h @ kernel_h.T
            d_r = pulled * r_slope
            into_h = pulled * r
        d_state = d_new * z
        if real is not None:
            d_state = jnp.where(real[:, None], d_state, d_new)
        d_state += _into_state(d_z, d_r, into_h, weights)
        return d_state, jnp.concatenate([d_z, d_r, d_h], axis=-1)

    inputs = (d_states, z, r, z_slope, r_slope, h_slope, mask)
    d_initial, d_projected = lax.scan(
        step, jnp.zeros_like(initial_state), inputs, reverse=True
    )
    d_z, d_r, d_h = jnp.split(d_projected, 3, axis=-1)
    d_inner = d_h * r if convention.reset_after else d_h
    h_input = kept_h if convention.reset_after else r * kept_h
    d_weights = Weights(
        kernel=jnp.concatenate(
            [_outer(kept_z, d_z), _outer(kept_r, d_r), _outer(h_input, d_inner)], axis=1
        ),
        bias=None
        if weights.bias is None
        else jnp.concatenate([d_z, d_r, d_inner], axis=-1).sum((0, 1)),
        dropout_mask=None
        if weights.dropout_mask is None
        else jnp.stack(
            [
                (before * (d_z @ kernel_z.T)).sum(0),
                (before * (d_r @ kernel_r.T)).sum(0),
                (
                    before
                    * (d_inner @ kernel_h.T)
                    * (1 if convention.reset_after else r)
                ).sum(0),
            ]
        ),
    )
    return d_projected, d_initial, d_weights, None


def _kept(state, dropout_mask):
    if dropout_mask is None:
        return state, state, state
    return tuple(state * mask[None] for mask in dropout_mask)


def _into_state(d_z, d_r, into_h, weights):
    """Return what reaches the state before through its three ways into the gates."""
    units = weights.kernel.shape[0]
    if weights.dropout_mask is None:
        gates = weights.kernel[:, : 2 * units]
        return jnp.concatenate([d_z, d_r], axis=-1) @ gates.T + into_h
    mask_z, mask_r, mask_h = weights.dropout_mask
    kernel_z, kernel_r = jnp.split(weights.kernel[:, : 2 * units], 2, axis=1)
    return mask_z * (d_z @ kernel_z.T) + mask_r * (d_r @ kernel_r.T) + mask_h * into_h


def _masked(real, *arrays):
    return tuple(jnp.where(real[:, None], array, 0) for array in arrays)


def _outer(left, right):
    """Return the sum over time and batch of the outer products of two vectors."""
    return jnp.einsum("tbi,tbj->ij", left, right)


recurrence.defvjp(_forward, _backward)
