"""One step of a long short-term memory, and its derivative written by hand."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from seqconv_jax.ops.recurrent import ACTIVATIONS, State


class Weights(NamedTuple):
    """What every step uses.

    Attributes:
        kernel: `(units, 4 * units)`, gates in the order i, f, c, o.
        bias: `(4 * units,)`, added to what is projected onto each gate; None for none.
        dropout_mask: `(4, batch, units)`, one mask a gate; None for none.
    """

    kernel: jax.Array
    bias: jax.Array | None
    dropout_mask: jax.Array | None


class Gates(NamedTuple):
    """One array for each gate: input, forget, candidate, output.

    They hold what the gates let through, what is projected onto them, or derivatives.
    """

    i: jax.Array
    f: jax.Array
    c: jax.Array
    o: jax.Array


class LSTMStep(NamedTuple):
    """A step with its activations, a `Unit` of `ops.recurrence`."""

    gate_activation: str
    activation: str = "tanh"

    def advance(self, weights: Weights, projected: Gates, state: State):
        """Return the next state, `h` and `c`, and what the gates let through."""
        gate, act = (
            ACTIVATIONS[self.gate_activation].apply,
            ACTIVATIONS[self.activation].apply,
        )
        h, c = state
        i, f, g, o = (
            p + q for p, q in zip(projected, _products(weights, h), strict=True)
        )
        gates = Gates(gate(i), gate(f), act(g), gate(o))
        c = gates.f * c + gates.i * gates.c
        return (gates.o * act(c), c), gates

    def step_back(self, weights: Weights, gates: Gates, state: State, d_new: State):
        """Return derivatives of projection, state before, and weights but the bias."""
        slope, act = (
            ACTIVATIONS[self.gate_activation].derivative,
            ACTIVATIONS[self.activation],
        )
        (h, c), (d_h, d_c) = state, d_new
        i, f, g, o = gates
        seen = act.apply(f * c + i * g)
        d_c = d_c + d_h * o * act.derivative(seen)
        d_projected = Gates(
            d_c * g * slope(i),
            d_c * c * slope(f),
            d_c * i * act.derivative(g),
            d_h * seen * slope(o),
        )
        d_h, d_weights = _products_back(weights, h, d_projected)
        return d_projected, (d_h, d_c * f), d_weights


def _products(weights: Weights, h):
    """Return what the state adds to each gate, the bias with it."""
    if weights.dropout_mask is None:  # one product where all gates see the same
        products = jnp.split(h @ weights.kernel, 4, axis=1)
    else:
        parts = zip(weights.dropout_mask, _parts(weights), strict=True)
        products = [(h * mask) @ part for mask, part in parts]
    if weights.bias is None:
        return products
    biases = jnp.split(weights.bias[None], 4, axis=1)
    return [q + bias for q, bias in zip(products, biases, strict=True)]


def _products_back(weights: Weights, h, d_projected: Gates):
    """Return the derivatives of the state and of the weights but the bias."""
    if weights.dropout_mask is None:
        joined = jnp.concatenate(d_projected, axis=1)
        return joined @ weights.kernel.T, Weights(h.T @ joined, None, None)
    gates = list(zip(d_projected, weights.dropout_mask, _parts(weights), strict=True))
    d_kernel = jnp.concatenate([(h * mask).T @ d for d, mask, _ in gates], axis=1)
    d_kept = [d @ part.T for d, _, part in gates]
    d_h: Any = sum(d * mask for d, (_, mask, _) in zip(d_kept, gates, strict=True))
    return d_h, Weights(d_kernel, None, jnp.stack([d * h for d in d_kept]))


def _parts(weights: Weights):
    """Return each gate's part of the kernel, `(units, units)`."""
    return jnp.split(weights.kernel, 4, axis=1)
