"""The architecture of a model whose file holds weights alone: Keras's `to_json()`."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from seqconv_jax._checks import UserError
from seqconv_jax._json import parse_object
from seqconv_jax.interop.untrusted import REMEDY, open_untrusted

Architecture = str | os.PathLike[str] | Mapping[str, Any]

_LARGEST = 20_000_000  # bytes
_SUFFIXES = (".weights.h5", ".weights.hdf5", ".h5", ".hdf5", ".keras")
_YAML = "is YAML, which is not read: load it in the Keras that wrote it, and to_json()"


class Described(NamedTuple):
    """An architecture.

    Attributes:
        config: `{"class_name": ..., "config": ...}`.
        version: the Keras that wrote it; None if nobody knows.
    """

    config: dict[str, Any]
    version: str | None


def read_architecture(architecture: Architecture) -> Described:
    """Read what Keras's `model.to_json()` wrote.

    Args:
        architecture: a file, or its text, or what the text says.

    Raises:
        UserError: if it is none.

    Example:
        >>> model = {"class_name": "Sequential", "config": []}
        >>> read_architecture({**model, "keras_version": "2.1.6"}).version
        '2.1.6'
    """
    if isinstance(architecture, Mapping):
        return _described(dict(architecture), "`architecture`")
    if isinstance(architecture, str) and architecture.lstrip()[:1] in ("{", '"'):
        return _described(_parse(architecture, "`architecture`"), "`architecture`")
    if not isinstance(architecture, str | os.PathLike):
        raise UserError(
            "`architecture` must be a JSON file of Keras's `model.to_json()`, or its "
            f"text, got {type(architecture).__name__}"
        )
    with open_untrusted(Path(architecture)) as file:
        content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise UserError(f"it has more than {_LARGEST:,} bytes, which no model has")
        return _described(_parse(content.decode("utf-8-sig"), "it"), "it")


def architecture_beside(path: Path) -> Path | None:
    """Return `NAME.json` beside `NAME.h5` or `NAME.weights.h5`, if it is there."""
    for suffix in _SUFFIXES:
        if path.name.endswith(suffix):
            beside = path.with_name(path.name.removesuffix(suffix) + ".json")
            return beside if beside.is_file() else None
    return None


def _parse(text: str, where: str) -> dict[str, Any]:
    """Return the object in a text, which some wrote as a text within JSON again."""
    if text.lstrip().startswith('"'):
        try:
            text = json.loads(text)
        except ValueError as error:
            raise UserError(f"{where} is damaged JSON: {error}; {REMEDY}") from None
    if not text.lstrip().startswith("{") and "class_name:" in text:
        raise UserError(f"{where} {_YAML}")
    return parse_object(text, where, remedy=REMEDY)


def _described(config: dict[str, Any], where: str) -> Described:
    if not {"class_name", "config"} <= config.keys():
        raise UserError(
            f"{where} must be an architecture with class_name and config, as Keras's "
            f"`model.to_json()` writes it, got {sorted(map(str, config))[:5]}"
        )
    version = config.get("keras_version")
    if not isinstance(version, str | None):
        raise UserError(f"{where} must say keras_version as text, got {version!r}")
    if version is None and "registered_name" in config:
        version = "3"  # which names each class's module, and leaves its version out
    return Described(config, version)
