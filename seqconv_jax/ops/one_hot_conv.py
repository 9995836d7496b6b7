"""Convolution over ids as if they were one-hot vectors, and its maximum over time."""

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

from seqconv_jax import _checks
from seqconv_jax.ops.conv import add_bias, conv_output_length
from seqconv_jax.ops.derivative import with_backward
from seqconv_jax.ops.embed import embed
from seqconv_jax.ops.explicit_mesh import on_any_mesh
from seqconv_jax.ops.masked import masked_conv1d
from seqconv_jax.ops.masked_windows import window_rows
from seqconv_jax.ops.max_over_time import max_over_time
from seqconv_jax.ops.symbolic import is_symbolic
from seqconv_jax.ops.word_rows import (
    Taps,
    add_to_words,
    known_ids,
    past_the_end,
    sum_of_rows,
)

__all__ = ["one_hot_conv", "one_hot_conv_max"]


@on_any_mesh
def one_hot_conv(
    ids: jax.Array,
    kernel: jax.Array,
    bias: jax.Array | None = None,
    *,
    mask: jax.Array | None = None,
    padding: str = "valid",
) -> jax.Array:
    """Convolve ids as one-hot vectors: `masked_conv1d(one_hot(ids), kernel, ...)`.

    A tap's product with a one-hot vector is a row of the kernel. So rows are looked up
    and added: `y[b, t] = bias + sum_k kernel[k, ids[b, t + k]]`.

    Args:
        ids: `(batch, time)` integers in `[0, vocabulary)`; any other gives NaN, if it
            is not masked.
        kernel: `(kernel_size, vocabulary, filters)` float.
        bias: `(filters,)` float, or None.
        mask: `(batch, time)` bool, true for real steps; None where all are real.
        padding: `"valid"`, `"same"` or `"causal"`; what is padded adds nothing.

    Returns:
        `(batch, new_time, filters)`, as `masked_conv1d`.

    Raises:
        UserError: for wrong shapes or types, or a sequence too short for the kernel.

    Example:
        >>> kernel = jnp.array([[[1.0], [2.0]], [[10.0], [20.0]]])
        >>> one_hot_conv(jnp.array([[0, 1, 1]]), kernel)[0, :, 0].tolist()
        [21.0, 22.0]

    Reference:
        R. Johnson and T. Zhang, "Effective Use of Word Order for Text Categorization
        with Convolutional Neural Networks", arXiv:1412.1058.
    """
    return add_bias(_looked_up(*_laid_out(ids, kernel, mask, padding)), bias)


def one_hot_conv_reference(
    ids, kernel, bias=None, *, mask=None, padding="valid"
) -> jax.Array:
    """Multiply by one-hot vectors: what the faster way must equal."""
    one_hot = embed(ids, jnp.eye(kernel.shape[1], dtype=kernel.dtype))
    return masked_conv1d(one_hot, kernel, bias, mask=mask, padding=padding)


@on_any_mesh
def one_hot_conv_max(
    ids: jax.Array, kernel: jax.Array, *, padding: str = "valid"
) -> jax.Array:
    """Take the maximum over time: `global_max_pool(one_hot_conv(ids, kernel))`.

    Where each maximum was is kept, and its gradient goes there alone: `filters` places
    of a text, where all of its steps would be added to words otherwise. Of equal steps
    it is the first; they are equal where the words are, and then it makes no odds.

    Args:
        ids: `(batch, time)` integers in `[0, vocabulary)`; any other gives NaN.
        kernel: `(kernel_size, vocabulary, filters)` float.
        padding: `"valid"`, `"same"` or `"causal"`; what is padded adds nothing.

    Returns:
        `(batch, filters)`.

    Raises:
        UserError: for wrong shapes or types, or a sequence too short for the kernel.

    Example:
        >>> kernel = jnp.array([[[1.0], [2.0]], [[10.0], [20.0]]])
        >>> one_hot_conv_max(jnp.array([[0, 1, 1]]), kernel).tolist()
        [[22.0]]
    """
    ids, kernel = _laid_out(ids, kernel, None, padding)
    if is_symbolic(ids.shape[1]) or 0 in (*ids.shape, *kernel.shape):
        return max_over_time(_looked_up(ids, kernel))
    return _max(ids, kernel)


def _laid_out(ids, kernel, mask, padding):
    """Return ids for a convolution without padding, and the kernel over them.

    Where no step is, an id names one more row of the kernel, of zeros.
    """
    _checks.rank("ids", ids, ("batch", "time"))
    _checks.integers("ids", ids)
    _checks.rank("kernel", kernel, ("kernel_size", "vocabulary", "filters"))
    _checks.floats("kernel", kernel)
    taps, vocabulary, filters = kernel.shape
    conv_output_length(ids.shape[1], taps, padding=padding)
    kernel = jnp.asarray(kernel)
    if mask is None and padding == "valid":
        return ids, kernel
    ids = known_ids(ids, vocabulary)
    if mask is not None:
        rows = window_rows(ids, mask, taps, padding=padding)
        ids, padding = jnp.where(rows.mask, rows.x, vocabulary), rows.padding
    before = {"valid": 0, "same": (taps - 1) // 2, "causal": taps - 1}[padding]
    after = 0 if padding == "valid" else taps - 1 - before
    ids = jnp.pad(ids, ((0, 0), (before, after)), constant_values=vocabulary)
    zeros = jnp.zeros((taps, 1, filters), kernel.dtype)
    return ids, jnp.concatenate([kernel, zeros], axis=1)


def _taps(ids, kernel) -> Taps:
    count = kernel.shape[0]
    return Taps(count, stride=1, dilation=1, outputs=ids.shape[1] - count + 1)


def _row(kernel, tap, ids):
    """Return what ids in the vocabulary add at a tap, in the type of the sums."""
    rows = kernel.at[tap, ids].get(mode="promise_in_bounds")
    return rows.astype(jnp.promote_types(kernel.dtype, jnp.float32))


def _sums(ids, kernel):
    rows_of = partial(_row, kernel)
    y = sum_of_rows(ids, kernel.shape[1], _taps(ids, kernel), rows_of)
    return y.astype(kernel.dtype)


def _forward(ids, kernel):
    return _sums(ids, kernel), (ids, kernel)


def _backward(saved, dy):
    """Add each output's gradient to the rows under its taps."""
    ids, kernel = saved
    words = past_the_end(ids, kernel.shape[1])
    sums = jnp.promote_types(dy.dtype, jnp.float32)
    nothing = jnp.zeros(kernel.shape[1:], sums)
    under = _taps(ids, kernel).under(words)
    d_taps = [add_to_words(nothing, tap, dy.astype(sums)) for tap in under]
    return None, jnp.stack(d_taps).astype(kernel.dtype)


_looked_up = with_backward(_forward, _backward)(_sums)


def _best(ids, kernel):
    """Return the maxima over time, and at which outputs they are."""
    if jax.default_backend() == "cpu":
        return _running_best(ids, kernel)
    y = _sums(ids, kernel)
    place = jnp.argmax(y, axis=1, keepdims=True).astype(jnp.int32)
    return jnp.take_along_axis(y, place, axis=1)[:, 0], place[:, 0]


def _running_best(ids, kernel):
    """Do the same, a step of all sequences after the other.

    What a step needs stays in the cache, where the sums of all steps are written to
    memory and read again: a sixth of the time on one core, a loop of tiny kernels on a
    GPU.
    """
    batch, (_, vocabulary, filters) = len(ids), kernel.shape
    sums = jnp.promote_types(kernel.dtype, jnp.float32)
    known = (ids >= 0) & (ids < vocabulary)
    words, taps = jnp.where(known, ids, 0).astype(jnp.int32), _taps(ids, kernel)

    def step(best_so_far, seen):
        best, place, now = best_so_far
        ids, whole = seen
        rows = [_row(kernel, tap, ids[tap]) for tap in range(taps.count)]
        y = jnp.where(whole[:, None], sum(rows[1:], rows[0]), jnp.nan)
        better = (y > best) | jnp.isnan(y)
        best, place = jnp.where(better, y, best), jnp.where(better, now, place)
        return (best, place, now + 1), None

    under = jnp.stack(taps.under(words)).transpose(2, 0, 1)
    whole = jnp.all(jnp.stack(taps.under(known)), axis=0).T
    shape = (batch, filters)
    start = jnp.full(shape, -jnp.inf, sums), jnp.zeros(shape, jnp.int32), jnp.int32(0)
    (best, place, _), _ = lax.scan(step, start, (under, whole), unroll=2)
    return best.astype(kernel.dtype), place


def _forward_max(ids, kernel):
    best, place = _best(ids, kernel)
    return best, (ids, kernel, place)


def _backward_max(saved, d_best):
    """Add each maximum's gradient to the rows under its taps."""
    ids, kernel, place = saved
    words = past_the_end(ids, kernel.shape[1])
    sums = jnp.promote_types(d_best.dtype, jnp.float32)
    nothing = jnp.zeros(kernel.shape[1:], sums)
    filters = jnp.arange(kernel.shape[2])[None, :]
    d_taps = [
        nothing.at[jnp.take_along_axis(words, place + tap, axis=1), filters].add(
            d_best.astype(sums), mode="drop"
        )
        for tap in range(kernel.shape[0])
    ]
    return None, jnp.stack(d_taps).astype(kernel.dtype)


_max = with_backward(
    _forward_max, _backward_max, value=lambda ids, kernel: _best(ids, kernel)[0]
)(lambda ids, kernel: max_over_time(_sums(ids, kernel)))
