"""Residual blocks of dilated causal convolutions."""

from collections.abc import Sequence
from math import gcd
from typing import Any, NamedTuple

import jax
from flax import linen as nn

from seqconv_jax import _checks
from seqconv_jax.nn.conv import Conv1D, Dropout


class Cone(NamedTuple):
    """What a block must compute where only the last step of a network is read.

    The block is given every so many steps of the sequence, as many as its dilation and
    the steps that are asked of it allow.

    Attributes:
        dilation: of its convolutions, counted in the steps that it is given.
        inner: how many of the last steps its first convolution computes.
        outputs: how many its second one does, and how far apart:
        stride: in the steps that it is given.
    """

    dilation: int
    inner: int
    outputs: int
    stride: int


def cones(
    length: int, kernel_size: int, dilations: Sequence[int]
) -> tuple[list[Cone], tuple[int, int]]:
    """Return each block's share of the last step, and of the input steps it needs.

    Args:
        length: steps of the sequence.
        kernel_size: taps of every convolution.
        dilations: one block for each, from the input upwards.

    Returns:
        A cone for each block; how many of the last steps of the input are needed, and
        how far apart.

    Example:
        >>> cones(240, 3, [1, 2, 4])[1]
        (29, 1)
        >>> cones(240, 3, [1, 2, 4])[0][-1]
        Cone(dilation=1, inner=3, outputs=1, stride=1)
    """
    _checks.positive_int("kernel_size", kernel_size)
    for dilation in dilations:
        _checks.positive_int("dilation", dilation)
    found: list[Cone] = []
    outputs, apart = 1, dilations[-1] if dilations else 1
    for whole_dilation in reversed(dilations):
        given = gcd(whole_dilation, apart)
        stride, dilation = apart // given, whole_dilation // given
        span, there = (kernel_size - 1) * dilation, -(-length // given)
        inner = min((outputs - 1) * stride + span + 1, there)
        found.append(Cone(dilation, inner, outputs, stride))
        outputs, apart = min(inner + span, there), given
    return found[::-1], (outputs, apart)


def last_steps(x: jax.Array, outputs: int, stride: int) -> jax.Array:
    """Return the last `outputs` steps that lie `stride` apart."""
    return x[:, x.shape[1] - 1 - (outputs - 1) * stride :: stride]


class ResidualBlock(nn.Module):
    """Two dilated causal convolutions with a shortcut around them.

    `relu(x + drop(relu(conv(drop(relu(conv(x)))))))`; the shortcut is a convolution
    of one tap where the widths differ. No output sees a later input. Unlike the
    original, the weights are not normalised.

    Attributes:
        features: width of the output.
        kernel_size: taps of each convolution.
        dilation: steps between two taps.
        dropout: share of the channels dropped after each convolution, for all steps.

    Reference:
        Bai, Kolter and Koltun, arXiv:1803.01271.
    """

    features: int
    kernel_size: int = 3
    dilation: int = 1
    dropout: float = 0.0

    @nn.compact
    def __call__(
        self, x: jax.Array, *, cone: Cone | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, features_in)` to `(batch, time, features)`.

        Args:
            x: the sequences.
            cone: which steps to compute; None for all. It replaces the dilation.
            train: whether channels are dropped.
        """
        dilation, shortcut, ends = self.dilation, x, (None, None)
        if cone is not None:
            dilation = cone.dilation
            shortcut = last_steps(x, cone.outputs, cone.stride)
            ends = ((cone.inner, 1), (cone.outputs, cone.stride))
        y: Any = x
        for end in ends:
            y = Conv1D(
                self.features,
                self.kernel_size,
                padding="causal",
                dilation=dilation,
                activation="relu",
            )(y, end=end)
            y = Dropout(self.dropout, time_constant=True)(y, train=train)
        if x.shape[-1] != self.features:
            shortcut = Conv1D(self.features, 1, name="shortcut")(shortcut)  # pyright: ignore
        return jax.nn.relu(shortcut + y)
