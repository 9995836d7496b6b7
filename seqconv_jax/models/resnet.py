"""The residual network for series."""

from typing import Any

from seqconv_jax import _checks
from seqconv_jax.models.classifier import (
    SeriesClassifier,
    conv_norm,
    conv_norm_relu,
    norm,
)
from seqconv_jax.nn import Residual

__all__ = ["ResNet"]


class ResNet(SeriesClassifier):
    """Residual network: blocks of three convolutions with a shortcut around them.

    A shortcut is a convolution of one tap and a norm, or the norm alone where the width
    stays. The defaults are the original's: 504,129 parameters for one channel and one
    output, 129 more for each further output.

    Attributes:
        features: filters of each block.
        kernel_sizes: taps of the convolutions of a block.
        outputs: width of the output: 1 for two classes, else one a class.
        mask_value: what padded steps hold in all channels; None for no padding.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> model, x = ResNet((4, 8), outputs=3), jnp.ones((2, 60, 1))
        >>> model.apply(model.init(jax.random.key(0), x), x).shape
        (2, 3)

    Reference:
        Wang, Yan and Oates, arXiv:1611.06455; He et al., arXiv:1512.03385.
    """

    features: tuple[int, ...] = (64, 128, 128)
    kernel_sizes: tuple[int, ...] = (8, 5, 3)
    outputs: int = 1  # pyright: ignore[reportIncompatibleMethodOverride]
    mask_value: float | None = None  # pyright: ignore[reportIncompatibleMethodOverride]

    @property
    def stack(self) -> tuple[Any, ...]:
        """The residual blocks."""
        for name in ("features", "kernel_sizes"):
            value = getattr(self, name)
            fits = isinstance(value, tuple | list) and len(value) > 0
            _checks.expect(fits, name, "integers in a tuple", value)
        widths = (None, *self.features[:-1])
        pairs = zip(widths, self.features, strict=True)
        return tuple(_block(self, before, width) for before, width in pairs)


def _block(model: ResNet, before: int | None, width: int) -> Residual:
    *first, last = model.kernel_sizes
    body = [layer for k in first for layer in conv_norm_relu(width, k, model.types)]
    if before == width:
        shortcut = (norm(model.types),)
    else:
        shortcut = conv_norm(width, 1, model.types)
    end = conv_norm(width, last, model.types)
    return Residual((*body, *end), shortcut, activation="relu")
