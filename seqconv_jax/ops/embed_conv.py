"""Embedding lookup followed by a convolution, as one operation."""

import jax
import jax.numpy as jnp

from seqconv_jax import _checks
from seqconv_jax.ops.conv import add_bias, conv1d, conv_output_length
from seqconv_jax.ops.derivative import with_backward
from seqconv_jax.ops.embed import embed
from seqconv_jax.ops.explicit_mesh import on_any_mesh
from seqconv_jax.ops.symbolic import surely
from seqconv_jax.ops.word_rows import (
    Taps,
    add_to_words,
    past_the_end,
    sum_of_rows,
)

__all__ = ["embed_conv"]


@on_any_mesh
def embed_conv(
    ids: jax.Array,
    table: jax.Array,
    kernel: jax.Array,
    bias: jax.Array | None = None,
    *,
    stride: int = 1,
    padding: str = "valid",
    dilation: int = 1,
) -> jax.Array:
    """Convolve the rows of `table` that `ids` name: `conv1d(embed(ids, table), ...)`.

    Where a batch has more ids than the table has rows, as with texts, the table is
    convolved in place of the batch: `P = table @ kernel` holds what each word adds at
    each tap, and `y[b, t] = bias + sum_k P[ids[b, t * stride + k * dilation], k]` is
    looked up and added. The result differs by the order of the sums alone.

    Args:
        ids: `(batch, time)` integers in `[0, vocabulary)`; any other gives NaN.
        table: `(vocabulary, features)` float.
        kernel: `(kernel_size, features, filters)` float.
        bias: `(filters,)` float, or None.
        stride: steps between two outputs.
        padding: `"valid"`, `"same"` or `"causal"`.
        dilation: steps between two taps of the kernel.

    Returns:
        `(batch, new_time, filters)`, with `new_time` from `conv_output_length`.

    Raises:
        UserError: for wrong shapes or types, or a sequence too short for the kernel.

    Example:
        >>> table, kernel = jnp.array([[1.0], [10.0]]), jnp.ones((2, 1, 1))
        >>> embed_conv(jnp.array([[0, 1, 1]]), table, kernel)[0, :, 0].tolist()
        [11.0, 20.0]
    """
    _checks.rank("ids", ids, ("batch", "time"))
    if padding != "valid" or not is_projected(ids, table):
        options = {"stride": stride, "padding": padding, "dilation": dilation}
        return embed_conv_reference(ids, table, kernel, bias, **options)
    _checks.integers("ids", ids)
    _checks.floats("table", table)
    _checks.floats("kernel", kernel)
    _checks.shape("kernel", kernel, (None, table.shape[1], None))
    kernel_size = kernel.shape[0]
    outputs = conv_output_length(
        ids.shape[1], kernel_size, stride=stride, dilation=dilation
    )
    taps = Taps(kernel_size, stride, dilation, outputs)
    return add_bias(_projected(ids, table, kernel, taps=taps), bias)


def embed_conv_reference(ids, table, kernel, bias=None, **options) -> jax.Array:
    """Look up, then convolve: what the faster way must equal."""
    return conv1d(embed(ids, table), kernel, bias, **options)


def is_projected(ids, table) -> bool:
    """Say whether the table is convolved in place of the batch."""
    return surely(lambda: ids.size > table.shape[0])


def _sums(ids, table, kernel, *, taps: Taps):
    vocabulary, dtype = table.shape[0], jnp.result_type(table, kernel)
    sums = jnp.promote_types(dtype, jnp.float32)
    words = jnp.matmul(
        table.astype(dtype), _flat(kernel).astype(dtype), preferred_element_type=sums
    ).reshape(vocabulary, taps.count, -1)

    def rows_of(tap, ids):
        return words.at[ids, tap].get(mode="promise_in_bounds")

    return sum_of_rows(ids, vocabulary, taps, rows_of).astype(dtype)


def _forward(ids, table, kernel, *, taps):
    return _sums(ids, table, kernel, taps=taps), (ids, table, kernel)


def _backward(saved, dy, *, taps):
    """Add each output's gradient to the words under its taps, then leave the table.

    One scatter for each tap: its target then fits the cache, and XLA on a CPU needs a
    sixth of the time of one scatter for all.
    """
    ids, table, kernel = saved
    vocabulary = table.shape[0]
    rows = past_the_end(ids, vocabulary)
    sums = jnp.promote_types(dy.dtype, jnp.float32)
    nothing = jnp.zeros((vocabulary, dy.shape[2]), sums)
    d_words = jnp.concatenate(
        [add_to_words(nothing, row, dy.astype(sums)) for row in taps.under(rows)],
        axis=1,
    )
    d_table = d_words @ _flat(kernel).T.astype(sums)
    d_kernel = (table.T.astype(sums) @ d_words).reshape(
        kernel.shape[1], taps.count, kernel.shape[2]
    )
    d_kernel = jnp.swapaxes(d_kernel, 0, 1)
    return None, d_table.astype(table.dtype), d_kernel.astype(kernel.dtype)


_projected = with_backward(_forward, _backward)(_sums)


def _flat(kernel):
    """Lay the taps of a kernel side by side: `(features, kernel_size * filters)`."""
    return jnp.swapaxes(kernel, 0, 1).reshape(kernel.shape[1], -1)
