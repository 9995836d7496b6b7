"""Reading HDF5 files that may be damaged or hostile.

What a file holds is listed by another process, which may take only so much time and
memory; here is read nothing but the bytes of arrays whose shape, type and stored size
are those expected. Only names that are asked for are followed, through hard links
alone.
"""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from seqconv_jax._checks import UserError

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_PROGRAM = Path(__file__).with_name("hdf5_listing.py")
# It ends itself after 2 seconds of work, where the system can count them.
_SECONDS = 30
_WHOLE = "expected a whole file of Keras's"


class Array(NamedTuple):
    """An array in a file, not read yet.

    Attributes:
        name: its path.
        shape: its shape; None for a dataset without one.
        dtype: its type, as NumPy writes it: `"<f4"`.
        bytes: how many of its bytes are stored.
        offset: where in the file they begin; None if not in one piece.
        external: the file that they lie in, if another.
        virtual: whether it is made of arrays of other files.
    """

    name: str
    shape: tuple[int, ...] | None
    dtype: str
    bytes: int
    offset: int | None
    external: str | None
    virtual: bool


class Link(NamedTuple):
    """A name that stands for something elsewhere, and how."""

    name: str
    kind: str


class Group(NamedTuple):
    """A group of a file.

    Attributes:
        name: its path.
        attributes: text, a list of texts, or None for what is neither.
        items: what it holds, by name.
    """

    name: str
    attributes: dict[str, str | list[str] | None]
    items: dict[str, "Group | Array | Link"]


def list_hdf5(file: BinaryIO) -> Group:
    """Return what an HDF5 file holds.

    Args:
        file: an open file that the system knows.

    Raises:
        UserError: if it is damaged, h5py is missing, or no process can be started.
    """
    options = {"seconds": _SECONDS, "paths": _libraries()}
    command = [sys.executable, "-I", str(_PROGRAM), json.dumps(options)]
    file.seek(0)
    try:
        done = subprocess.run(
            command,
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS + 5,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            check=False,
        )
        listed = json.loads(done.stdout)
        if "damage" in listed:
            raise UserError(f"{_WHOLE}: {listed['damage']}")
        return _group("", listed["root"])
    except OSError as error:
        raise UserError(
            f"the process that reads HDF5 cannot be started: {error.strerror or error}"
        ) from error
    except UserError:
        raise
    except (subprocess.TimeoutExpired, ValueError, TypeError, RecursionError):
        raise UserError(
            f"{_WHOLE}: the HDF5 library crashed in it, or came to no end"
        ) from None


def child(group: Group, name: str, kind: type = Group) -> Any:
    """Return the `Group` or `Array` called `name`, whose parts `/` divides.

    Raises:
        UserError: if it is missing, of another kind, or behind a link that leads away.
    """
    found: Any = group
    for part in name.split("/"):
        place = f"{found.name}/{part}"
        found = found.items.get(part) if isinstance(found, Group) else None
        if found is None:
            raise UserError(f"{place!r} is missing")
        if isinstance(found, Link):
            raise UserError(
                f"{place!r} is a link to somewhere else ({found.kind}), which is "
                "never followed"
            )
    if not isinstance(found, kind):
        word = {Group: "group", Array: "dataset"}[kind]
        raise UserError(f"{found.name!r} is no {word}")
    return found


def read_array(
    file: BinaryIO, array: Array, shape: tuple[int, ...], hint: str = ""
) -> np.ndarray:
    """Read a float32 array whose shape is known.

    Args:
        file: the file that was listed.
        array: what is to be read.
        shape: the shape that it must have.
        hint: what to add if it has another.

    Raises:
        UserError: if it is anything else, or not wholly stored in this file.
    """
    where = f"{array.name!r}"
    if array.shape != shape:
        raise UserError(f"{where} must have shape {shape}, got {array.shape}{hint}")
    if array.dtype != "<f4":
        raise UserError(f"{where} must hold float32, got {np.dtype(array.dtype)}")
    if array.external is not None:
        raise UserError(
            f"{where} lies outside the file, in {array.external!r}, which is never read"
        )
    if array.virtual:
        raise UserError(
            f"{where} is a virtual dataset, made of other files, which are never read"
        )
    read = np.empty(shape, "<f4")
    if read.size and (array.offset is None or array.bytes != read.nbytes):
        raise UserError(
            f"{where} must be stored whole and uncompressed, as Keras does, "
            f"got {array.bytes:,} bytes for shape {shape}"
        )
    if read.size:
        file.seek(array.offset or 0)
        if file.readinto(read.reshape(-1).view(np.uint8)) != read.nbytes:  # type: ignore
            raise UserError(f"{_WHOLE}: it ends before {where} does")
    return read


def text(owner: Group, name: str) -> str | None:
    """Return an attribute that is text, or None if there is none."""
    if name not in owner.attributes:
        return None
    value = owner.attributes[name]
    if not isinstance(value, str):
        raise UserError(f"attribute {name!r} is no text")
    return value


def names(owner: Group, name: str) -> list[str]:
    """Return an attribute that is a list of names, all different.

    Keras cuts a list that is too long for one attribute into several, numbered ones.
    """
    where = owner.name or "/"
    parts = [name] if name in owner.attributes else []
    while not parts[:1] == [name] and f"{name}{len(parts)}" in owner.attributes:
        parts.append(f"{name}{len(parts)}")
    if not parts:
        raise UserError(f"attribute {name!r} of {where!r} is missing")
    found: list[str] = []
    for part in parts:
        listed = owner.attributes[part]
        if listed is None:
            raise UserError(f"attribute {part!r} of {where!r} is no list of names")
        found += [listed] if isinstance(listed, str) else listed
    if len(found) > len(set(found)):
        repeated = sorted({n for n in found[:1000] if found.count(n) > 1})
        raise UserError(f"{name!r} of {where!r} names {repeated} more than once")
    return found


def _libraries() -> list[str]:
    """Return the folders of what the listing needs, as this process would find it."""
    found = []
    for name in ("h5py", "numpy"):
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise UserError(f"this needs {name}: pip install 'seqconv-jax[interop]'")
        found.append(str(Path(spec.origin).parents[1]))
    return list(dict.fromkeys(found))


def _group(name: str, listed: dict[str, Any]) -> Group:
    items: dict[str, Group | Array | Link] = {}
    for part, item in listed["items"].items():
        place = f"{name}/{part}"
        if "items" in item:
            items[part] = _group(place, item)
        elif "link" in item:
            items[part] = Link(place, item["link"])
        else:
            shape = item.pop("shape")
            shape = None if shape is None else tuple(shape)
            items[part] = Array(name=place, shape=shape, **item)
    return Group(name, listed["attributes"], items)
