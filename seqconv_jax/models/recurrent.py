"""Recurrent layers, with convolutions in front of them or without."""

from typing import Any

from seqconv_jax._checks import UserError
from seqconv_jax.models.series import SeriesNetwork
from seqconv_jax.models.skip import beside_line
from seqconv_jax.nn import (
    GRU,
    Bidirectional,
    ConvBlock,
    Dense,
    layers_of,
)
from seqconv_jax.nn.layer import check_layers
from seqconv_jax.nn.precision import with_types

__all__ = ["ConvGRU", "ConvRNN", "GRURegressor"]


def _gru(model: "ConvGRU | GRURegressor") -> GRU:
    """Return the GRU that a model's fields describe."""
    return GRU(
        model.units,
        dropout=model.dropout,
        recurrent_dropout=model.recurrent_dropout,
        reset_after=model.reset_after,
        gate_activation=model.gate_activation,
        **model.types,
    )


def _with_head(model: "ConvRNN | ConvGRU", layers: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return layers with a dense layer behind them, and a line beside both or none.

    Beside a line, what they add to it begins at zero.
    """
    if not model.skip:
        if model.products:
            raise UserError("`products` needs `skip=True`")
        return *layers, Dense(model.outputs, **model.types)
    head = Dense(model.outputs, kernel_init="zeros", **model.types)
    return beside_line(
        (*layers, head), model.outputs, products=model.products, **model.types
    )


class ConvRNN(SeriesNetwork):
    """Convolutions in front of any recurrent layer.

    The convolutions shorten the series, the recurrent layer keeps the order that a
    convnet with a global pool forgets.

    Attributes:
        recurrent: the recurrent layer, which returns its last state: `nn.LSTM(32)`,
            `nn.Bidirectional(nn.GRU(32))`, or one of your own.
        blocks: the convolutions, from the input upwards; none for the recurrent layer
            alone.
        outputs: width of the output.
        skip: whether a linear map of all inputs lies beside them, see `beside_line`.
        products: spans of newest steps, the products of whose means the linear map sees
            as well.

    Example:
        >>> import jax
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
    skip: bool = False
    products: tuple[int, ...] = ()

    def __post_init__(self):
        """Give the recurrent layer the model's types, unless it has its own."""
        check_layers("recurrent", (self.recurrent,))
        self.recurrent = with_types(self.recurrent, **self.types)
        super().__post_init__()

    @property
    def layers(self) -> tuple[Any, ...]:
        """The layers, from the input upwards."""
        blocks = layers_of(self.blocks, **self.types)
        return _with_head(self, (*blocks, self.recurrent))


class ConvGRU(SeriesNetwork):
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
        skip: whether a linear map of all inputs lies beside them, see `beside_line`.
        products: spans of newest steps, the products of whose means the linear map sees
            as well.

    Example:
        >>> import jax
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
    skip: bool = False
    products: tuple[int, ...] = ()

    @property
    def layers(self) -> tuple[Any, ...]:
        """The layers, from the input upwards."""
        network = (
            *ConvBlock(self.features, self.kernel_size, self.pool).layers_in(
                **self.types
            ),
            *ConvBlock(self.features, self.kernel_size).layers_in(**self.types),
            _gru(self),
        )
        return _with_head(self, network)


class GRURegressor(SeriesNetwork):
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
        >>> import jax
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
        gru = _gru(self)
        recurrent = Bidirectional(gru) if self.bidirectional else gru
        return recurrent, Dense(self.outputs, **self.types)
