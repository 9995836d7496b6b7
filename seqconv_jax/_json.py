"""Strict JSON: what is written, what is accepted, and its checksum."""

import hashlib
import json
import math
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from seqconv_jax._checks import UserError

_DEEPEST = 100  # levels, far more than are written and fewer than recursion bears


def plain(value: Any, name: str = "value") -> Any:
    """Return `value` as strict JSON can hold it.

    Arrays and NumPy scalars become lists and numbers, paths and enums strings, tuples
    lists. JSON has no NaN or infinity: both become None (`null`), "no such number".

    Args:
        value: what to convert.
        name: how an error calls it.

    Raises:
        UserError: if some part has no JSON form.
    """
    if isinstance(value, Enum):
        return plain(value.value, name)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(part, f"{name}.{key}") for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part, f"{name}[{i}]") for i, part in enumerate(value)]
    if hasattr(value, "tolist"):  # NumPy and JAX arrays and scalars
        return plain(value.tolist(), name)
    raise UserError(
        f"`{name}` cannot be written as JSON: expected numbers, text, lists and "
        f"mappings, got {type(value).__name__}"
    )


def to_json(value: Any, *, indent: int | None = None) -> str:
    """Return `plain(value)` as JSON text ending in a newline."""
    return json.dumps(plain(value), indent=indent, allow_nan=False) + "\n"


def parse_object(
    text: str | bytes,
    where: str,
    *,
    finite: bool = False,
    remedy: str = "fix or remove it",
) -> dict[str, Any]:
    """Return the JSON object in `text`.

    Args:
        text: JSON; bytes are UTF-8.
        where: where it was read, for the message.
        finite: whether NaN and infinities, which strict JSON does not have, are errors.
        remedy: what to do about it, for the message.

    Raises:
        UserError: if it is anything else, has a key twice, or is nested too deeply.
    """
    options = {"parse_constant": _reject, "parse_float": _finite} if finite else {}
    try:
        text = text if isinstance(text, str) else text.decode()
        value = json.loads(text, object_pairs_hook=_distinct, **options)
        _check_depth(value)
    except RecursionError:
        raise UserError(f"{where} is damaged: nested too deeply; {remedy}") from None
    except ValueError as error:
        raise UserError(f"{where} is damaged: {error}; {remedy}") from None
    if not isinstance(value, dict):
        raise UserError(f"{where} is damaged: expected a JSON object; {remedy}")
    return value


def digest(value: Mapping[str, Any]) -> str:
    """Return the SHA-256 of an object's canonical JSON."""
    text = json.dumps(value, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} is there twice")
    return found


def _reject(constant: str) -> None:
    raise ValueError(f"{constant} is not a number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _reject(text)  # type: ignore


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(_DEEPEST):
        nested = [each for each in level if isinstance(each, (dict, list))]
        level = [
            part
            for each in nested
            for part in (each.values() if isinstance(each, dict) else each)
        ]
    if level:
        raise RecursionError
