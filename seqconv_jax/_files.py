"""Strict JSON and files that are either the old one or the new one, never a part."""

import contextlib
import json
import math
import os
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from seqconv_jax._checks import UserError


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


def replace_file(path: Path, content: str | bytes) -> None:
    """Write a file so that a crash leaves the old content or the new, never a part.

    Args:
        path: the file; its directory exists.
        content: the whole of it; text is written as UTF-8.

    Raises:
        UserError: if it cannot be written; what was there before is untouched.
    """
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync_directory(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise UserError(
            f"could not write {path}: {error.strerror or error}; what it held before "
            "is untouched. Free some space or fix the permissions, then try again"
        ) from error


def parse_object(text: str | bytes, where: str) -> dict[str, Any]:
    """Return the JSON object in `text`.

    Raises:
        UserError: if it is anything else, naming `where` it was read.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{where} is damaged: {error}; fix or remove it") from None
    if not isinstance(value, dict):
        raise UserError(f"{where} is damaged: expected a JSON object; fix or remove it")
    return value


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable, where the file system knows how."""
    with contextlib.suppress(OSError):  # Windows cannot open a directory
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
