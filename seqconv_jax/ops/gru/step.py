"""One step of a gated recurrent unit, and its derivative written by hand."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from seqconv_jax.ops.recurrent import ACTIVATIONS, State


class Convention(NamedTuple):
    """What kind of gated recurrent unit it is, a `Unit` of `ops.recurrence`.

    Attributes:
        reset_after: as of `ops.gru`.
        gate_activation: as of `ops.gru`.
        activation: as of `ops.gru`.
    """

    reset_after: bool
    gate_activation: str
    activation: str = "tanh"

    def advance(self, weights: "Weights", projected: "Gates", state: State):
        """Return the next state and what the gates let through."""
        new, gates = cell(self, weights, projected, *state)
        return (new,), gates

    def step_back(self, weights: "Weights", gates: "Gates", state: State, d_new: State):
        """Return derivatives of projection, state before, and weights but the bias."""
        d_projected, d_before, d_weights = step_back(
            self, weights, gates, *state, *d_new
        )
        return d_projected, (d_before,), d_weights


class Weights(NamedTuple):
    """What every step uses.

    Attributes:
        kernel: `(units, 3 * units)`, gates in the order z, r, h.
        bias: `(3 * units,)`, added to what is projected onto each gate; None for none.
        inner_bias: `(units,)`, of the candidate's product, where the reset gate acts
            after it; None for none.
        dropout_mask: `(3, batch, units)`, one mask a gate; None for none.
    """

    kernel: jax.Array
    bias: jax.Array | None
    inner_bias: jax.Array | None
    dropout_mask: jax.Array | None


class Gates(NamedTuple):
    """One array for each gate, update, reset and candidate, in the kernel's order.

    They hold what the gates let through, what is projected onto them, or derivatives.
    """

    z: jax.Array
    r: jax.Array
    h: jax.Array


def cell(
    convention: Convention, weights: Weights, projected: Gates, state: jax.Array
) -> tuple[jax.Array, Gates]:
    """Advance the state by one step; also return the gates it went through."""
    gate = ACTIVATIONS[convention.gate_activation].apply
    kernel_z, kernel_r, kernel_h = jnp.split(weights.kernel, 3, axis=1)
    kept_z, kept_r, kept_h = _kept(state, weights.dropout_mask)
    bias_z, bias_r, bias_h = _biases(weights)
    if weights.dropout_mask is None:  # one product where both gates see the same
        both = state @ jnp.concatenate([kernel_z, kernel_r], axis=1)
        product_z, product_r = jnp.split(both, 2, axis=1)
    else:
        product_z, product_r = kept_z @ kernel_z, kept_r @ kernel_r
    z = gate(projected.z + (product_z + bias_z))
    r = gate(projected.r + (product_r + bias_r))
    if convention.reset_after:
        inner = r * _inner(weights, kept_h)
    else:
        inner = (r * kept_h) @ kernel_h
    candidate = ACTIVATIONS[convention.activation].apply(projected.h + (inner + bias_h))
    return z * state + (1 - z) * candidate, Gates(z, r, candidate)


def step_back(convention, weights: Weights, gates: Gates, state, d_new):
    """Return the derivatives of one step's projection, state before it, and weights.

    That of the bias is left out: it is the sum of the projection's.

    Args:
        convention: the kind of unit.
        weights: what every step uses.
        gates: what the step's gates let through.
        state: the state before the step.
        d_new: the derivative of the state after it.
    """
    slope = ACTIVATIONS[convention.gate_activation].derivative
    kernel_z, kernel_r, kernel_h = jnp.split(weights.kernel, 3, axis=1)
    kept_z, kept_r, kept_h = _kept(state, weights.dropout_mask)
    z, r, h = gates
    d_z = d_new * (state - h) * slope(z)
    d_h = d_new * (1 - z) * ACTIVATIONS[convention.activation].derivative(h)
    # The candidate's product: what it is given, and what it gets back.
    if convention.reset_after:
        d_r = d_h * _inner(weights, kept_h) * slope(r)
        given, d_product = kept_h, d_h * r
        d_kept_h = d_product @ kernel_h.T
    else:
        given, d_product = r * kept_h, d_h
        d_given = d_product @ kernel_h.T
        d_r = d_given * kept_h * slope(r)
        d_kept_h = d_given * r
    d_kept = (d_z @ kernel_z.T, d_r @ kernel_r.T, d_kept_h)
    d_kernel = _joined(kept_z.T @ d_z, kept_r.T @ d_r, given.T @ d_product)
    d_inner_bias = None if weights.inner_bias is None else d_product.sum(0)
    d_before = d_new * z + sum(
        d * mask for d, mask in zip(d_kept, _masks(weights), strict=True)
    )
    d_mask = None
    if weights.dropout_mask is not None:
        d_mask = jnp.stack([d * state for d in d_kept])
    d_weights = Weights(d_kernel, None, d_inner_bias, d_mask)
    return Gates(d_z, d_r, d_h), d_before, d_weights


def _joined(*gates):
    """Lay the three gates' parts side by side, in the order of the kernel."""
    return jnp.concatenate(gates, axis=-1)


def _masks(weights: Weights):
    """Return the three gates' dropout masks; ones where there is no dropout."""
    return (1, 1, 1) if weights.dropout_mask is None else weights.dropout_mask


def _kept(state, dropout_mask):
    """Return the state as the three gates see it, `(batch, units)` each."""
    if dropout_mask is None:
        return state, state, state
    return tuple(state * mask for mask in dropout_mask)


def _inner(weights: Weights, kept_h):
    """Return the candidate's product, which the reset gate acts on after it."""
    product = kept_h @ jnp.split(weights.kernel, 3, axis=1)[2]
    return product if weights.inner_bias is None else product + weights.inner_bias[None]


def _biases(weights: Weights):
    """Return the three gates' biases, `(1, units)` each."""
    if weights.bias is None:
        return 0, 0, 0
    return jnp.split(weights.bias[None], 3, axis=1)
