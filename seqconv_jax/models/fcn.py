"""The fully convolutional network for series."""

from typing import Any

from seqconv_jax import _checks
from seqconv_jax.models.classifier import SeriesClassifier, conv_norm_relu

__all__ = ["FCN"]


class FCN(SeriesClassifier):
    """Fully convolutional network: convolutions, norms, and an average over time.

    The defaults are the original's: 264,833 parameters for one channel and one output,
    129 more for each further output. Every layer keeps the length, so that a series may
    have any.

    Attributes:
        features: filters of each convolution.
        kernel_sizes: their taps.
        outputs: width of the output: 1 for two classes, else one a class.
        mask_value: what padded steps hold in all channels; None for no padding.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> model, x = FCN((8, 8), (5, 3), outputs=3), jnp.ones((2, 60, 1))
        >>> model.apply(model.init(jax.random.key(0), x), x).shape
        (2, 3)

    Reference:
        Wang, Yan and Oates, arXiv:1611.06455.
    """

    features: tuple[int, ...] = (128, 256, 128)
    kernel_sizes: tuple[int, ...] = (8, 5, 3)
    outputs: int = 1  # pyright: ignore[reportIncompatibleMethodOverride]
    mask_value: float | None = None  # pyright: ignore[reportIncompatibleMethodOverride]

    @property
    def stack(self) -> tuple[Any, ...]:
        """The convolutions, each with its norm and activation."""
        sizes = list(zip(self.features, self.kernel_sizes, strict=False))
        fits = len(sizes) == len(self.features) == len(self.kernel_sizes) > 0
        what = f"one for each of {len(self.features)} convolutions"
        _checks.expect(fits, "kernel_sizes", what, self.kernel_sizes)
        blocks = (conv_norm_relu(*size, self.types) for size in sizes)
        return tuple(layer for block in blocks for layer in block)
