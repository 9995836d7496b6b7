"""From a model's configuration in Keras to a model of ours."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from seqconv_jax import nn as sc
from seqconv_jax._checks import UserError
from seqconv_jax.interop.keras_calls import check_count
from seqconv_jax.interop.keras_graph import Chain, Fork, Graph, graph_of
from seqconv_jax.interop.keras_layers import translate, translate_merge
from seqconv_jax.interop.keras_masks import with_masks_of_keras
from seqconv_jax.interop.keras_settings import major
from seqconv_jax.interop.layers import count, row_of
from seqconv_jax.nn.layout import Permute, RepeatVector, Reshape

_ANY_LENGTH = 1 << 20  # long enough for every convolution
_BY_STEP, _WRAPPED = "TimeDistributed", "time_distributed"  # its weights are inside


class Place(NamedTuple):
    """Where a file keeps the weights of a layer.

    Attributes:
        name: Keras's own name of the layer, which older files go by.
        counted: its class, counted in Keras's list of layers, which others go by, and
            where it is in a layer around it.
        is_cudnn: whether the weights lie as a CuDNN layer of Keras 2 has them.
    """

    name: str
    counted: str
    is_cudnn: bool = False


class Description(NamedTuple):
    """A model and what its configuration says about it.

    Attributes:
        model: the model.
        places: that of each layer that may have weights, in the order of their calls.
        input_shape: of one example, with None for a length that is left open.
    """

    model: sc.Sequential
    places: tuple[Place, ...]
    input_shape: tuple[int | None, ...]


def describe(config: Mapping[str, Any], version: str | None) -> Description:
    """Build the model that a configuration of Keras's describes.

    Args:
        config: `{"class_name": ..., "config": ...}` of a Sequential, or of a
            Functional model whose branches nest.
        version: the Keras that wrote it; None if nobody knows.

    Raises:
        UserError: naming the first layer that cannot be represented, and why.
    """
    kind, inner = config.get("class_name"), config.get("config")
    graph = None
    if kind == "Sequential":
        listed = inner.get("layers") if isinstance(inner, dict) else inner
        if not isinstance(listed, list) or not all(isinstance(x, dict) for x in listed):
            raise UserError("the Sequential model's list of layers is damaged")
        check_count(listed)
        first = listed[0] if listed else {"config": {}}
        chain = [x for x in listed if x.get("class_name") != "InputLayer"]
    elif kind in ("Functional", "Model") and isinstance(inner, dict):
        graph = graph_of(inner)
        listed, first, chain = inner["layers"], graph.first, graph.chain
    else:
        raise UserError(
            "the model must be a Sequential, or a Functional whose branches nest, to "
            f"be represented here, got {kind!r}"
        )
    if not chain:
        raise UserError(f"the {kind} model has no layers")
    builder = _Builder(version, [])
    shape = _input_shape(config, inner, first)
    layers = builder.build(chain, is_sequence=True)
    model, users = with_masks_of_keras(layers)
    if graph is not None and major(version) >= 3:
        _check_masks(graph, {builder.name(user) for user in users})
    return Description(model, _places(builder.named, listed), shape)


class _Builder(NamedTuple):
    """Builds layers, and keeps the name of each in the order of their calls."""

    version: str | None
    named: list[tuple[str, Any]]

    def build(self, chain: Chain, is_sequence: bool) -> tuple[Any, ...]:
        """Return the layers of a chain, whose input is a sequence or a vector."""
        layers: list[Any] = []
        for item in chain:
            last_axis = 2 if is_sequence else 1
            if isinstance(item, Fork):
                layers.append(self._fork(item, last_axis))
            else:
                layers.append(translate(item, self.version, last_axis))
                self.named.append((str(item["config"].get("name")), layers[-1]))
            is_sequence = _leaves_sequence(layers[-1], is_sequence)
        return tuple(layers)

    def name(self, layer: Any) -> str:
        """Return Keras's name of a layer."""
        return next(name for name, built in self.named if built is layer)

    def _fork(self, fork: Fork, last_axis: int) -> sc.Residual | sc.Parallel:
        """Return branches; of two that are added the first is not the input itself."""
        chains = list(fork.branches)
        adds = fork.merge.get("class_name") == "Add" and len(chains) == 2
        if adds and not chains[0]:
            chains.reverse()
        branches = [self.build(branch, last_axis == 2) for branch in chains]
        merged = last_axis == 2
        for layer in branches[0]:
            merged = _leaves_sequence(layer, merged)
        of_merge = 2 if merged else 1
        merge = translate_merge(fork.merge, self.version, of_merge)
        if adds:
            return sc.Residual(layers=branches[0], shortcut=branches[1])
        return sc.Parallel(branches=tuple(branches), merge=merge)


def _leaves_sequence(layer: Any, is_sequence: bool) -> bool:
    """Say whether a layer leaves a sequence, given what it is given."""
    if isinstance(layer, Reshape):
        return len(layer.shape) == 2
    if isinstance(layer, RepeatVector | Permute):
        return True
    return is_sequence and layer.output_length(_ANY_LENGTH) is not None


def _places(named: list[tuple[str, Any]], listed: list[Any]) -> tuple[Place, ...]:
    """Return where the weights of layers are, given Keras's list of layers."""
    rows = {name: row for name, layer in named if (row := row_of(layer)) is not None}
    times = Counter(name for name, _ in named)
    if repeated := sorted(name for name in times if times[name] > 1):
        raise UserError(f"layers must have names of their own, got {repeated} twice")
    by_name = {str((each.get("config") or {}).get("name")): each for each in listed}
    wrapped = {n for n, x in by_name.items() if x.get("class_name") == _BY_STEP}
    order = [name for name in by_name if name in rows or name in wrapped]
    classes = [_WRAPPED if name in wrapped else rows[name].keras for name in order]
    counted = dict(zip(order, count(classes), strict=True))
    return tuple(
        Place(
            name,
            counted[name] + ("/layer" if name in wrapped else ""),
            _is_cudnn(by_name[name]),
        )
        for name in rows
    )


def _is_cudnn(described: Mapping[str, Any]) -> bool:
    """Say whether a layer, or the one that it is around, is one of CuDNN's."""
    inner = (described.get("config") or {}).get("layer")
    kind = (inner if isinstance(inner, dict) else described).get("class_name")
    return str(kind).startswith("CuDNN")


def _check_masks(graph: Graph, users: set[str]) -> None:
    """Raise unless a file's layers are called with the masks that they have here."""
    taken = graph.masks.taken
    odd = {name for name, is_own in taken.items() if not is_own}
    if odd := sorted(odd | (users ^ taken.keys())):
        raise UserError(
            f"layers {odd} are called with other masks than mask_zero and Masking "
            "imply, which has no counterpart here"
        )


def _input_shape(config, inner, first) -> tuple[int | None, ...]:
    """Return the shape of one example, wherever this version of Keras put it."""
    candidates = [
        first["config"].get("batch_shape"),
        first["config"].get("batch_input_shape"),
        inner.get("build_input_shape") if isinstance(inner, dict) else None,
        (config.get("build_config") or {}).get("input_shape"),
    ]
    shape = next((c for c in candidates if isinstance(c, (list, tuple))), None)
    if shape is None:
        raise UserError("the model was never built: its input has no shape")
    sizes = tuple(shape[1:])
    if not 1 <= len(sizes) <= 2 or not all(
        size is None or (type(size) is int and size > 0) for size in sizes
    ):
        raise UserError(
            "the model's input must have the shape (batch, time) or (batch, time, "
            f"features), got {tuple(shape)}"
        )
    return sizes
