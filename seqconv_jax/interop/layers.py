"""The weights of a model of ours, layer by layer, as Keras counts and orders them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from flax import linen as nn

from seqconv_jax._checks import UserError
from seqconv_jax.interop.layer_tree import Called, call_tree, placed
from seqconv_jax.interop.variables import COLLECTIONS, expected_variables
from seqconv_jax.nn import (
    GRU,
    LSTM,
    BatchNorm,
    Bidirectional,
    Conv1D,
    Dense,
    Embedding,
    LayerNorm,
    SimpleRNN,
)


class Row(NamedTuple):
    """What Keras calls a layer and its weights.

    Attributes:
        keras: Keras's name for the class, in files that count classes.
        weights: Keras's name for each of our weights, in Keras's order; a layer holds
            those of them that its options ask for.
        in_cell: whether Keras keeps them in a cell inside the layer.
    """

    keras: str
    weights: Mapping[str, str]
    in_cell: bool = False


_DENSE = {"kernel": "kernel", "bias": "bias"}
_RECURRENT = {name: name for name in ("kernel", "recurrent_kernel", "bias")}
_NORM = {"scale": "gamma", "bias": "beta"}
_AVERAGES = {"mean": "moving_mean", "var": "moving_variance"}

TABLE: dict[type, Row] = {
    Embedding: Row("embedding", {"embedding": "embeddings"}),
    Conv1D: Row("conv1d", _DENSE),
    Dense: Row("dense", _DENSE),
    GRU: Row("gru", _RECURRENT, in_cell=True),
    LSTM: Row("lstm", _RECURRENT, in_cell=True),
    SimpleRNN: Row("simple_rnn", _RECURRENT, in_cell=True),
    LayerNorm: Row("layer_normalization", _NORM),
    BatchNorm: Row("batch_normalization", {**_NORM, **_AVERAGES}),
}
_PARTS = ("forward", "backward")


class Weight(NamedTuple):
    """One array of a layer.

    Attributes:
        part: `"forward"` or `"backward"` in a bidirectional layer, else `""`.
        name: what it is called here: `"kernel"`, `"scale"`, ...
        keras: what Keras calls it.
        variable: its name among the model's variables, `"params/Dense_0/kernel"`.
        shape: its shape.
    """

    part: str
    name: str
    keras: str
    variable: str
    shape: tuple[int, ...]


class Layer(NamedTuple):
    """One layer that Keras keeps weights of.

    Attributes:
        name: Keras's name for it in a file of weights: its class, counted in the order
            of Keras, `gru`, `gru_1`, ...
        module: the layer.
        weights: its weights in Keras's order.
        depth: how many layers are between it and the output at most.
    """

    name: str
    module: nn.Module
    weights: tuple[Weight, ...]
    depth: int


def layers_of(model: nn.Module, example: Any) -> list[Layer]:
    """Return the layers of a model that Keras keeps weights of, as they are called.

    They are found however deep they are nested. Nothing is computed or allocated,
    however large the model.

    Args:
        model: a Flax module that maps a batch to an output.
        example: a batch, or anything with its shape and dtype.

    Raises:
        UserError: if the model holds weights that none of Keras's layers here has.
    """
    expected, root = expected_variables(model, example), call_tree(model, example)
    layers: dict[str, Layer] = {}
    for called, depth in placed(root, lambda module: row_of(module) is not None):
        row = row_of(called.module)
        if row is not None:
            weights = tuple(_weights(called, row, expected))
            layers.setdefault(
                "/".join(called.path), Layer(row.keras, called.module, weights, depth)
            )
    held = {weight.variable for layer in layers.values() for weight in layer.weights}
    if odd := sorted(set(expected) - held):
        raise UserError(
            "`model` must be made of layers that Keras has, got "
            f"{_owner(root, odd[0])!r} with weights {odd[0].split('/', 1)[1]!r}"
        )
    return _counted(list(layers.values()))


def in_keras_order(layers: Iterable[Layer]) -> list[Layer]:
    """Return layers in the order in which Keras lists them."""
    return sorted(layers, key=lambda layer: -layer.depth)


def count(names: Iterable[str]) -> list[str]:
    """Number names that repeat, as Keras does.

    Example:
        >>> count(["gru", "dense", "gru"])
        ['gru', 'dense', 'gru_1']
    """
    seen: Counter[str] = Counter()
    counted = []
    for name in names:
        counted.append(f"{name}_{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return counted


def row_of(module: nn.Module) -> Row | None:
    """Return the row of a layer, or of the class that it derives from, if any."""
    if isinstance(module, Bidirectional):
        inner = row_of(module.layer)
        if inner is None or not inner.in_cell:
            return None
        return inner._replace(keras="bidirectional")
    kinds = [kind for kind in type(module).__mro__ if kind in TABLE]
    return TABLE[kinds[0]] if kinds else None


def _counted(layers: list[Layer]) -> list[Layer]:
    ordered = in_keras_order(layers)
    names = count(layer.name for layer in ordered)
    named = {id(layer): name for layer, name in zip(ordered, names, strict=True)}
    return [layer._replace(name=named[id(layer)]) for layer in layers]


def _weights(called: Called, row: Row, expected: Mapping[str, Any]):
    """Yield the weights of a layer that are among those expected."""
    parts = _PARTS if isinstance(called.module, Bidirectional) else ("",)
    for part in parts:
        for name, keras in row.weights.items():
            path = "/".join([*called.path, *([part] if part else []), name])
            for collection in COLLECTIONS:
                if (variable := f"{collection}/{path}") in expected:
                    shape = expected[variable].shape
                    yield Weight(part, name, keras, variable, shape)


def _owner(called: Called, variable: str) -> str:
    """Return the class of the innermost module that holds a variable."""
    path = tuple(variable.split("/")[1:])
    for inner in called.inner:
        if path[: len(inner.path)] == inner.path:
            return _owner(inner, variable)
    return type(called.module).__name__
