"""A convolution and the pool behind it, described as data."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flax import linen as nn

from seqconv_jax import _checks
from seqconv_jax.nn.conv import Conv1D
from seqconv_jax.nn.one_hot import OneHotConv1D
from seqconv_jax.nn.pool import AvgPool1D, MaxPool1D

_POOLS = {"max": MaxPool1D, "average": AvgPool1D}


@dataclass(frozen=True)
class ConvBlock:
    """One convolution of a stack, and the pool behind it, if any.

    Attributes:
        features: filters of the convolution.
        kernel_size: its taps.
        pool: the window of the pool behind it; None for no pool.
        activation: a name known to `activation`.
        padding: `"valid"`, `"same"` or `"causal"`.
        dilation: steps between two taps.
        pooling: `"max"` or `"average"`.

    Example:
        >>> [type(layer).__name__ for layer in ConvBlock(32, 7, pool=5).layers]
        ['Conv1D', 'MaxPool1D']
    """

    features: int
    kernel_size: int
    pool: int | None = None
    activation: str = "relu"
    padding: str = "valid"
    dilation: int = 1
    pooling: str = "max"

    @property
    def layers(self) -> tuple[nn.Module, ...]:
        """The convolution, and the pool if there is one."""
        return self.layers_in()

    def layers_in(self, **types: Any) -> tuple[nn.Module, ...]:
        """Return the same, with the types `dtype` and `param_dtype`."""
        conv = Conv1D(
            self.features,
            self.kernel_size,
            padding=self.padding,
            dilation=self.dilation,
            activation=self.activation,
            **types,
        )
        return conv, *self._pools()

    def layers_over_ids(
        self, vocabulary: int, mask_id: int | None = None, **types: Any
    ) -> tuple[nn.Module, ...]:
        """Return the same over ids as one-hot vectors: `OneHotConv1D` and the pool.

        Args:
            vocabulary: number of ids.
            mask_id: the id of padding, or None.
            **types: `dtype` and `param_dtype`.

        Raises:
            UserError: for a block whose taps lie apart.
        """
        _checks.expect(self.dilation == 1, "dilation", "1 over ids", self.dilation)
        conv = OneHotConv1D(
            self.features,
            vocabulary,
            self.kernel_size,
            padding=self.padding,
            activation=self.activation,
            mask_id=mask_id,
            **types,
        )
        return conv, *self._pools()

    def _pools(self) -> tuple[nn.Module, ...]:
        pool = _POOLS[_checks.one_of("pooling", self.pooling, _POOLS)]
        return () if self.pool is None else (pool(self.pool),)


def layers_of(blocks: Iterable[ConvBlock], **types: Any) -> tuple[nn.Module, ...]:
    """Return the layers of blocks one after another.

    Args:
        blocks: from the input upwards.
        **types: `dtype` and `param_dtype` of the layers, as in `Conv1D`.

    Raises:
        UserError: for what are no blocks in a tuple.

    Example:
        >>> len(layers_of([ConvBlock(32, 5, pool=3), ConvBlock(32, 5)]))
        3
    """
    listed = isinstance(blocks, tuple | list)
    for block in blocks if listed else (blocks,):
        fits = listed and isinstance(block, ConvBlock)
        _checks.expect(fits, "blocks", "ConvBlocks in a tuple", block)
    return tuple(layer for block in blocks for layer in block.layers_in(**types))
