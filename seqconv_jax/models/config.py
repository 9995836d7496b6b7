"""A model's own configuration as JSON, and the model from it again.

A module or block is an object with its `class` and all its fields. Only the classes of
this library are known; nothing else can be named.
"""

import dataclasses
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, get_args, get_type_hints

import jax.numpy as jnp
import numpy as np
from flax import linen as nn

from seqconv_jax import models
from seqconv_jax import nn as layers
from seqconv_jax._checks import UserError

_CLASSES: dict[str, type] = {
    name: getattr(module, name)
    for module in (layers, models)
    for name in module.__all__
    if dataclasses.is_dataclass(getattr(module, name))
    and name not in ("Layer", "Network")  # to derive from
}
_SIMPLE = (bool, int, float, str, type(None))
# Flax's own; a layer's name is kept where it was given one.
_LEFT_OUT = {"parent", "name"}
# What layers had before they could be told otherwise is not written.
_USUAL = ("dtype", "param_dtype", "rewrites", "drop_path", "weights", "kernel_init")

Fields = dict[str, Any]


def encode(value: Any) -> Any:
    """Return a model, or what one of its fields holds, as JSON can hold it.

    Raises:
        UserError: if it is of a class that is not this library's.

    Example:
        >>> encode(layers.Dense(1))["features"]
        1
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    if isinstance(value, type | np.dtype | type(jnp.float32)):
        return jnp.dtype(value).name  # a layer's `dtype` or `param_dtype`
    kind = type(value).__name__
    if _CLASSES.get(kind) is not type(value):
        raise UserError(
            f"`model` must be made of this library's classes to be saved with its "
            f"configuration, got {kind}"
        )
    fields = {
        field.name: encode(getattr(value, field.name))
        for field in dataclasses.fields(value)
        if field.name not in _LEFT_OUT and not _is_usual(field, value)
    }
    named = {"name": value.name} if getattr(value, "name", None) else {}
    return {"class": kind, **named, **fields}


def _is_usual(field: dataclasses.Field, layer: Any) -> bool:
    return field.name in _USUAL and getattr(layer, field.name) == field.default


def decode(
    described: Any, earlier: Mapping[str, Callable[[Fields], Fields]] | None = None
) -> nn.Module:
    """Return the model that `encode` described.

    Args:
        described: what `encode` returned, read from JSON.
        earlier: takes over the fields that a class once had, by the class's name.

    Raises:
        UserError: if a class or field is not known.

    Example:
        >>> decode({"class": "Dense", "features": 1}).features
        1
    """
    model = _decode(described, earlier or {})
    if not isinstance(model, nn.Module):
        raise UserError("the configuration describes no model")
    return model


def _decode(value: Any, earlier: Mapping[str, Callable[[Fields], Fields]]) -> Any:
    if isinstance(value, list):
        return tuple(_decode(item, earlier) for item in value)
    if not isinstance(value, Mapping):
        return value
    kind = value.get("class")
    if not isinstance(kind, str) or kind not in _CLASSES:
        raise UserError(f"the configuration names {kind!r}, which is no class here")
    fields = {k: _decode(item, earlier) for k, item in value.items() if k != "class"}
    fields = earlier.get(kind, dict)(fields)
    known = {field.name for field in dataclasses.fields(_CLASSES[kind])}
    if unknown := sorted(fields.keys() - (known - _LEFT_OUT) - {"name"}):
        raise UserError(f"{kind} has no field {', '.join(unknown)}; was it renamed?")
    _check_types(_CLASSES[kind], fields)
    try:
        return _CLASSES[kind](**fields)
    except TypeError as error:
        raise UserError(f"{kind} lacks a field: {error}") from error


def _check_types(kind: type, fields: Mapping[str, Any]) -> None:
    """Raise for a number, a text or a flag where another of them belongs.

    Most settings are looked at where they are used, but a flag that is a text is true.
    """
    hints = get_type_hints(kind)
    for name, value in fields.items():
        allowed = get_args(hints[name]) or (hints[name],)
        if not all(each in _SIMPLE for each in allowed):
            continue
        fits = type(value) in allowed or (float in allowed and type(value) is int)
        if not fits or (isinstance(value, float) and not isfinite(value)):
            expected = " or ".join(each.__name__ for each in allowed)
            raise UserError(
                f"{kind.__name__} must have {name} as {expected}, got {value!r}"
            )
