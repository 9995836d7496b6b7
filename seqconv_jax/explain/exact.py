"""What each place of a text adds to an output, exactly."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn

from seqconv_jax import ops
from seqconv_jax.explain.line import line_parts
from seqconv_jax.explain.structure import Bank, Convolutional, read
from seqconv_jax.explain.subject import Held, Subject
from seqconv_jax.nn.precision import computed

__all__ = ["exact_parts", "window_shares"]


def exact_parts(
    subject: Subject, ids: np.ndarray, direction: np.ndarray
) -> tuple[np.ndarray, float]:
    """Return what each place adds to `outputs @ direction`, and what is added anyhow.

    A filter whose maximum lies in a window adds the weight of the dense layer times the
    products of the window's vectors with its taps, each to the place of its vector, and
    its bias to the rest; one whose maximum is cut off by ReLU adds nothing.

    Args:
        subject: the network.
        ids: `(1, time)`.
        direction: `(outputs,)`.

    Returns:
        `(time,)` float64, and the biases' sum.

    Raises:
        NotASumError: for a network that is no sum over places.
    """
    with jax.default_matmul_precision("highest"):
        parts, rest = _convolutions(subject.held, subject.variables, ids, direction)
    places, biases = line_parts(subject, ids[0], direction)
    return np.asarray(parts, np.float64)[0] + places, float(rest[0]) + biases


@partial(jax.jit, static_argnums=0)
def _convolutions(held: Held, variables: Any, ids: jax.Array, direction: jax.Array):
    def add_up(bound, ids):
        parts, rest = jnp.zeros(ids.shape), jnp.zeros(len(ids))
        for branch in read(bound):
            if isinstance(branch, Convolutional):
                more, biases = _branch(branch, ids, direction)
                parts, rest = parts + more, rest + biases
        return parts, rest

    return nn.apply(add_up, held.model)(variables, ids)


def _branch(branch: Convolutional, ids: jax.Array, direction: jax.Array):
    x, mask = branch.embedding(ids), branch.embedding.mask_after(None, ids)
    x, dense = ops.hide(x, mask), branch.dense
    kernel = computed(dense, dense.get_variable("params", "kernel"))
    weights = branch.share * (kernel @ direction.astype(kernel.dtype))
    d_x, rest, first = jnp.zeros_like(x), jnp.zeros(len(x)), 0
    for bank in branch.banks:
        end = first + bank.conv.features
        sums, back = jax.vjp(partial(bank.sums, mask=mask), x)
        shares = window_shares(bank, sums, mask) * weights[None, None, first:end]
        d_x += back(shares.astype(sums.dtype))[0]
        rest += jnp.sum(shares * bank.bias()[None, None], axis=(1, 2))
        first = end
    if dense.use_bias:
        bias = computed(dense, dense.get_variable("params", "bias"))
        rest += branch.share * (bias @ direction)
    products = d_x.astype(jnp.float32) * x.astype(jnp.float32)
    return jnp.sum(products, axis=-1), rest


def window_shares(bank: Bank, sums: jax.Array, mask: jax.Array | None) -> jax.Array:
    """Return how much of each window's sum the pool hands on, by filter.

    Args:
        bank: the filters.
        sums: `(batch, windows, filters)` without bias.
        mask: `(batch, time)` bool, of the convolution's input; None where all is real.

    Returns:
        `(batch, windows, filters)`: 1 for the window of a maximum, the first of equals;
        one over their number for all windows of an average; 0 where ReLU cuts.
    """
    counted = bank.counted(mask, sums.shape)[:, :, None]
    if bank.is_max:
        best = jnp.argmax(jnp.where(counted, sums, -jnp.inf), axis=1)
        shares = jax.nn.one_hot(best, sums.shape[1], axis=1) * counted
    else:
        shares = counted / jnp.maximum(jnp.sum(counted, axis=1, keepdims=True), 1)
        shares = jnp.broadcast_to(shares, sums.shape)
    passed = sums + bank.bias()[None, None] > 0 if bank.is_relu else True
    return jnp.where(passed, shares, 0)
