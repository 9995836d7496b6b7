"""Residual blocks of dilated causal convolutions."""

from typing import Any

from seqconv_jax.nn import fuse
from seqconv_jax.nn.combine import MatchWidth, Residual
from seqconv_jax.nn.conv import Conv1D
from seqconv_jax.nn.dropout import Dropout
from seqconv_jax.nn.sequential import TypedNetwork


class ResidualBlock(TypedNetwork):
    """Two dilated causal convolutions with a shortcut around them.

    `relu(x + drop(relu(conv(drop(relu(conv(x)))))))`; the shortcut is a convolution
    of one tap where the widths differ. No output sees a later input. Unlike the
    original, the weights are not normalised.

    Attributes:
        features: width of the output.
        kernel_size: taps of each convolution.
        dilation: steps between two taps.
        dropout: rate at which channels are dropped after each convolution, for all
            steps.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> block, x = ResidualBlock(8, kernel_size=3, dilation=4), jnp.ones((2, 9, 4))
        >>> block.apply(block.init(jax.random.key(0), x), x).shape
        (2, 9, 8)

    Reference:
        Bai, Kolter and Koltun, arXiv:1803.01271.
    """

    features: int
    kernel_size: int = 3
    dilation: int = 1
    dropout: float = 0.0

    @property
    def layers(self) -> tuple[Any, ...]:
        """One residual layer."""
        body = []
        for i in range(2):
            conv = Conv1D(
                self.features,
                self.kernel_size,
                padding="causal",
                dilation=self.dilation,
                activation="relu",
                name=f"Conv1D_{i}",  # pyright: ignore[reportCallIssue]
                **self.types,
            )
            drop = Dropout(self.dropout, time_constant=True, name=f"Dropout_{i}")  # pyright: ignore[reportCallIssue]
            body += [conv, drop]
        shortcut = MatchWidth(self.features, name="shortcut", **self.types)  # pyright: ignore[reportCallIssue]
        return (Residual(tuple(body), (shortcut,), activation="relu"),)

    def operations(self):
        """Return those of the residual layer."""
        return fuse.operations_of(self.bound_layers[0])
