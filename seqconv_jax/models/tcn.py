"""The temporal convolutional network."""

import warnings
from typing import Any

import jax

from seqconv_jax import _checks
from seqconv_jax.models.series import SeriesNetwork
from seqconv_jax.nn import Dense, LastStep, ResidualBlock, receptive_field
from seqconv_jax.nn.lengths import is_shorter

__all__ = ["TCN"]


class TCN(SeriesNetwork):
    """Temporal convolutional network: residual blocks of growing dilation.

    Its output is read off the last step, which sees `receptive_field` steps back; no
    block computes a step that the last one does not depend on.

    Attributes:
        features: width of every block.
        kernel_size: taps of every convolution.
        dilations: one block for each.
        dropout: rate at which channels are dropped after each convolution.
        outputs: width of the output.

    Example:
        >>> import jax.numpy as jnp
        >>> model, x = TCN(8, kernel_size=3, dilations=(1, 2, 4)), jnp.ones((2, 60, 4))
        >>> model.receptive_field
        29
        >>> model.apply(model.init(jax.random.key(0), x), x).shape
        (2, 1)

    Reference:
        Bai, Kolter and Koltun, arXiv:1803.01271.
    """

    features: int = 32
    kernel_size: int = 3
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    dropout: float = 0.0
    outputs: int = 1

    @property
    def layers(self) -> tuple[Any, ...]:
        """The layers, from the input upwards."""
        dilations = self.dilations
        listed = isinstance(dilations, tuple | list)
        _checks.expect(listed, "dilations", "a tuple of integers", dilations)
        blocks = (
            ResidualBlock(
                self.features, self.kernel_size, dilation, self.dropout, **self.types
            )
            for dilation in dilations
        )
        return *blocks, LastStep(), Dense(self.outputs, **self.types)

    @property
    def receptive_field(self) -> int | None:
        """How many steps back the output sees, itself included."""
        return receptive_field(self._layers())

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, outputs)`."""
        _checks.rank("x", x, ("batch", "time", "features"))
        field = self.receptive_field
        if field is not None and is_shorter(x.shape[1], field):
            warnings.warn(
                f"TCN's receptive field of {field} steps is wider than the sequence of "
                f"{x.shape[1]}: some of its taps only ever see padding",
                stacklevel=2,
            )
        return self.run_all(x, mask, train)
