"""Reading HDF5 files that may be damaged or hostile.

Only names that are asked for are followed, through hard links alone, and no array is
read before its shape, type and stored size have been compared with what is expected.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.interop.extra import import_extra

if TYPE_CHECKING:
    import h5py

# What reading bytes that are not what they claim to be has been seen to end in.
_DAMAGE = (
    *(OSError, RuntimeError, LookupError, ValueError, TypeError, AttributeError),
    *(OverflowError, MemoryError),
)
SIGNATURE = b"\x89HDF\r\n\x1a\n"


@contextmanager
def open_hdf5(path: Path, content: bytes | None = None) -> Iterator["h5py.File"]:
    """Open an HDF5 file to read it, or `content`, which was found at `path`.

    Raises:
        UserError: for whatever goes wrong until the `with` block is left; the message
            begins with `path`.
    """
    h5py = import_extra("h5py")
    try:
        with h5py.File(path if content is None else BytesIO(content), "r") as file:
            yield file
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    except _DAMAGE as error:
        raise UserError(
            f"{path}: expected a whole file of Keras's: {_first_line(error)}"
        ) from error


def child(group: "h5py.Group", name: str, kind: str = "group") -> Any:
    """Return the group or dataset called `name`, whose parts `/` divides.

    Raises:
        UserError: if it is missing, of another kind, or behind a link that leads away.
    """
    h5py = import_extra("h5py")
    found: Any = group
    for part in name.split("/"):
        place = f"{found.name.rstrip('/')}/{part}"
        link = None
        if isinstance(found, h5py.Group) and part not in ("", ".", ".."):
            link = found.get(part, getlink=True)
        if link is None:
            raise UserError(f"{place!r} is missing")
        if not isinstance(link, h5py.HardLink):
            raise UserError(
                f"{place!r} is a link to somewhere else "
                f"({type(link).__name__}), which is never followed"
            )
        found = found[part]
    if not isinstance(found, {"group": h5py.Group, "dataset": h5py.Dataset}[kind]):
        raise UserError(f"{found.name!r} is no {kind}")
    return found


def read_array(
    group: "h5py.Group", name: str, shape: tuple[int, ...], hint: str = ""
) -> np.ndarray:
    """Read a float32 array whose shape is known.

    Args:
        group: where it is.
        name: its name there, whose parts `/` divides.
        shape: the shape that it must have.
        hint: what to add if it has another.

    Raises:
        UserError: if it is anything else, or not wholly stored in this file.
    """
    array = child(group, name, "dataset")
    where = f"{array.name!r}"
    if array.shape != shape:
        raise UserError(f"{where} must have shape {shape}, got {array.shape}{hint}")
    if array.dtype != np.float32:
        raise UserError(f"{where} must hold float32, got {array.dtype}")
    if array.external:
        raise UserError(
            f"{where} lies outside the file, in {array.external[0][0]!r}, "
            "which is never read"
        )
    if array.is_virtual:
        raise UserError(
            f"{where} is a virtual dataset, made of other files, which are never read"
        )
    if array.size and array.id.get_storage_size() != array.size * array.dtype.itemsize:
        raise UserError(
            f"{where} must be stored whole and uncompressed, as Keras does, "
            f"got {array.id.get_storage_size():,} bytes for shape {shape}"
        )
    return array[()]


def text(owner: "h5py.Group", name: str) -> str | None:
    """Return an attribute that is text, or None if there is none."""
    value = owner.attrs.get(name)
    if isinstance(value, (bytes, np.bytes_)):
        value = value.decode()
    if value is not None and not isinstance(value, str):
        raise UserError(f"attribute {name!r} is no text")
    return value


def names(owner: "h5py.Group", name: str) -> list[str]:
    """Return an attribute that is a list of names, all different.

    Keras cuts a list that is too long for one attribute into several, numbered ones.
    """
    parts = [name] if name in owner.attrs else []
    while not parts[:1] == [name] and f"{name}{len(parts)}" in owner.attrs:
        parts.append(f"{name}{len(parts)}")
    if not parts:
        raise UserError(f"attribute {name!r} of {owner.name!r} is missing")
    lists: list[Any] = [owner.attrs[part] for part in parts]
    values = [value for listed in lists for value in np.ravel(listed)]
    found = [v.decode() if isinstance(v, bytes) else str(v) for v in values]
    if repeated := sorted({n for n in found if found.count(n) > 1}):
        raise UserError(f"{name!r} of {owner.name!r} names {repeated} more than once")
    return found


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
