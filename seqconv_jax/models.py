"""The named networks, as Flax modules from a batch of sequences to `(batch, outputs)`.

Every model is called as `model.apply(variables, x, train=False)`. A sequence too short
for one of its convolutions or pools is refused when the model is built, with the
length after every layer in the message.
"""

import warnings
from collections.abc import Iterable
from typing import Any

import jax
from flax import linen as nn

from seqconv_jax import _checks
from seqconv_jax.nn import (
    GRU,
    AvgPool1D,
    Bidirectional,
    Conv1D,
    ConvBlock,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAvgPool1D,
    GlobalMaxPool1D,
    MaxPool1D,
    ResidualBlock,
    check_lengths,
    cones,
    last_steps,
)
from seqconv_jax.ops import receptive_field

_POOLS = {"max": MaxPool1D, "average": AvgPool1D}
_ENDINGS = {
    "global_max": GlobalMaxPool1D,
    "global_average": GlobalAvgPool1D,
    "flatten": Flatten,
}


class _ConvStack(nn.Module):
    """Shared by the models: methods only, so that layers stay at the top level."""

    def _convolve(self, x: Any, blocks: Iterable[ConvBlock], ending: str = "") -> Any:
        """Apply the blocks; what a maximum follows is left to it to finish."""
        blocks = tuple(blocks)
        check_lengths(x.shape[1], blocks)
        for i, block in enumerate(blocks):
            follower = _ENDINGS.get(ending) if i == len(blocks) - 1 else Conv1D
            if block.pool is not None:
                follower = _POOLS[_checks.one_of("pooling", block.pooling, _POOLS)]
            x = Conv1D(
                block.features,
                block.kernel_size,
                padding=block.padding,
                dilation=block.dilation,
                activation=block.activation,
            )(x, lazy=follower in (MaxPool1D, GlobalMaxPool1D))
            if block.pool is not None:
                x = _POOLS[block.pooling](block.pool)(x)
        return x

    def _end(
        self, x: Any, ending: str, dropout: float, outputs: int, train: bool
    ) -> jax.Array:
        x = _ENDINGS[_checks.one_of("ending", ending, _ENDINGS)]()(x)
        if _checks.dropout_rate("dropout", dropout) > 0:
            x = Dropout(dropout)(x, train=train)
        return Dense(outputs)(x)


class TextConvNet(_ConvStack):
    """Embedding, convolutions, a global pool and a dense layer, for token ids.

    The defaults are the reference network for IMDB reviews: 1,315,937 parameters.
    Ids of padding are embedded like any other, as in the source.

    Attributes:
        vocabulary: number of token ids.
        embedding: length of a token's vector.
        blocks: the convolutions, from the input upwards.
        ending: `"global_max"`, `"global_average"` or `"flatten"`.
        dropout: share dropped before the dense layer.
        outputs: width of the output.
    """

    vocabulary: int = 10_000
    embedding: int = 128
    blocks: tuple[ConvBlock, ...] = (ConvBlock(32, 7, pool=5), ConvBlock(32, 7))
    ending: str = "global_max"
    dropout: float = 0.0
    outputs: int = 1

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool = False) -> jax.Array:
        """Map integer ids `(batch, time)` to logits `(batch, outputs)`."""
        _checks.rank("x", x, ("batch", "time"))
        embedding = Embedding(self.vocabulary, self.embedding)
        y = embedding(x, lazy=len(self.blocks) > 0)
        y = self._convolve(y, self.blocks, self.ending)
        return self._end(y, self.ending, self.dropout, self.outputs, train)


class SeriesConvNet(_ConvStack):
    """Convolutions, a global pool and a dense layer, for series.

    The defaults are the reference network of three blocks for the Jena climate.

    Attributes:
        blocks: the convolutions, from the input upwards.
        ending: `"global_max"`, `"global_average"` or `"flatten"`.
        dropout: share dropped before the dense layer.
        outputs: width of the output.
    """

    blocks: tuple[ConvBlock, ...] = (
        ConvBlock(32, 5, pool=3),
        ConvBlock(32, 5, pool=3),
        ConvBlock(32, 5),
    )
    ending: str = "global_max"
    dropout: float = 0.0
    outputs: int = 1

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool = False) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, outputs)`."""
        _checks.rank("x", x, ("batch", "time", "features"))
        x = self._convolve(x, self.blocks, self.ending)
        return self._end(x, self.ending, self.dropout, self.outputs, train)


class ConvGRU(_ConvStack):
    """Two convolutions with a pool between them in front of a recurrent layer.

    The convolutions shorten the series, the recurrent layer keeps the order that a
    convnet with a global pool forgets.

    Attributes:
        features: filters of each convolution.
        kernel_size: their taps.
        pool: window of the maximum pool between them.
        units: width of the recurrent state.
        dropout: share of the recurrent layer's inputs dropped.
        recurrent_dropout: share of its state dropped inside the gates.
        reset_after: the GRU's reset convention, see `nn.GRU`.
        gate_activation: the GRU's gates, see `nn.GRU`.
        outputs: width of the output.
    """

    features: int = 32
    kernel_size: int = 5
    pool: int = 3
    units: int = 32
    dropout: float = 0.1
    recurrent_dropout: float = 0.5
    reset_after: bool = False
    gate_activation: str = "sigmoid"
    outputs: int = 1

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool = False) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, outputs)`."""
        _checks.rank("x", x, ("batch", "time", "features"))
        first = ConvBlock(self.features, self.kernel_size, pool=self.pool)
        second = ConvBlock(self.features, self.kernel_size)
        x = self._convolve(x, (first, second))
        x = GRU(
            self.units,
            dropout=self.dropout,
            recurrent_dropout=self.recurrent_dropout,
            reset_after=self.reset_after,
            gate_activation=self.gate_activation,
        )(x, train=train)
        return Dense(self.outputs)(x)


class GRURegressor(nn.Module):
    """A recurrent layer and a dense layer: what the convnets are compared with.

    Attributes:
        units: width of the recurrent state.
        dropout: share of the inputs dropped.
        recurrent_dropout: share of the state dropped inside the gates.
        bidirectional: whether a second layer reads the series backwards.
        reset_after: the GRU's reset convention, see `nn.GRU`.
        gate_activation: the GRU's gates, see `nn.GRU`.
        outputs: width of the output.
    """

    units: int = 32
    dropout: float = 0.2
    recurrent_dropout: float = 0.2
    bidirectional: bool = False
    reset_after: bool = False
    gate_activation: str = "sigmoid"
    outputs: int = 1

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool = False) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, outputs)`."""
        _checks.rank("x", x, ("batch", "time", "features"))
        settings = {
            "units": self.units,
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "reset_after": self.reset_after,
            "gate_activation": self.gate_activation,
        }
        if self.bidirectional:
            x = Bidirectional(GRU(**settings, parent=None))(x, train=train)
        else:
            x = GRU(**settings)(x, train=train)
        return Dense(self.outputs)(x)


class TCN(nn.Module):
    """Temporal convolutional network: residual blocks of growing dilation.

    Its output is read off the last step, which sees `receptive_field` steps back; no
    block computes a step that the last one does not depend on.

    Attributes:
        features: width of every block.
        kernel_size: taps of every convolution.
        dilations: one block for each.
        dropout: share of the channels dropped after each convolution.
        outputs: width of the output.

    Reference:
        Bai, Kolter and Koltun, arXiv:1803.01271.
    """

    features: int = 32
    kernel_size: int = 3
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    dropout: float = 0.0
    outputs: int = 1

    @property
    def receptive_field(self) -> int:
        """How many steps back the output sees, itself included."""
        return receptive_field(
            (self.kernel_size, 1, dilation)
            for dilation in self.dilations
            for _ in range(2)
        )

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool = False) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, outputs)`."""
        _checks.rank("x", x, ("batch", "time", "features"))
        if self.receptive_field > x.shape[1]:
            warnings.warn(
                f"TCN's receptive field of {self.receptive_field} steps is wider than "
                f"the sequence of {x.shape[1]}: some of its taps only ever see padding",
                stacklevel=2,
            )
        blocks, needed = cones(x.shape[1], self.kernel_size, self.dilations)
        x = last_steps(x, *needed)
        for dilation, cone in zip(self.dilations, blocks, strict=True):
            x = ResidualBlock(
                self.features, self.kernel_size, dilation, dropout=self.dropout
            )(x, cone=cone, train=train)
        return Dense(self.outputs)(x[:, -1])
