"""The network that InceptionTime is an ensemble of."""

from typing import Any

from seqconv_jax import _checks
from seqconv_jax.models.classifier import SeriesClassifier, conv_norm, norm
from seqconv_jax.nn import (
    Activation,
    Bottleneck,
    Conv1D,
    MaxPool1D,
    Parallel,
    Residual,
)

__all__ = ["InceptionTime"]

RESIDUAL_EVERY = 3  # modules


class InceptionTime(SeriesClassifier):
    """Inception modules with a shortcut around every three, and an average over time.

    A module: a bottleneck with convolutions of several widths behind it, side by side,
    beside a maximum of three steps and a convolution of one tap; then a norm and a
    relu. InceptionTime is the mean of the probabilities of five such networks, of five
    seeds. The defaults are the original's: 420,321 parameters for one channel and one
    output, 129 more for each further output. Where an input has one channel, the first
    module has no bottleneck.

    Attributes:
        features: filters of each branch of a module.
        kernel_sizes: taps of the convolutions side by side.
        depth: how many modules; after every third one there is a shortcut.
        bottleneck: its width.
        outputs: width of the output: 1 for two classes, else one a class.
        mask_value: what padded steps hold in all channels; None for no padding.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> model = InceptionTime(4, (8, 4), depth=3, bottleneck=4, outputs=3)
        >>> x = jnp.ones((2, 60, 1))
        >>> model.apply(model.init(jax.random.key(0), x), x).shape
        (2, 3)

    Reference:
        Fawaz et al., arXiv:1909.04939.
    """

    features: int = 32
    kernel_sizes: tuple[int, ...] = (40, 20, 10)
    depth: int = 6
    bottleneck: int = 32
    outputs: int = 1  # pyright: ignore[reportIncompatibleMethodOverride]
    mask_value: float | None = None  # pyright: ignore[reportIncompatibleMethodOverride]

    @property
    def stack(self) -> tuple[Any, ...]:
        """The modules, those under a shortcut as one residual layer."""
        depth = _checks.positive_int("depth", self.depth)
        _checks.positive_int("features", self.features)
        sizes = self.kernel_sizes
        listed = isinstance(sizes, tuple | list) and len(sizes) > 0
        _checks.expect(listed, "kernel_sizes", "integers in a tuple", sizes)
        blocks = [_residual(self) for _ in range(depth // RESIDUAL_EVERY)]
        rest = [x for _ in range(depth % RESIDUAL_EVERY) for x in _module(self)]
        return *blocks, *rest


def _residual(model: InceptionTime) -> Residual:
    body = [layer for _ in range(RESIDUAL_EVERY) for layer in _module(model)]
    width = (len(model.kernel_sizes) + 1) * model.features
    shortcut = conv_norm(width, 1, model.types, bias=False)
    return Residual(tuple(body), shortcut, activation="relu")


def _module(model: InceptionTime) -> tuple[Any, ...]:
    narrow = Bottleneck(model.bottleneck, use_bias=False, **model.types)
    wide = Parallel(tuple((_conv(model, size),) for size in model.kernel_sizes))
    pooled = MaxPool1D(3, stride=1, padding="same"), _conv(model, 1)
    return Parallel(((narrow, wide), pooled)), norm(model.types), Activation("relu")


def _conv(model: InceptionTime, kernel_size: int) -> Conv1D:
    options = {"padding": "same", "use_bias": False, **model.types}
    return Conv1D(model.features, kernel_size, **options)
