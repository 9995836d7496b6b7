"""Where the windows of a convolution or a pool lie over masked sequences.

A padded sequence with its mask has the windows that the bare sequence would have had,
computed from its own length `L`, not from the array's: `conv_output_length(L, ...)` of
them, but one at least where there is any real step. So padding, on either side and by
any amount, changes nothing. Holes within a sequence count as zeros in a convolution,
and do not count in a pool.

With stride 1, and `same` or `causal` padding or one tap, a window belongs to a step and
stays with it. Otherwise windows are counted from the first real step: each row is
shifted so that its windows begin where those of the array do.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from seqconv_jax import _checks
from seqconv_jax.ops.conv import conv_output_length
from seqconv_jax.ops.explicit_mesh import on_any_mesh
from seqconv_jax.ops.masking import bare_sequence, check_mask, hide, shift

__all__ = ["MaskedRows", "window_mask", "window_rows"]


class MaskedRows(NamedTuple):
    """Rows whose windows lie where those of the bare sequences do.

    Attributes:
        x: `(batch, new_time, ...)`, zeros at all but real steps.
        mask: `(batch, new_time)` bool, true for real steps.
        padding: what to run the operation on them with.
    """

    x: jax.Array
    mask: jax.Array
    padding: str


def window_rows(
    x: jax.Array,
    mask: jax.Array,
    size: int,
    *,
    stride: int = 1,
    padding: str = "valid",
    dilation: int = 1,
) -> MaskedRows:
    """Lay masked sequences out for an operation on windows.

    Run on what is returned, with the padding returned, the operation's output `j` is
    that of window `j` of the bare sequence; with stride 1 and `same` or `causal`
    padding, that of the window of step `j` of the array. `window_mask` says which
    outputs count.

    Args:
        x: `(batch, time, ...)`.
        mask: `(batch, time)` bool, true for real steps.
        size: taps of the kernel, or steps of the window.
        stride: steps between two windows.
        padding: `"valid"`, `"same"` or `"causal"`.
        dilation: steps between two taps.

    Returns:
        Rows, their mask, and the padding to use; the operation on them has as many
        outputs as on `x`.

    Raises:
        UserError: for a mask of another shape, or an array too short for a window.

    Example:
        >>> x, mask = jnp.array([[9.0, 1.0, 2.0]]), jnp.array([[False, True, True]])
        >>> window_rows(x, mask, 2, stride=2, padding="same").x.tolist()
        [[1.0, 2.0, 0.0, 0.0]]
    """
    mask = check_mask(mask, x)
    windows = _Windows(size, stride, padding, dilation)
    outputs = windows.of(x.shape[1])
    if windows.stay:
        return MaskedRows(hide(x, mask), mask, padding)
    bare = bare_sequence(mask)
    start = bare.first - windows.padding_before(bare.length)
    steps = (outputs - 1) * stride + windows.span
    if padding == "valid":
        steps = x.shape[1]  # The operation leaves the last ones, as it does without.
    return MaskedRows(
        shift(hide(x, mask), start, steps), shift(mask, start, steps), "valid"
    )


@on_any_mesh
def window_mask(
    mask: jax.Array,
    size: int,
    *,
    stride: int = 1,
    padding: str = "valid",
    dilation: int = 1,
) -> jax.Array:
    """Return which outputs of an operation on windows count.

    Output `j` counts if the bare sequence has a window `j` and a real step lies in it.
    (A window of the bare sequence whose taps all lie in the padding, as happens to even
    kernels with wide dilation and `same` padding, counts as it does without a mask.)

    Args:
        mask: `(batch, time)` bool, true for real steps.
        size: taps of the kernel, or steps of the window.
        stride: steps between two windows.
        padding: `"valid"`, `"same"` or `"causal"`.
        dilation: steps between two taps.

    Returns:
        `(batch, new_time)` bool, with `new_time` from `conv_output_length`.

    Raises:
        UserError: for a mask of another rank, or an array too short for a window.

    Example:
        >>> mask = jnp.array([[False, True, True, True, False, False]])
        >>> window_mask(mask, 2).tolist()
        [[True, True, False, False, False]]
        >>> window_mask(mask, 2, padding="causal").tolist()
        [[False, True, True, True, False, False]]
    """
    _checks.rank("mask", mask, ("batch", "time"))
    mask = check_mask(mask, mask)
    windows = _Windows(size, stride, padding, dilation)
    outputs = windows.of(mask.shape[1])
    first, length = (each[:, None] for each in bare_sequence(mask))
    place = jnp.arange(mask.shape[1])[None]
    inside = (place >= first) & (place < first + length)
    if windows.stay:
        exists, sides = inside, windows.sides
        real, inside = (jnp.pad(m, ((0, 0), sides)) for m in (mask, inside))
    else:
        exists = lax.iota(jnp.int32, outputs)[None] < windows.of_sequences(length)
        real, inside = (
            window_rows(m, m, size, **windows.options).mask for m in (mask, inside)
        )
    return exists & (windows.any_tap(real) | ~windows.any_tap(inside))


class _Windows(NamedTuple):
    """The windows of an operation, and their arithmetic over lengths only known late.

    Lengths are those of bare sequences, integers of any shape.
    """

    size: int
    stride: int
    padding: str
    dilation: int

    @property
    def options(self):
        return {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
        }

    @property
    def span(self) -> int:
        """Steps from a window's first tap to its last, both counted."""
        return (self.size - 1) * self.dilation + 1

    @property
    def stay(self) -> bool:
        """Whether each window belongs to a step of the array."""
        return self.stride == 1 and (self.padding != "valid" or self.size == 1)

    @property
    def sides(self) -> tuple[int, int]:
        """Steps added before and after, where windows stay with their steps."""
        before = (self.span - 1) // (1 if self.padding == "causal" else 2)
        return before, self.span - 1 - before

    def of(self, time: int) -> int:
        """Return how many windows an array has; raise if there is none."""
        return conv_output_length(time, self.size, **self.options)

    def of_sequences(self, length: jax.Array) -> jax.Array:
        """Return how many windows each sequence has: one at least if it has a step."""
        if self.padding != "valid":
            return -(-length // self.stride)
        fit = (length - self.span) // self.stride + 1
        return jnp.where(length > 0, jnp.maximum(fit, 1), 0)

    def padding_before(self, length: jax.Array) -> jax.Array | int:
        """Return how many steps each sequence's first window begins before it."""
        if self.padding == "valid":
            return 0
        if self.padding == "causal":
            return self.span - 1
        last = (self.of_sequences(length) - 1) * self.stride
        return jnp.maximum(last + self.span - length, 0) // 2

    def any_tap(self, mask: jax.Array) -> jax.Array:
        """Return which windows of a padded mask have a true entry under a tap."""
        found = lax.reduce_window(
            mask.astype(jnp.float32),  # ONNX has no windows of booleans
            -jnp.inf,
            lax.max,
            (1, self.size),
            (1, self.stride),
            "VALID",
            window_dilation=(1, self.dilation),
        )
        return found > 0
