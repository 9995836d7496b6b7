"""One-dimensional convolution over `(batch, time, features)` and its arithmetic."""

from collections.abc import Iterable
from typing import Any

import jax
import jax.numpy as jnp

from seqconv_jax import _checks
from seqconv_jax.ops.explicit_mesh import on_any_mesh
from seqconv_jax.ops.narrow_kernel import is_narrow, narrow_convolve
from seqconv_jax.ops.symbolic import is_symbolic, max_dim, surely
from seqconv_jax.ops.unfold import is_unfolded, unfolded_convolve
from seqconv_jax.ops.wide_kernel import convolve

__all__ = ["causal_conv1d_end", "conv1d", "conv_output_length", "receptive_field"]

PADDINGS = ("valid", "same", "causal")


@on_any_mesh
def conv1d(
    x: jax.Array,
    kernel: jax.Array,
    bias: jax.Array | None = None,
    *,
    stride: int = 1,
    padding: str = "valid",
    dilation: int = 1,
) -> jax.Array:
    """Convolve a sequence with a kernel along time (cross-correlation, as in Keras).

    `y[b, t] = bias + sum_k x[b, t * stride + k * dilation] @ kernel[k]`, after the
    padding: none (`valid`), enough on both sides for `ceil(time / stride)` outputs
    (`same`), or all of it on the left, so that no output sees a later input
    (`causal`). Without padding, an input that is not finite may also reach the output
    next to those that see it, which `ops.narrow_kernel` computes beside one of them.

    Args:
        x: `(batch, time, features)` float.
        kernel: `(kernel_size, features, filters)` float.
        bias: `(filters,)` float, or None.
        stride: steps between two outputs.
        padding: `"valid"`, `"same"` or `"causal"`.
        dilation: steps between two taps of the kernel.

    Returns:
        `(batch, new_time, filters)`, with `new_time` from `conv_output_length`.

    Raises:
        UserError: for wrong shapes, what is no float, or a sequence too short for the
            kernel.

    Example:
        >>> import jax.numpy as jnp
        >>> conv1d(jnp.ones((1, 4, 1)), jnp.ones((3, 1, 1)))[0, :, 0].tolist()
        [3.0, 3.0]
    """
    ahead = padding == "valid"
    return _conv1d(x, kernel, bias, stride, padding, dilation, ahead=ahead)


def _conv1d(x, kernel, bias, stride: int, padding: str, dilation: int, *, ahead: bool):
    """Convolve; `ahead` if a later step, times zero, may be added to an output."""
    _checks.rank("x", x, ("batch", "time", "features"))
    _checks.floats("x", x)
    _checks.floats("kernel", kernel)
    _checks.shape("kernel", kernel, (None, x.shape[2], None))
    geometry: Any = {"stride": stride, "padding": padding, "dilation": dilation}
    conv_output_length(x.shape[1], kernel.shape[0], **geometry)
    dtype = jnp.result_type(x, kernel)
    # Convolutions of float16 add up in float16 on some devices.
    wide = jnp.float32 if dtype == jnp.float16 else dtype
    x, kernel = x.astype(wide), kernel.astype(wide)
    if ahead and is_narrow(x, kernel, stride=stride, dilation=dilation):
        y = narrow_convolve(x, kernel)
    else:
        way = unfolded_convolve if is_unfolded(x, kernel) else convolve
        y = way(x, kernel, **geometry)
    return add_bias(y.astype(dtype), bias)


def add_bias(y: jax.Array, bias: jax.Array | None) -> jax.Array:
    """Add a bias `(filters,)` to each step of `(batch, time, filters)`; none adds none.

    Raises:
        UserError: for a bias of another shape, or of no floats.
    """
    if bias is None:
        return y
    _checks.floats("bias", bias)
    _checks.shape("bias", bias, (y.shape[2],))
    return y + bias[None, None, :]


@on_any_mesh
def causal_conv1d_end(
    x: jax.Array,
    kernel: jax.Array,
    bias: jax.Array | None = None,
    *,
    outputs: int,
    stride: int = 1,
    dilation: int = 1,
) -> jax.Array:
    """Compute the end of a causal convolution alone: its last steps, `stride` apart.

    With `y` of `conv1d(..., padding="causal")`, it is `y` at `time - 1`,
    `time - 1 - stride`, and so on, in the order of time. What only the steps left out
    would need is not touched.

    Args:
        x: `(batch, time, features)` float.
        kernel: `(kernel_size, features, filters)` float.
        bias: `(filters,)` float, or None.
        outputs: how many steps, as many as lie in the sequence at the most.
        stride: steps between two outputs.
        dilation: steps between two taps of the kernel.

    Returns:
        `(batch, outputs, filters)`.

    Raises:
        UserError: for wrong shapes, or more outputs than there are.

    Example:
        >>> import jax.numpy as jnp
        >>> x = jnp.arange(6.0).reshape(1, 6, 1)
        >>> causal_conv1d_end(x, jnp.ones((2, 1, 1)), outputs=2, stride=3).tolist()
        [[[3.0], [9.0]]]
    """
    _checks.rank("x", x, ("batch", "time", "features"))
    _checks.positive_int("stride", stride)
    _checks.positive_int("outputs", outputs)
    most = -(-x.shape[1] // stride)
    _checks.expect(outputs <= most, "outputs", f"at most {most}", outputs)
    needed = (outputs - 1) * stride + (kernel.shape[0] - 1) * dilation + 1
    x = x[:, -needed:]
    x = jnp.pad(x, ((0, 0), (needed - x.shape[1], 0), (0, 0)))
    return _conv1d(x, kernel, bias, stride, "valid", dilation, ahead=False)


class TooShortError(_checks.UserError):
    """A sequence has too few steps for a window; not that an option is wrong."""


def conv_output_length(
    length: int,
    kernel_size: int,
    *,
    stride: int = 1,
    padding: str = "valid",
    dilation: int = 1,
) -> int:
    """Return how many steps a convolution (or pooling) leaves of `length` steps.

    `floor((length - (kernel_size - 1) * dilation - 1) / stride) + 1` for `valid`
    padding, `ceil(length / stride)` for `same` and `causal`.

    Args:
        length: steps that go in.
        kernel_size: taps of the kernel, or window of the pool.
        stride: steps between two outputs.
        padding: `"valid"`, `"same"` or `"causal"`.
        dilation: steps between two taps.

    Raises:
        UserError: if nothing would be left (`TooShortError`; the message gives the
            lengths), or for an option out of range.

    Example:
        >>> conv_output_length(240, 5), conv_output_length(236, 3, stride=3)
        (236, 78)
    """
    _checks.positive_int("kernel_size", kernel_size)
    _checks.positive_int("stride", stride)
    _checks.positive_int("dilation", dilation)
    _checks.one_of("padding", padding, PADDINGS)
    if not is_symbolic(length):
        _checks.non_negative_int("length", length)
    span = (kernel_size - 1) * dilation + 1
    needed = span if padding == "valid" else 1
    if surely(lambda: length < needed):
        spread = f" with dilation {dilation}" if dilation > 1 else ""
        raise TooShortError(
            f"a window of {kernel_size}{spread} and {padding} padding needs at least "
            f"{needed} steps, got {length}"
        )
    left = (length - span) // stride + 1 if padding == "valid" else -(-length // stride)
    return max_dim(left, 0) if is_symbolic(length) else left


def receptive_field(layers: Iterable[tuple[int, int, int]]) -> int:
    """Return how many input steps one output step depends on.

    Each layer widens the field by `(kernel_size - 1) * dilation` of its own input's
    steps, which lie the product of the earlier strides apart.

    Args:
        layers: `(kernel_size, stride, dilation)` from the input upwards; a pool counts
            as a kernel of its window.

    Returns:
        The width of the field in input steps, 1 for no layers.

    Example:
        >>> receptive_field([(5, 1, 1), (3, 3, 1), (5, 1, 1)])
        19
    """
    field, jump = 1, 1
    for kernel_size, stride, dilation in layers:
        field += (kernel_size - 1) * dilation * jump
        jump *= stride
    return field
