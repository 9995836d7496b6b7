"""Which window of a text each filter takes its maximum from, and why."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn

from seqconv_jax import ops
from seqconv_jax._checks import UserError
from seqconv_jax.explain.structure import Bank, Convolutional, read
from seqconv_jax.explain.subject import Subject

__all__ = ["Filters", "best_windows"]

_NUMBERS = 2**22  # of vectors, held at once


class Filters(NamedTuple):
    """The windows that the filters of one convolution take their maxima from.

    Attributes:
        is_relu: whether only activations above 0 count. (All else are arrays.)
        weights: `(filters, outputs)`, the dense layer's.
        bias: `(filters,)`.
        sums: `(n, filters)`, the largest sum over the windows of a text, without bias;
            minus infinity where no step of the text is real.
        ids: `(n, filters, taps)`, the window's; -1 outside of the text.
        slots: `(n, filters, taps)`, what each place adds to the sum.
    """

    is_relu: bool
    weights: Any
    bias: Any
    sums: Any
    ids: Any
    slots: Any


def best_windows(subject: Subject, ids: np.ndarray) -> list[Filters]:
    """Return the windows behind the maxima, for each convolution of a network.

    Args:
        subject: the network.
        ids: `(n, time)`.

    Raises:
        UserError: for a network that is no sum over places, or has no maximum over all
            steps.
    """
    size = _rows_at_once(subject, ids)
    filled = np.concatenate([ids, np.repeat(ids[-1:], -len(ids) % size, axis=0)])
    found = []
    with jax.default_matmul_precision("highest"):
        for first in range(0, len(filled), size):
            part = filled[first : first + size]
            found.append(jax.device_get(_find(subject.held, subject.variables, part)))
    return [
        Filters(
            bool(banks[0].is_relu),
            *(np.asarray(each, np.float32) for each in banks[0][1:3]),
            *(
                np.concatenate([bank[k] for bank in banks])[: len(ids)]
                for k in (3, 4, 5)
            ),
        )
        for banks in zip(*found, strict=True)
    ]


def _rows_at_once(subject: Subject, ids: np.ndarray) -> int:
    """Return how many texts' windows are looked at in one call."""

    def numbers(bound):
        banks = [
            bank
            for branch in read(bound)
            if isinstance(branch, Convolutional)
            for bank in branch.banks
            if bank.is_max
        ]
        if not banks:
            raise UserError(
                "`network` must have a GlobalMaxPool1D behind its convolution, whose "
                "maxima are looked up, got an average"
            )
        shapes = [bank.kernel().shape for bank in banks]
        return max(np.prod(shape) + ids.shape[1] * shape[1] for shape in shapes)

    each = nn.apply(numbers, subject.held.model)(subject.variables)
    return int(np.clip(_NUMBERS // each, 1, min(256, len(ids))))


@partial(jax.jit, static_argnums=0)
def _find(held, variables: Any, ids: jax.Array):
    def find(bound, ids):
        found = []
        for branch in read(bound):
            if isinstance(branch, Convolutional):
                found += _of_branch(branch, ids)
        return found

    return nn.apply(find, held.model)(variables, ids)


def _of_branch(branch: Convolutional, ids: jax.Array) -> list[Filters]:
    x, mask = branch.embedding(ids), branch.embedding.mask_after(None, ids)
    x = ops.hide(x, mask)
    weights = branch.share * branch.dense.get_variable("params", "kernel")
    found, first = [], 0
    for bank in branch.banks:
        end = first + bank.conv.features
        if bank.is_max:
            sums, places, slots = _of_bank(bank, x, mask)
            tokens = jnp.take_along_axis(
                ids.astype(jnp.int32)[:, None], jnp.maximum(places, 0), axis=2
            )
            tokens = jnp.where(places < 0, -1, tokens)
            here = weights[first:end], bank.bias(), sums, tokens, slots
            found.append(Filters(bank.is_relu, *here))
        first = end
    return found


def _of_bank(bank: Bank, x: jax.Array, mask: jax.Array | None):
    """Return `(batch, filters)` maxima, then the places and products of each window."""
    sums = bank.sums(x, mask)
    counted = bank.counted(mask, sums.shape)[:, :, None]
    sums = jnp.where(counted, sums, -jnp.inf)
    best = jnp.argmax(sums, axis=1)
    windows = _places_of_windows(bank, x, mask)
    places = jnp.take_along_axis(windows, best[:, :, None], axis=1)
    kernel = bank.kernel()

    def products(x, places):  # of one text
        vectors = jnp.where(places[..., None] < 0, 0, x[jnp.maximum(places, 0)])
        return jnp.einsum("fkd,kdf->fk", vectors, kernel)

    return jnp.max(sums, axis=1), places, jax.vmap(products)(x, places)


def _places_of_windows(bank: Bank, x: jax.Array, mask: jax.Array | None) -> jax.Array:
    """Return `(batch, windows, taps)`: the place that each tap sees; -1 for none.

    The convolution itself says it: of the places' own numbers, from 1.
    """
    numbers = jnp.arange(1, x.shape[1] + 1, dtype=jnp.float32)
    numbers = jnp.broadcast_to(numbers[None, :, None], (*x.shape[:2], 1))
    taps = bank.conv.kernel_size
    one_tap = jnp.eye(taps)[:, None]
    seen = ops.masked_conv1d(numbers, one_tap, mask=mask, **bank.conv.geometry)
    return jnp.round(seen).astype(jnp.int32) - 1
