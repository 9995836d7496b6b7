"""The named networks, as Flax modules from a batch of sequences to `(batch, outputs)`.

Each is its tuple of layers, `model.layers`, from which `nn.Sequential` makes a network
of one's own. Every model is called `model.apply(variables, x, mask=None, train=False)`.
A sequence too short for one of its convolutions or pools is an error when the model is
built, with the length after every layer in the message.

The defaults are the networks of F. Chollet, *Deep Learning with Python*, section 6.4.
"""

import warnings
from typing import Any

import jax

from seqconv_jax import _checks
from seqconv_jax.nn import (
    GRU,
    Bidirectional,
    Conv1D,
    ConvBlock,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAvgPool1D,
    GlobalMaxPool1D,
    LastStep,
    MaxPool1D,
    Network,
    ResidualBlock,
    receptive_field,
)

__all__ = [
    "TCN",
    "ConvGRU",
    "ConvRNN",
    "GRURegressor",
    "SeriesConvNet",
    "TextConvNet",
]

_HEADS = {
    "global_max": GlobalMaxPool1D,
    "global_average": GlobalAvgPool1D,
    "flatten": Flatten,
}


def _convolutions(blocks: tuple[ConvBlock, ...]) -> tuple[Any, ...]:
    """Return the layers of all blocks."""
    return tuple(layer for block in blocks for layer in block.layers)


def _head(head: str, dropout: float, outputs: int) -> tuple[Any, ...]:
    """Return what follows the convolutions: one vector of all steps, then outputs."""
    pool = _HEADS[_checks.one_of("head", head, _HEADS)]()
    rate = _checks.dropout_rate("dropout", dropout)
    return pool, *((Dropout(rate),) if rate > 0 else ()), Dense(outputs)


class _SeriesNetwork(Network):
    """A network whose input is `(batch, time, features)`."""

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, outputs)`."""
        _checks.rank("x", x, ("batch", "time", "features"))
        return self.run_all(x, mask, train)


class TextConvNet(Network):
    """Embedding, convolutions, a global pool and a dense layer, for token ids.

    The defaults are the book's network for IMDB reviews: 1,315,937 parameters. Ids of
    padding are embedded like any other, as there, unless `mask_id` says which they are.

    Attributes:
        vocabulary: number of token ids.
        embedding: length of a token's vector.
        blocks: the convolutions, from the input upwards.
        head: `"global_max"`, `"global_average"` or `"flatten"`.
        dropout: rate at which values are dropped before the dense layer.
        outputs: width of the output.
        mask_id: the id of padding, which then never changes an output; None for none.

    Example:
        >>> import jax.numpy as jnp
        >>> model, ids = TextConvNet(vocabulary=100), jnp.ones((2, 60), jnp.int32)
        >>> model.apply(model.init(jax.random.key(0), ids), ids).shape
        (2, 1)
        >>> [type(layer).__name__ for layer in model.layers][:3]
        ['Embedding', 'Conv1D', 'MaxPool1D']
    """

    vocabulary: int = 10_000
    embedding: int = 128
    blocks: tuple[ConvBlock, ...] = (ConvBlock(32, 7, pool=5), ConvBlock(32, 7))
    head: str = "global_max"
    dropout: float = 0.0
    outputs: int = 1
    mask_id: int | None = None

    @property
    def layers(self) -> tuple[Any, ...]:
        """The layers, from the input upwards."""
        return (
            Embedding(self.vocabulary, self.embedding, self.mask_id),
            *_convolutions(self.blocks),
            *_head(self.head, self.dropout, self.outputs),
        )

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map integer ids `(batch, time)` to logits `(batch, outputs)`."""
        _checks.rank("x", x, ("batch", "time"))
        return self.run_all(x, mask, train)


class SeriesConvNet(_SeriesNetwork):
    """Convolutions, a global pool and a dense layer, for series.

    The defaults are the book's network of three blocks for the Jena climate.

    Attributes:
        blocks: the convolutions, from the input upwards.
        head: `"global_max"`, `"global_average"` or `"flatten"`.
        dropout: rate at which values are dropped before the dense layer.
        outputs: width of the output.

    Example:
        >>> import jax.numpy as jnp
        >>> model, x = SeriesConvNet((ConvBlock(8, 5, pool=3),)), jnp.ones((2, 60, 4))
        >>> model.apply(model.init(jax.random.key(0), x), x).shape
        (2, 1)
    """

    blocks: tuple[ConvBlock, ...] = (
        ConvBlock(32, 5, pool=3),
        ConvBlock(32, 5, pool=3),
        ConvBlock(32, 5),
    )
    head: str = "global_max"
    dropout: float = 0.0
    outputs: int = 1

    @property
    def layers(self) -> tuple[Any, ...]:
        """The layers, from the input upwards."""
        return (
            *_convolutions(self.blocks),
            *_head(self.head, self.dropout, self.outputs),
        )


class ConvRNN(_SeriesNetwork):
    """Convolutions in front of any recurrent layer.

    The convolutions shorten the series, the recurrent layer keeps the order that a
    convnet with a global pool forgets.

    Attributes:
        recurrent: the recurrent layer, which returns its last state: `nn.LSTM(32)`,
            `nn.Bidirectional(nn.GRU(32))`, or one of your own.
        blocks: the convolutions, from the input upwards; none for the recurrent layer
            alone.
        outputs: width of the output.

    Example:
        >>> import jax.numpy as jnp
        >>> from seqconv_jax.nn import LSTM
        >>> model = ConvRNN(LSTM(8), blocks=(ConvBlock(4, 5, pool=3),))
        >>> x = jnp.ones((2, 60, 4))
        >>> model.apply(model.init(jax.random.key(0), x), x).shape
        (2, 1)
    """

    recurrent: Any
    blocks: tuple[ConvBlock, ...] = (ConvBlock(32, 5, pool=3), ConvBlock(32, 5))
    outputs: int = 1

    @property
    def layers(self) -> tuple[Any, ...]:
        """The layers, from the input upwards."""
        return *_convolutions(self.blocks), self.recurrent, Dense(self.outputs)


class ConvGRU(_SeriesNetwork):
    """Two convolutions with a pool between them in front of a GRU.

    The defaults are the book's network for the Jena climate; `ConvRNN` is the same for
    any convolutions and any recurrent layer.

    Attributes:
        features: filters of each convolution.
        kernel_size: their taps.
        pool: window of the maximum pool between them.
        units: width of the recurrent state.
        dropout: rate at which the GRU's inputs are dropped.
        recurrent_dropout: rate at which its state is dropped inside the gates.
        reset_after: the GRU's reset convention, see `nn.GRU`.
        gate_activation: the GRU's gates, see `nn.GRU`.
        outputs: width of the output.

    Example:
        >>> import jax.numpy as jnp
        >>> model, x = ConvGRU(features=8, units=8), jnp.ones((2, 60, 4))
        >>> model.apply(model.init(jax.random.key(0), x), x).shape
        (2, 1)
        >>> [type(layer).__name__ for layer in model.layers]
        ['Conv1D', 'MaxPool1D', 'Conv1D', 'GRU', 'Dense']
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

    @property
    def layers(self) -> tuple[Any, ...]:
        """The layers, from the input upwards."""
        gru = GRU(
            self.units,
            dropout=self.dropout,
            recurrent_dropout=self.recurrent_dropout,
            reset_after=self.reset_after,
            gate_activation=self.gate_activation,
        )
        return (
            Conv1D(self.features, self.kernel_size, activation="relu"),
            MaxPool1D(self.pool),
            Conv1D(self.features, self.kernel_size, activation="relu"),
            gru,
            Dense(self.outputs),
        )


class GRURegressor(_SeriesNetwork):
    """A GRU and a dense layer: what the convnets are compared with.

    Attributes:
        units: width of the recurrent state.
        dropout: rate at which the inputs are dropped.
        recurrent_dropout: rate at which the state is dropped inside the gates.
        bidirectional: whether a second GRU reads the series backwards.
        reset_after: the GRU's reset convention, see `nn.GRU`.
        gate_activation: the GRU's gates, see `nn.GRU`.
        outputs: width of the output.

    Example:
        >>> import jax.numpy as jnp
        >>> model, x = GRURegressor(8, bidirectional=True), jnp.ones((2, 60, 4))
        >>> model.apply(model.init(jax.random.key(0), x), x).shape
        (2, 1)
    """

    units: int = 32
    dropout: float = 0.2
    recurrent_dropout: float = 0.2
    bidirectional: bool = False
    reset_after: bool = False
    gate_activation: str = "sigmoid"
    outputs: int = 1

    @property
    def layers(self) -> tuple[Any, ...]:
        """The layers, from the input upwards."""
        gru = GRU(
            self.units,
            dropout=self.dropout,
            recurrent_dropout=self.recurrent_dropout,
            reset_after=self.reset_after,
            gate_activation=self.gate_activation,
        )
        recurrent = Bidirectional(gru) if self.bidirectional else gru
        return recurrent, Dense(self.outputs)


class TCN(_SeriesNetwork):
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
        blocks = (
            ResidualBlock(self.features, self.kernel_size, dilation, self.dropout)
            for dilation in self.dilations
        )
        return *blocks, LastStep(), Dense(self.outputs)

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
        if field is not None and field > x.shape[1]:
            warnings.warn(
                f"TCN's receptive field of {field} steps is wider than the sequence of "
                f"{x.shape[1]}: some of its taps only ever see padding",
                stacklevel=2,
            )
        return self.run_all(x, mask, train)
