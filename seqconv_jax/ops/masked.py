"""Convolution and pooling over masked sequences, as over the bare ones.

Each is the operation of `ops.conv`, `ops.embed_conv` or `ops.pool` on the windows that
the sequences would have without their padding; see `ops.masked_windows`. Which outputs
count is said by `window_mask`; the values of the others mean nothing, but are finite.
"""

import jax
import jax.numpy as jnp

from seqconv_jax import _checks
from seqconv_jax.ops.conv import conv1d
from seqconv_jax.ops.embed_conv import embed_conv
from seqconv_jax.ops.explicit_mesh import on_any_mesh
from seqconv_jax.ops.masked_windows import window_rows
from seqconv_jax.ops.pool import avg_pool, max_pool
from seqconv_jax.ops.word_rows import known_ids

__all__ = ["masked_avg_pool", "masked_conv1d", "masked_embed_conv", "masked_max_pool"]


@on_any_mesh
def masked_conv1d(
    x: jax.Array,
    kernel: jax.Array,
    bias: jax.Array | None = None,
    *,
    mask: jax.Array | None,
    stride: int = 1,
    padding: str = "valid",
    dilation: int = 1,
) -> jax.Array:
    """Convolve each sequence as if it had no padding; holes count as zeros.

    Args:
        x: `(batch, time, features)` float.
        kernel: `(kernel_size, features, filters)` float.
        bias: `(filters,)` float, or None.
        mask: `(batch, time)` bool, true for real steps; None where all are real.
        stride: steps between two outputs.
        padding: `"valid"`, `"same"` or `"causal"`.
        dilation: steps between two taps of the kernel.

    Returns:
        `(batch, new_time, filters)`, with `new_time` from `conv_output_length`. With
        stride 1 and `same` or `causal` padding each output lies at its step, otherwise
        a sequence's outputs begin at the first place.

    Raises:
        UserError: for wrong shapes, or an array too short for the kernel.

    Example:
        >>> x = jnp.array([jnp.nan, 1.0, 2.0, 3.0, 4.0]).reshape(1, 5, 1)
        >>> mask = jnp.array([[False, True, True, True, True]])
        >>> masked_conv1d(x, jnp.ones((2, 1, 1)), mask=mask, stride=2).tolist()
        [[[3.0], [7.0]]]
    """
    options = {"stride": stride, "dilation": dilation}
    if mask is None:
        return conv1d(x, kernel, bias, padding=padding, **options)
    _checks.rank("x", x, ("batch", "time", "features"))
    _checks.shape("kernel", kernel, (None, x.shape[2], None))
    rows = window_rows(x, mask, kernel.shape[0], padding=padding, **options)
    return conv1d(rows.x, kernel, bias, padding=rows.padding, **options)


@on_any_mesh
def masked_embed_conv(
    ids: jax.Array,
    table: jax.Array,
    kernel: jax.Array,
    bias: jax.Array | None = None,
    *,
    mask: jax.Array | None,
    stride: int = 1,
    padding: str = "valid",
    dilation: int = 1,
) -> jax.Array:
    """Convolve the rows of `table` that the ids at real steps name.

    It is `masked_conv1d(embed(ids, table), ...)`. The ids are moved in place of their
    rows, and those at masked steps name one more row, of zeros.

    Args:
        ids: `(batch, time)` integers in `[0, vocabulary)`; any other gives NaN, if it
            is not masked.
        table: `(vocabulary, features)` float.
        kernel: `(kernel_size, features, filters)` float.
        bias: `(filters,)` float, or None.
        mask: `(batch, time)` bool, true for real steps; None where all are real.
        stride: steps between two outputs.
        padding: `"valid"`, `"same"` or `"causal"`.
        dilation: steps between two taps of the kernel.

    Returns:
        `(batch, new_time, filters)`, as `masked_conv1d`.

    Raises:
        UserError: for wrong shapes or types, or an array too short for the kernel.

    Example:
        >>> ids, mask = jnp.array([[0, 0, 1]]), jnp.array([[False, True, True]])
        >>> table, kernel = jnp.array([[1.0], [10.0]]), jnp.ones((2, 1, 1))
        >>> masked_embed_conv(ids, table, kernel, mask=mask)[0, 0].tolist()
        [11.0]
    """
    options = {"stride": stride, "dilation": dilation}
    if mask is None:
        return embed_conv(ids, table, kernel, bias, padding=padding, **options)
    _checks.rank("ids", ids, ("batch", "time"))
    _checks.integers("ids", ids)
    _checks.rank("table", table, ("vocabulary", "features"))
    _checks.shape("kernel", kernel, (None, table.shape[1], None))
    vocabulary, features = table.shape
    ids = known_ids(ids, vocabulary)
    rows = window_rows(ids, mask, kernel.shape[0], padding=padding, **options)
    with_zeros = jnp.concatenate([table, jnp.zeros((1, features), table.dtype)])
    return embed_conv(
        jnp.where(rows.mask, rows.x, vocabulary),
        with_zeros,
        kernel,
        bias,
        padding=rows.padding,
        **options,
    )


@on_any_mesh
def masked_max_pool(
    x: jax.Array,
    window: int,
    *,
    mask: jax.Array | None,
    stride: int | None = None,
    padding: str = "valid",
) -> jax.Array:
    """Take the maximum of each window of each sequence as if it had no padding.

    Args:
        x: `(batch, time, features)` float.
        window: steps in a window.
        mask: `(batch, time)` bool, true for real steps; None where all are real.
        stride: steps between two windows; `window` where None.
        padding: `"valid"` or `"same"`.

    Returns:
        `(batch, new_time, features)`, zeros for a window without a real step. With
        stride 1 and `same` padding each output lies at its step, otherwise a sequence's
        outputs begin at the first place.

    Raises:
        UserError: for wrong shapes, or an array shorter than the window.

    Example:
        >>> x, mask = jnp.arange(5.0).reshape(1, 5, 1), jnp.arange(5)[None] > 0
        >>> masked_max_pool(x, 2, mask=mask)[0, :, 0].tolist()
        [2.0, 4.0]
    """
    return _masked_pool(max_pool, x, window, mask, stride, padding)


@on_any_mesh
def masked_avg_pool(
    x: jax.Array,
    window: int,
    *,
    mask: jax.Array | None,
    stride: int | None = None,
    padding: str = "valid",
) -> jax.Array:
    """Average each window of each sequence, over its real steps, without the padding.

    Args:
        x: `(batch, time, features)` float.
        window: steps in a window.
        mask: `(batch, time)` bool, true for real steps; None where all are real.
        stride: steps between two windows; `window` where None.
        padding: `"valid"` or `"same"`.

    Returns:
        `(batch, new_time, features)`, as `masked_max_pool`.

    Raises:
        UserError: for wrong shapes, or an array shorter than the window.

    Example:
        >>> x, mask = jnp.arange(5.0).reshape(1, 5, 1), jnp.arange(5)[None] > 0
        >>> masked_avg_pool(x, 2, mask=mask)[0, :, 0].tolist()
        [1.5, 3.5]
    """
    return _masked_pool(avg_pool, x, window, mask, stride, padding)


def _masked_pool(pool, x, window: int, mask, stride, padding: str) -> jax.Array:
    if mask is not None:
        _checks.rank("x", x, ("batch", "time", "features"))
        _checks.positive_int("window", window)
        _checks.one_of("padding", padding, ("valid", "same"))
        stride = window if stride is None else stride
        x, mask, padding = window_rows(x, mask, window, stride=stride, padding=padding)
    return pool(x, window, stride=stride, padding=padding, mask=mask)
