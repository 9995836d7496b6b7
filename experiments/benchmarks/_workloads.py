"""The networks that are timed, and the batches that they are fed.

A network is the named model that `Workload.model` returns, and nothing else says what
is in it: the counts are taken from its layers, and peers build theirs from `plain`
copies of them, which need no JAX in a peer's process. That they compute the same is
checked before anything is timed, on one set of weights.
"""

from dataclasses import dataclass, fields, replace
from types import SimpleNamespace
from typing import Any

import seqconv_jax as sc

# A layer as plain data: `kind`, the name of its class, and its settings by their names.
PlainLayer = SimpleNamespace


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A network, and the batches that it is fed.

    Attributes:
        title: what it is, in a few words.
        network: "text", "convnet", "hybrid", "gru" or "tcn".
        length: tokens or time steps of an example.
        columns: of a series; a text has none.
        every: rows of the series between two time steps.
        vocabulary: token ids of a text.
        units: width of the recurrent state.
        dropout: of the recurrent layer's inputs, or of a residual block's channels.
        recurrent_dropout: of the recurrent layer's state.
        dilations: of the residual blocks.
        batch_size: examples in a batch.
    """

    title: str
    network: str
    length: int
    columns: int = 14
    every: int = 1
    vocabulary: int = 10_000
    units: int = 32
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16)
    batch_size: int = 128

    @property
    def is_text(self) -> bool:
        """Whether its inputs are token ids and its targets labels."""
        return self.network == "text"

    @property
    def layers(self) -> tuple[Any, ...]:
        """The layers of our network, from the input upwards."""
        return self.model().layers

    def model(self, *, reset_after: bool = False) -> Any:
        """Return our network; the GRU of some peers can only reset after."""
        gru: dict[str, Any] = {
            "units": self.units,
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "reset_after": reset_after,
        }
        match self.network:
            case "text":
                return sc.models.TextConvNet(vocabulary=self.vocabulary)
            case "convnet":
                return sc.models.SeriesConvNet()
            case "hybrid":
                return sc.models.ConvGRU(**gru)
            case "gru":
                return sc.models.GRURegressor(**gru)
            case _:
                return sc.models.TCN(dilations=self.dilations, dropout=self.dropout)


HYBRID = Workload(
    title="Jena convnet + GRU",
    network="hybrid",
    length=240,
    every=3,
    dropout=0.1,
    recurrent_dropout=0.5,
)

WORKLOADS = {
    "S2": Workload(title="IMDB convnet", network="text", length=500),
    "S7a": Workload(title="Jena convnet", network="convnet", length=240, every=6),
    "S8a": HYBRID,
    "S8b": replace(HYBRID, title="Jena convnet + GRU, 10 days", length=480),
    "S9": Workload(
        title="Jena GRU",
        network="gru",
        length=240,
        every=6,
        dropout=0.2,
        recurrent_dropout=0.2,
    ),
    "TCN": Workload(title="Jena TCN", network="tcn", length=240, every=6, dropout=0.1),
}


def plain(layers: tuple[Any, ...]) -> tuple[PlainLayer, ...]:
    """Return layers as plain data, to be sent to a process without JAX.

    >>> dense = plain(WORKLOADS["S9"].layers)[1]
    >>> dense.kind, dense.features
    ('Dense', 1)
    """
    return tuple(
        SimpleNamespace(
            kind=type(layer).__name__,
            **{
                field.name: getattr(layer, field.name)
                for field in fields(layer)
                if field.name not in ("parent", "name", "dtype", "param_dtype")
            },
        )
        for layer in layers
    )


def layer_names(model: Any) -> list[str]:
    """Return the names under which a model keeps the parameters of its layers.

    >>> layer_names(WORKLOADS["S7a"].model())[:3]
    ['Conv1D_0', 'MaxPool1D_0', 'Conv1D_1']
    """
    return [layer.name for layer in model.bind({}).bound_layers]


def by_layer(params: dict[str, Any], model: Any) -> list[dict[str, Any]]:
    """Return a model's parameters in the order of its layers, {} where one has none."""
    return [params.get(name, {}) for name in layer_names(model)]
