"""One of Keras's Functional models as chains of layers, some of them side by side.

Only graphs that nest are taken: what a layer of several inputs merges are chains that
begin at one place, and may hold such merges themselves.
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple

from seqconv_jax._checks import UserError
from seqconv_jax.interop.keras_calls import Call, Masks, calls_of, masks_of
from seqconv_jax.interop.keras_settings import name_of

Chain = list["dict[str, Any] | Fork"]


class Fork(NamedTuple):
    """Chains of layers over the same input, and the layer that merges their results.

    Attributes:
        merge: the configuration of that layer.
        branches: the chains, in the order of its inputs; an empty one is the input.
    """

    merge: dict[str, Any]
    branches: tuple[Chain, ...]


class Graph(NamedTuple):
    """A model whose branches nest.

    Attributes:
        first: the configuration of the input.
        chain: its layers, from the input upwards.
        masks: which masks its layers are called with; Keras 3 says so, before that it
            went without saying.
    """

    first: dict[str, Any]
    chain: Chain
    masks: Masks


def graph_of(inner: Mapping[str, Any]) -> Graph:
    """Put the layers of a Functional model in order.

    Args:
        inner: the `config` of the model's configuration.

    Raises:
        UserError: naming the first layer that is in the way.
    """
    calls = calls_of(inner.get("layers"))
    last = _output(inner, calls)
    masks = masks_of(calls, last)
    layers = {name: call for name, call in calls.items() if name not in masks.made}
    first, *others = [call for call in layers.values() if not call.inputs] or [None]
    if first is None or others:
        raise UserError(
            "the Functional model must have one input, got "
            f"{[call.name for call in layers.values() if not call.inputs]}"
        )
    folded = _Folding(layers, _forks(layers), set())
    chain = folded.chain(last, first.name)
    unused = [call for name, call in layers.items() if name not in folded.seen]
    for call in unused:
        if call is not first:
            raise _in_the_way(call)
    return Graph(first.described, chain, masks)


def _output(inner: Mapping[str, Any], calls: Mapping[str, Call]) -> str:
    """Return the name of the layer whose result is the model's."""
    used = {name for call in calls.values() for name in (*call.inputs, call.mask)}
    ends = [name for name in calls if name not in used]
    listed = inner.get("output_layers")
    outputs = _names(listed) if listed else ends
    if len(ends) != 1 or outputs != ends:
        raise UserError(
            f"the Functional model must end in one layer, got {ends} and the outputs "
            f"{outputs}"
        )
    return ends[0]


def _names(listed: Any) -> list[str]:
    """Return the layers that `["a", 0, 0]` or `[["a", 0, 0], ["b", 0, 0]]` names."""
    if isinstance(listed, list) and listed and isinstance(listed[0], str):
        return [listed[0]]
    return [name for part in listed for name in _names(part)]


def _forks(layers: Mapping[str, Call]) -> dict[str, tuple[str, ...]]:
    """Return for each layer what all paths to it pass, from the input upwards."""
    passed: dict[str, tuple[str, ...]] = {}
    waiting = dict(layers)
    while waiting:
        ready = [c for c in waiting.values() if all(i in passed for i in c.inputs)]
        if not ready:
            raise UserError(f"layers {list(waiting)} feed each other in a circle")
        for call in ready:
            del waiting[call.name]
            before = [passed[name] for name in call.inputs]
            shared = reduce(_common, before) if before else ()
            passed[call.name] = (*shared, call.name)
    return passed


def _common(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    pairs = list(zip(first, second, strict=False))
    length = next((i for i, (a, b) in enumerate(pairs) if a != b), len(pairs))
    return tuple(first[:length])


class _Folding(NamedTuple):
    """The layers by name, what all paths to each of them pass, and those seen so far.

    A layer that is come to twice is shared by branches.
    """

    layers: Mapping[str, Call]
    passed: Mapping[str, tuple[str, ...]]
    seen: set[str]

    def chain(self, last: str, start: str) -> Chain:
        """Return the layers behind `start`, up to the one called `last`."""
        found: Chain = []
        while last != start:
            call = self.layers[last]
            if start not in self.passed[last] or last in self.seen:
                raise _in_the_way(call)
            self.seen.add(last)
            if len(call.inputs) == 1:
                found.append(call.described)
                last = call.inputs[0]
            else:
                last = self.passed[call.name][-2]
                branches = [self.chain(name, last) for name in call.inputs]
                found.append(Fork(call.described, tuple(branches)))
        return found[::-1]


def _in_the_way(call: Call) -> UserError:
    return UserError(
        f"{name_of(call.described)} is part of branches that do not nest: it is fed by "
        f"{list(call.inputs)}, and what lies between a fork and its merge must be "
        "chains of their own to be represented here"
    )
