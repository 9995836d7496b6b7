"""The three kinds of file that Keras keeps a model in, told apart by their content.

`.keras` is a zip of `config.json`, `metadata.json` and `model.weights.h5`;
`.weights.h5` is HDF5 with a group for each layer under `layers`; the older HDF5 file
has the configuration in an attribute and a group for each layer's name, and may bear
any suffix, `.keras` included.
"""

import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from seqconv_jax._checks import UserError
from seqconv_jax._json import parse_object
from seqconv_jax.interop.hdf5 import SIGNATURE, Group, child, list_hdf5, text
from seqconv_jax.interop.untrusted import REMEDY, open_untrusted

_WEIGHTS = "model.weights.h5"
# Trained weights hardly compress; a member that unpacks to more is no model.
_LARGEST_RATIO = 100
_LARGEST_JSON = 20_000_000
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGED_ZIP = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError),
    *(RuntimeError, ValueError, LookupError, OverflowError),
)


class KerasFile(NamedTuple):
    """An open file.

    Attributes:
        config: what `model.get_config()` says, with its class; None for weights alone.
        version: the Keras that wrote it, such as `"2.15.0"`, where that is known.
        weights: the group that holds the layers.
        by_name: whether layers are called by their own names, in the order of an
            attribute, as in the older files; otherwise by their classes, counted.
        content: the HDF5 file, for its arrays to be read.
    """

    config: dict[str, Any] | None
    version: str | None
    weights: Group
    by_name: bool
    content: BinaryIO


@contextmanager
def open_keras(path: Path) -> Iterator[KerasFile]:
    """Open a file that Keras wrote; nothing in it is ever executed.

    Raises:
        UserError: if it is none, is damaged, or lacks a part; until the `with` block
            is left, whose errors then begin with `path`.
    """
    with open_untrusted(path) as file:
        start = file.read(len(SIGNATURE))
        if start.startswith(b"\x80") and start[1:2] in b"\2\3\4\5":
            raise UserError(
                "it is a Python pickle, which may run code and is never loaded; save "
                "the model with Keras's model.save"
            )
        if not start.startswith(b"PK") and start != SIGNATURE:
            raise UserError(
                "expected a file of Keras's (.keras, .weights.h5, .h5), got one that "
                f"begins with {start!r}"
            )
        if start == SIGNATURE:
            yield _older(file)
        else:
            with tempfile.TemporaryFile() as weights:
                described = _read_zip(file, weights)
                group, by_name = _layers(list_hdf5(weights))
                yield KerasFile(*described, group, by_name, weights)


def _older(file: BinaryIO) -> KerasFile:
    """Read a file that is HDF5 as a whole."""
    root = list_hdf5(file)
    config = text(root, "model_config")
    if config is None:
        group, by_name = _layers(root)
        return KerasFile(None, text(group, "keras_version"), group, by_name, file)
    group = child(root, "model_weights")
    version = text(root, "keras_version") or text(group, "keras_version")
    return KerasFile(
        parse_object(config, "model_config", remedy=REMEDY), version, group, True, file
    )


def _layers(root: Group) -> tuple[Group, bool]:
    """Return the group of the layers, and whether they go by their own names."""
    root = _divided(root)
    if "layer_names" in root.attributes or "layer_names0" in root.attributes:
        return root, True
    # TensorFlow's Keras 2.12 and 2.13 said it at length.
    for name in ("layers", "_layer_checkpoint_dependencies"):
        if name in root.items:
            return child(root, name), False
    raise UserError("expected weights of Keras's, got no group 'layers'")


def _divided(root: Group) -> Group:
    """Return groups within groups where backslashes divide a name instead.

    So did Keras 2.12 to 2.15 on Windows: a group "layers", backslash, "gru" in one.
    """
    if not any("\\" in name for name in root.items):
        return root
    divided = Group(root.name, root.attributes, {})
    for name, item in root.items.items():
        *folders, last = name.split("\\")
        group = divided
        for folder in folders:
            new = Group(f"{group.name}/{folder}", {}, {})
            inner = group.items.setdefault(folder, new)
            if not isinstance(inner, Group):
                raise UserError(f"{inner.name!r} is no group")
            group = inner
        group.items[last] = item
    return divided


def _read_zip(file: BinaryIO, weights: BinaryIO) -> tuple[dict[str, Any], str | None]:
    """Copy the weights of a `.keras` file; return the configuration, and who wrote it.

    Args:
        file: the zip, whose members are checked by their sums as they are read.
        weights: what the weights are copied to.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            config = _read_json(archive, "config.json")
            metadata = _read_json(archive, "metadata.json")
            with archive.open(_member(archive, _WEIGHTS)) as content:
                shutil.copyfileobj(content, weights, 1 << 20)
            weights.flush()
    except UserError:
        raise
    except _DAMAGED_ZIP as error:
        reason = str(error) or type(error).__name__
        raise UserError(f"it is a damaged .keras file: {reason}") from error
    version = metadata.get("keras_version")
    if not isinstance(version, str | None):
        raise UserError(f"metadata.json must say keras_version as text, got {version}")
    return config, version


def _read_json(archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    member = _member(archive, name)
    if member.file_size > _LARGEST_JSON:
        raise UserError(f"{name!r} has {member.file_size:,} bytes, which no model has")
    return parse_object(archive.read(member), name, remedy=REMEDY)


def _member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    """Return a member that is there once and does not unpack to far too much."""
    names = archive.namelist()
    if (count := names.count(name)) != 1:
        found = f"{count} times" if count else f"only {sorted(names)[:5]}"
        raise UserError(f"expected {name!r} once, got {found}")
    member = archive.getinfo(name)
    if member.file_size > _LARGEST_RATIO * member.compress_size:
        raise UserError(
            f"{name!r} unpacks from {member.compress_size:,} to "
            f"{member.file_size:,} bytes, which no model does"
        )
    if member.compress_type not in _COMPRESSIONS:
        raise UserError(f"{name!r} is packed by method {member.compress_type}")
    return member
