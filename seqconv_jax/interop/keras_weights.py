"""The arrays of a model of ours in Keras's files, and back."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.interop.extra import import_extra
from seqconv_jax.interop.hdf5 import Array, Group, child, names, read_array
from seqconv_jax.interop.keras_config import Place
from seqconv_jax.interop.keras_cudnn import from_cudnn, shape_in_cudnn
from seqconv_jax.interop.keras_file import KerasFile
from seqconv_jax.interop.layers import Layer, Weight, in_keras_order, row_of
from seqconv_jax.nn import GRU, Bidirectional

_ABOUT_BIASES = (
    "; a GRU that resets after the matrix product has two rows of biases, one that "
    "resets before has one: set reset_after to what the file was trained with"
)
_PARTS = {"": "", "forward": "forward_layer/", "backward": "backward_layer/"}


def read_weights(
    file: KerasFile, layers: Sequence[Layer], places: Sequence[Place] | None = None
) -> dict[str, np.ndarray]:
    """Read the weights of every layer, each checked before it is read.

    Args:
        file: an open file.
        layers: those of the model, in the order of their calls.
        places: where the file keeps each, where a configuration says so; None to take
            them in Keras's order.

    Returns:
        Arrays by the names of the variables.

    Raises:
        UserError: if a layer or weight is missing, unexpected, or of another shape.
    """
    if places is None:
        found = [(layer, Place("", layer.name)) for layer in in_keras_order(layers)]
    else:
        found = list(zip(layers, places, strict=True))
    wanted = [(layer, place) for layer, place in found if layer.weights]
    if file.by_name:
        named = [(layer, place.name) for layer, place in wanted]
        pairs = _by_name(file.weights, named, in_order=places is None)
    else:
        pairs = _by_class(file.weights, [(layer, p.counted) for layer, p in wanted])
    cudnn = {
        weight.variable: _gates(layer)
        for layer, place in wanted
        for weight in layer.weights
        if place.is_cudnn
    }
    arrays = {}
    for weight, where, hint in pairs:
        gates = cudnn.get(weight.variable)
        shape = shape_in_cudnn(weight) if gates else weight.shape
        stored = child(file.weights, where, Array)
        array = read_array(file.content, stored, shape, hint)
        arrays[weight.variable] = from_cudnn(weight, array, gates) if gates else array
    return arrays


def weights_file(layers: Sequence[Layer], arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return the content of a `.weights.h5` file.

    Args:
        layers: those of the model.
        arrays: by the names of the variables.
    """
    content = io.BytesIO()
    with import_extra("h5py").File(content, "w") as file:
        for layer in in_keras_order(layers):
            file.create_group(f"layers/{layer.name}/vars").attrs["name"] = layer.name
            places = _in_class_file(layer, layer.name)
            for weight, place in zip(layer.weights, places, strict=True):
                file[f"layers/{place}"] = arrays[weight.variable]
    return content.getvalue()


def _in_class_file(layer: Layer, name: str) -> list[str]:
    """Return the place of each weight of a layer in a file that goes by classes."""
    row = row_of(layer.module)
    cell = "cell/" if row is not None and row.in_cell else ""
    parts = [weight.part for weight in layer.weights]
    return [
        f"{name}/{_PARTS[part]}{cell}vars/{i - parts.index(part)}"
        for i, part in enumerate(parts)
    ]


def _by_class(
    group: Group, wanted: list[tuple[Layer, str]]
) -> Iterator[tuple[Weight, str, str]]:
    """Yield each weight, its place in a file that counts classes, and a hint."""
    holding = [name for name in group.items if _holds_arrays(child(group, name))]
    _compare({name.split("/")[0] for _, name in wanted}, holding)
    for layer, name in wanted:
        places = _in_class_file(layer, name)
        for variables in dict.fromkeys(place.rsplit("/", 1)[0] for place in places):
            of_part = [
                weight
                for weight, place in zip(layer.weights, places, strict=True)
                if place.startswith(f"{variables}/")
            ]
            _compare_count(variables, of_part, len(child(group, variables).items))
        for weight, place in zip(layer.weights, places, strict=True):
            yield weight, place, _hint(layer, weight)


def _by_name(
    group: Group, wanted: list[tuple[Layer, str]], in_order: bool
) -> Iterator[tuple[Weight, str, str]]:
    """Yield each weight, its place in a file that lists layers by name, and a hint."""
    lists = {name: child(group, name) for name in names(group, "layer_names")}
    held = {name: names(its, "weight_names") for name, its in lists.items()}
    held = {name: listed for name, listed in held.items() if listed}
    if in_order:
        if len(held) != len(wanted):
            raise UserError(
                f"expected {len(wanted)} layers with weights "
                f"({', '.join(layer.name for layer, _ in wanted)}), got {len(held)} "
                f"({', '.join(held)})"
            )
        layers = [layer for layer, _ in wanted]
        wanted = list(zip(layers, held, strict=True))
    else:
        _compare({name for _, name in wanted}, held)
    for layer, name in wanted:
        _compare_count(name, layer.weights, len(held[name]))
        for weight, place in zip(layer.weights, held[name], strict=True):
            leaf = place.rsplit("/", 1)[-1].split(":")[0]
            if leaf != weight.keras or (weight.part and f"{weight.part}_" not in place):
                expected = f"{weight.part} {weight.keras}".strip()
                raise UserError(
                    f"the {expected} of layer {name!r} was expected, got {place!r}"
                )
            yield weight, f"{name}/{place}", _hint(layer, weight)


def _hint(layer: Layer, weight: Weight) -> str:
    """Return what to add to the message if a weight has another shape."""
    is_gru = isinstance(_inner(layer), GRU)
    return _ABOUT_BIASES if is_gru and weight.name == "bias" else ""


def _inner(layer: Layer) -> Any:
    """Return the layer, or the one that it runs in both directions."""
    module: Any = layer.module
    return module.layer if isinstance(module, Bidirectional) else module


def _gates(layer: Layer) -> int:
    """Return how many gates a recurrent layer has, with the candidate."""
    return 3 if isinstance(_inner(layer), GRU) else 4


def _holds_arrays(group: Group) -> bool:
    """Say whether anything below is an array that a model computes with."""
    return any(
        _holds_arrays(item) if isinstance(item, Group) else isinstance(item, Array)
        for name, item in group.items.items()
        if "seed_generator" not in name
    )


def _compare(wanted: set[str], held: Iterable[str]) -> None:
    missing, unexpected = sorted(wanted - set(held)), sorted(set(held) - wanted)
    if missing or unexpected:
        raise UserError(
            f"the layers with weights are not those of the model: missing "
            f"{', '.join(missing) or 'none'}; unexpected "
            f"{', '.join(unexpected) or 'none'}"
        )


def _compare_count(where: str, wanted: Iterable[Weight], held: int) -> None:
    expected = [weight.keras for weight in wanted]
    if len(expected) != held:
        raise UserError(
            f"{where!r} must hold {len(expected)} weights ({', '.join(expected)}), got "
            f"{held}; a layer without a bias needs use_bias=False here"
        )
