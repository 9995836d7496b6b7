"""A model's own configuration as JSON, and the model from it again.

A module or block is an object with its `class` and all its fields. Only the classes of
this library are known; nothing else can be named.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from flax import linen as nn

from seqconv_jax import models
from seqconv_jax import nn as layers
from seqconv_jax._checks import UserError

_CLASSES: dict[str, type] = {
    **{
        name: getattr(layers, name)
        for name in layers.__all__
        if dataclasses.is_dataclass(getattr(layers, name))
    },
    **{name: getattr(models, name) for name in models.__all__},
}
_OF_FLAX = {"parent", "name"}


def encode(value: Any) -> Any:
    """Return a model, or what one of its fields holds, as JSON can hold it.

    Raises:
        UserError: if it is of a class that is not this library's.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    kind = type(value).__name__
    if _CLASSES.get(kind) is not type(value):
        raise UserError(
            f"`model` must be made of this library's classes to be saved with its "
            f"configuration, got {kind}"
        )
    fields = {
        field.name: encode(getattr(value, field.name))
        for field in dataclasses.fields(value)
        if field.name not in _OF_FLAX
    }
    return {"class": kind, **fields}


def decode(described: Any) -> nn.Module:
    """Return the model that `encode` described.

    Raises:
        UserError: if a class or field is not known.
    """
    model = _decode(described)
    if not isinstance(model, nn.Module):
        raise UserError("the configuration describes no model")
    return model


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_decode(item) for item in value)
    if not isinstance(value, Mapping):
        return value
    kind = value.get("class")
    if kind not in _CLASSES:
        raise UserError(f"the configuration names {kind!r}, which is no class here")
    fields = {name: _decode(item) for name, item in value.items() if name != "class"}
    known = {field.name for field in dataclasses.fields(_CLASSES[kind])} - _OF_FLAX
    if unknown := sorted(fields.keys() - known):
        raise UserError(f"{kind} has no field {', '.join(unknown)}; was it renamed?")
    try:
        return _CLASSES[kind](**fields)
    except TypeError as error:
        raise UserError(f"{kind} lacks a field: {error}") from error
