"""Which tensors each layer of one of Keras's Functional models is called with."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from seqconv_jax._checks import UserError
from seqconv_jax.interop.keras_settings import name_of

_MOST_LAYERS = 1000


class Call(NamedTuple):
    """The one call of a layer.

    Attributes:
        name: the layer.
        described: its configuration.
        inputs: the layers whose results it is called with, in order.
        mask: what its `mask` is the result of; None if it is called without.
    """

    name: str
    described: dict[str, Any]
    inputs: tuple[str, ...]
    mask: str | None


class Masks(NamedTuple):
    """The masks of a model, as the configuration of Keras 3 writes them out.

    Attributes:
        made: the names of what nothing but masks is made of.
        taken: the layers that are called with a mask, and whether it is the one that
            an Embedding or a Masking layer of the model makes.
    """

    made: frozenset[str]
    taken: dict[str, bool]


def calls_of(layers: Any) -> dict[str, Call]:
    """Return the call of each layer by its name.

    Args:
        layers: the list of layers of a Functional model's configuration.

    Raises:
        UserError: if it is damaged, or a layer is called twice, or with an option.
    """
    if not isinstance(layers, list) or not all(isinstance(x, dict) for x in layers):
        raise UserError("the Functional model's list of layers is damaged")
    check_count(layers)
    calls: dict[str, Call] = {}
    for layer in layers:
        name = str(layer.get("name") or (layer.get("config") or {}).get("name"))
        if name in calls:
            raise UserError(f"layers must have names of their own, got {name!r} twice")
        nodes = layer.get("inbound_nodes") or []
        if len(nodes) > 1:
            raise UserError(
                f"{name_of(layer)} is called {len(nodes)} times, and a layer here is "
                "part of one branch"
            )
        found = list(_tensors(layer, nodes, ""))
        inputs = tuple(source for source, role in found if role != "mask")
        masks = [source for source, role in found if role == "mask"]
        calls[name] = Call(name, layer, inputs, masks[0] if masks else None)
    unknown = {name for call in calls.values() for name in call.inputs} - calls.keys()
    if unknown:
        raise UserError(f"layers {sorted(unknown)} are called, but not listed")
    return calls


def check_count(layers: list[Any]) -> None:
    """Raise for so many layers that nobody would wait for the model to be built."""
    if len(layers) > _MOST_LAYERS:
        raise UserError(
            f"the model must have at most {_MOST_LAYERS:,} layers, got {len(layers):,}"
        )


def masks_of(calls: Mapping[str, Call], output: str) -> Masks:
    """Find the operations that make masks, and who is called with what they make.

    Args:
        calls: by the names of the layers.
        output: the layer whose result is the model's.
    """
    masks = {name: calls.get(call.mask) for name, call in calls.items() if call.mask}
    taken = {
        name: mask is not None and _is_own(mask, calls) for name, mask in masks.items()
    }
    made = {
        name
        for mask in masks.values()
        if mask is not None
        for name in (mask.name, *_before(mask, calls))
    }
    return Masks(frozenset(made - {output, *_before(calls[output], calls)}), taken)


def _before(call: Call, calls: Mapping[str, Call]) -> set[str]:
    """Return the layers that a call's result is made of, masks aside."""
    found, waiting = set(), list(call.inputs)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += calls[name].inputs
    return found


def _is_own(call: Call, calls: Mapping[str, Call]) -> bool:
    """Say whether a mask is one that layers of the model make of their own input."""
    seen, waiting = {call.name}, [call]
    while waiting:
        call = waiting.pop()
        if call.described.get("class_name") in ("Any", "LogicalOr"):
            new = set(call.inputs) - seen
            seen |= new
            waiting += [calls[name] for name in new]
        elif call.described.get("class_name") != "NotEqual" or not any(
            maker.inputs == call.inputs and _masked_value(maker) == _second(call)
            for maker in calls.values()
        ):
            return False
    return True


def _second(call: Call) -> Any:
    """Return what an operation compares its tensor with."""
    match call.described.get("inbound_nodes"):
        case [{"args": [_, int() | float() as value]}]:
            return value
    return None


def _masked_value(call: Call) -> Any:
    """Return which input a layer masks; an object of its own if it masks none."""
    config = call.described.get("config") or {}
    match call.described.get("class_name"):
        case "Embedding" if config.get("mask_zero") is True:
            return 0
        case "Masking":
            return config.get("mask_value")
    return object


def _tensors(
    layer: Mapping[str, Any], value: Any, role: str
) -> Iterator[tuple[str, str]]:
    """Yield the layer behind each tensor that a layer is called with, and its role.

    Keras 3 writes `{"args": [tensor], "kwargs": {...}}` for each call, Keras 2 a list
    of `[name, node, output, kwargs]`.
    """
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        source, *output = value["config"]["keras_history"]
        _check_only_output(layer, output)
        yield str(source), role
    elif isinstance(value, dict):
        for name, part in value.items():
            is_option = part is not None and not isinstance(part, dict | list)
            if is_option and not (name == "training" and part is False):
                raise UserError(
                    f"{name_of(layer)} is called with {name}={part!r}, which has no "
                    "counterpart here"
                )
            yield from _tensors(layer, part, "mask" if name == "mask" else role)
    elif isinstance(value, list):
        if len(value) >= 3 and isinstance(value[0], str):
            _check_only_output(layer, value[1:3])
            yield value[0], role
            value = value[3:]
        for part in value:
            yield from _tensors(layer, part, role)


def _check_only_output(layer: Mapping[str, Any], output: list[Any]) -> None:
    """Raise unless a tensor is the one that its layer's one call returned."""
    if output != [0, 0]:
        raise UserError(
            f"{name_of(layer)} is called with output {output} of a layer that is "
            "called once and returns one tensor"
        )
