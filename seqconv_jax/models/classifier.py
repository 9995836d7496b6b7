"""What the networks that classify whole series share."""

from typing import TYPE_CHECKING, Any

from seqconv_jax.models.series import SeriesNetwork
from seqconv_jax.nn import (
    Activation,
    BatchNorm,
    Conv1D,
    Dense,
    GlobalAvgPool1D,
    Masking,
)


class SeriesClassifier(SeriesNetwork):
    """A stack of layers that keep the length, an average over time, and a product.

    Padded steps hold `mask_value` in all channels (`data.PADDING` in a task of series
    of unequal lengths), and never change an output.
    """

    if TYPE_CHECKING:  # fields of the networks, behind their own

        @property
        def outputs(self) -> int:
            """Width of the output."""
            ...

        @property
        def mask_value(self) -> float | None:
            """What padded steps hold; None for no padding."""
            ...

    @property
    def stack(self) -> tuple[Any, ...]:
        """The layers between the input and the average."""
        raise NotImplementedError

    @property
    def layers(self) -> tuple[Any, ...]:
        """The layers, from the input upwards."""
        masking = () if self.mask_value is None else (Masking(self.mask_value),)
        head = GlobalAvgPool1D(), Dense(self.outputs, **self.types)
        return *masking, *self.stack, *head


def norm(types: Any) -> BatchNorm:
    """Return the norm, whose averages follow the last twenty steps or so.

    Keras's 0.99 follows hundreds, which a small training set does not have: on
    ArrowHead (36 series) InceptionTime had 0.35 on test after 125 updates, now 0.77.
    """
    return BatchNorm(momentum=0.9, **types)


def conv_norm(features: int, kernel_size: int, types: Any, bias: bool = True):
    """Return a convolution that keeps the length, and the norm behind it."""
    conv = Conv1D(features, kernel_size, padding="same", use_bias=bias, **types)
    return conv, norm(types)


def conv_norm_relu(features: int, kernel_size: int, types: Any):
    """Return the same, and the activation behind them."""
    return *conv_norm(features, kernel_size, types), Activation("relu")
