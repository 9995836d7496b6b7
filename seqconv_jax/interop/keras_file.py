"""The three kinds of file that Keras keeps a model in, told apart by their content.

`.keras` is a zip of `config.json`, `metadata.json` and `model.weights.h5`;
`.weights.h5` is HDF5 with a group for each layer under `layers`; the older HDF5 file
has the configuration in an attribute and a group for each layer's name, and may bear
any suffix, `.keras` included.
"""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from seqconv_jax._checks import UserError
from seqconv_jax._json import parse_object
from seqconv_jax.interop.hdf5 import SIGNATURE, child, open_hdf5, text

if TYPE_CHECKING:
    import h5py

_WEIGHTS = "model.weights.h5"
# Trained weights hardly compress; a member that unpacks to more is no model.
_LARGEST_RATIO = 100


class KerasFile(NamedTuple):
    """An open file.

    Attributes:
        config: what `model.get_config()` says, with its class; None for weights alone.
        version: the Keras that wrote it, such as `"2.15.0"`, where that is known.
        weights: the group that holds the layers.
        by_name: whether layers are called by their own names, in the order of an
            attribute, as in the older files; otherwise by their classes, counted.
    """

    config: dict[str, Any] | None
    version: str | None
    weights: "h5py.Group"
    by_name: bool


@contextmanager
def open_keras(path: Path) -> Iterator[KerasFile]:
    """Open a file that Keras wrote; nothing in it is ever executed.

    Raises:
        UserError: if it is none, is damaged, or lacks a part; until the `with` block
            is left.
    """
    start = _first_bytes(path)
    if start.startswith(b"PK"):
        members = _read_zip(path)
        version = parse_object(members["metadata.json"], f"{path}: metadata.json")
        config = parse_object(members["config.json"], f"{path}: config.json")
        with open_hdf5(path, members[_WEIGHTS]) as file:
            group, by_name = _layers(file)
            yield KerasFile(config, version.get("keras_version"), group, by_name)
    elif start == SIGNATURE:
        with open_hdf5(path) as file:
            yield _whole(file)
    else:
        raise UserError(
            f"{path}: expected a file of Keras's (.keras, .weights.h5, .h5), "
            f"got one that begins with {start!r}"
        )


def _whole(file: "h5py.File") -> KerasFile:
    config = text(file, "model_config")
    if config is None:
        group, by_name = _layers(file)
        return KerasFile(None, text(group, "keras_version"), group, by_name)
    group = child(file, "model_weights")
    version = text(file, "keras_version") or text(group, "keras_version")
    return KerasFile(parse_object(config, "model_config"), version, group, True)


def _layers(file: "h5py.File") -> tuple["h5py.Group", bool]:
    """Return the group of the layers, and whether they go by their own names."""
    if "layer_names" in file.attrs or "layer_names0" in file.attrs:
        return file, True
    # TensorFlow's Keras 2.12 and 2.13 said it at length.
    for name in ("layers", "_layer_checkpoint_dependencies"):
        if name in file:
            return child(file, name), False
    raise UserError("expected weights of Keras's, got no group 'layers'")


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(len(SIGNATURE))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error


def _read_zip(path: Path) -> dict[str, bytes]:
    """Return the three members of a `.keras` file, by name and under a cap."""
    wanted = ("metadata.json", "config.json", _WEIGHTS)
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            for name in wanted:
                if (count := names.count(name)) != 1:
                    found = f"{count} times" if count else f"only {sorted(names)[:5]}"
                    raise UserError(f"{path}: expected {name!r} once, got {found}")
                member = archive.getinfo(name)
                if member.file_size > _LARGEST_RATIO * member.compress_size:
                    raise UserError(
                        f"{path}: {name!r} unpacks from {member.compress_size:,} to "
                        f"{member.file_size:,} bytes, which no model does"
                    )
            return {name: archive.read(name) for name in wanted}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        raise UserError(f"{path} is a damaged .keras file: {error}") from error
