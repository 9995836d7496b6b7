"""A folder of arrays in `.npy` files, written row by row and opened as memory maps.

A JSON file beside them says what they are, with a checksum of each. The folder appears
whole or not at all.
"""

import contextlib
import io
import os
import shutil
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax._files import read_file, replace_file, sync_directory
from seqconv_jax._json import digest, parse_object, plain, to_json

__all__ = ["ArrayFolder", "NewFolder", "holds", "new_folder", "open_folder"]

FORMAT = 1
_BYTES_AT_A_TIME = 2**26
_LONGEST_JSON = 2**28  # of a large vocabulary


class ArrayFolder(NamedTuple):
    """What a folder holds.

    Attributes:
        path: the folder.
        content: what was kept beside the arrays.
        arrays: memory maps that can't be written to, by name.
    """

    path: Path
    content: dict[str, Any]
    arrays: dict[str, np.ndarray]


class NewFolder:
    """A folder that is being filled.

    Args:
        path: where; it exists.
        kind: what it is to hold; the JSON file is called after it.
    """

    def __init__(self, path: Path, kind: str):
        """Write nothing yet."""
        self._path, self._kind = path, kind
        self._open: dict[str, _NewArray] = {}

    def append(self, name: str, rows: np.ndarray) -> None:
        """Add rows to an array, which the first ones make."""
        if name not in self._open:
            path = self._path / f"{name}.npy"
            self._open[name] = _NewArray(path, rows.dtype, rows.shape[1:])
        self._open[name].append(rows)

    @property
    def scratch(self) -> Path:
        """A file for what is not kept; whoever makes it removes it."""
        return self._path / "scratch"

    def so_far(self, name: str) -> np.ndarray:
        """Return the rows that an array has so far, mapped."""
        return self._open[name].mapped()

    def finish(self, content: Mapping[str, Any]) -> None:
        """Complete the arrays, and write what is kept beside them."""
        arrays = {name: array.finish() for name, array in self._open.items()}
        told = plain(content, self._kind)
        body = {"format": FORMAT, "kind": self._kind, **told, "arrays": arrays}
        sealed = {**body, "sha256": digest(body)}
        replace_file(self._path / f"{self._kind}.json", to_json(sealed, indent=1))

    def close(self) -> None:
        """Close the files."""
        for array in self._open.values():
            array.file.close()


class _NewArray:
    """A `.npy` file whose number of rows shows when it is finished."""

    def __init__(self, path: Path, dtype: np.dtype, shape: tuple[int, ...]):
        self.file, self.rows, self._checksum = path.open("xb"), 0, 0
        self._path, self._dtype, self._shape = path, dtype, shape
        self._begin = len(self._header())
        self.file.write(self._header())

    def append(self, rows: np.ndarray) -> None:
        if rows.dtype != self._dtype or rows.shape[1:] != self._shape:
            raise TypeError(f"rows of {rows.dtype}{rows.shape[1:]}")
        content = np.ascontiguousarray(rows).view(np.uint8).reshape(-1).data
        self._checksum = zlib.crc32(content, self._checksum)
        self.file.write(content)
        self.rows += len(rows)

    def mapped(self) -> np.ndarray:
        self.file.flush()
        shape = (self.rows, *self._shape)
        return np.memmap(self._path, self._dtype, "r", self._begin, shape)

    def finish(self) -> dict[str, Any]:
        header = self._header()
        assert len(header) == self._begin  # NumPy leaves room for the rows' digits
        self.file.seek(0)
        self.file.write(header)
        self.file.flush()
        os.fsync(self.file.fileno())
        shape = [self.rows, *self._shape]
        dtype = self._dtype.str
        return {"dtype": dtype, "shape": shape, "crc32": f"{self._checksum:08x}"}

    def _header(self) -> bytes:
        described = {
            "descr": np.lib.format.dtype_to_descr(self._dtype),
            "fortran_order": False,
            "shape": (self.rows, *self._shape),
        }
        file = io.BytesIO()
        np.lib.format.write_array_header_1_0(file, described)
        return file.getvalue()


@contextlib.contextmanager
def new_folder(
    path: Path, kind: str, *, overwrite: bool = False
) -> Iterator[NewFolder]:
    """Fill a folder, which is at its place once it is finished.

    Args:
        path: the folder to make.
        kind: what it is to hold, such as "series".
        overwrite: whether to replace an older folder of that kind.

    Raises:
        UserError: if there is something at the place, or it cannot be written.
    """
    check_place(path, kind, overwrite)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        new = NewFolder(temporary, kind)
        with contextlib.closing(new):
            yield new
        sync_directory(temporary)
        if overwrite and path.exists():
            old = path.with_name(f".{path.name}.{os.getpid()}.old")
            os.rename(path, old)
            os.rename(temporary, path)
            shutil.rmtree(old, ignore_errors=True)
        else:
            os.rename(temporary, path)
        sync_directory(path.parent)
    except OSError as error:
        reason = error.strerror or error
        raise UserError(
            f"could not write {path}: {reason}; nothing is left of it"
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_place(path: Path, kind: str, overwrite: bool) -> None:
    """Raise if a folder cannot be made at a place."""
    if not os.path.lexists(path):
        return
    if not overwrite:
        raise UserError(f"{path} exists; pass overwrite=True to replace it")
    if not holds(path, kind):
        raise UserError(
            f"{path} is no folder of a converted {kind}, so it is not replaced; remove "
            "it, or take another"
        )


def holds(path: str | os.PathLike[str], kind: str) -> bool:
    """Return whether a path is a folder of that kind."""
    return os.path.isfile(os.path.join(path, f"{kind}.json"))


def open_folder(path: Path, kind: str, *, verify: bool = False) -> ArrayFolder:
    """Open a folder that `new_folder` made.

    Args:
        path: the folder.
        kind: what it must hold.
        verify: whether to read all arrays, and compare their checksums.

    Raises:
        UserError: if it is none, or is damaged.
    """
    try:
        file = path / f"{kind}.json"
        text = read_file(file, at_most=min(os.path.getsize(file), _LONGEST_JSON))
        content = parse_object(text, str(path), finite=True)
    except FileNotFoundError:
        raise UserError(f"{path} is no folder of a converted {kind}") from None
    version, stored = content.get("format"), content.pop("sha256", None)
    if isinstance(version, int) and version > FORMAT:
        raise UserError(
            f"{path} has format {version}, expected at most {FORMAT}: it was written "
            "by a newer seqconv_jax, so upgrade to read it"
        )
    if stored != digest(content) or content.get("kind") != kind:
        raise _damaged(path, f"{kind}.json does not match its checksum")
    arrays = {}
    for name, described in content.pop("arrays").items():
        arrays[name] = _mapped(path / f"{name}.npy", described)
        if verify:
            _verify(path, name, arrays[name], described["crc32"])
    return ArrayFolder(path, content, arrays)


def _mapped(path: Path, described: Mapping[str, Any]) -> np.ndarray:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise _damaged(path.parent, f"{path.name} cannot be mapped: {error}") from error
    if list(array.shape) != described["shape"] or array.dtype.str != described["dtype"]:
        raise _damaged(path.parent, f"{path.name} has another shape or type")
    return array


def _verify(path: Path, name: str, array: np.ndarray, expected: str) -> None:
    checksum, content = 0, array.reshape(-1).view(np.uint8).data
    for at in range(0, len(content), _BYTES_AT_A_TIME):
        checksum = zlib.crc32(content[at : at + _BYTES_AT_A_TIME], checksum)
    if f"{checksum:08x}" != expected:
        raise _damaged(path, f"{name}.npy does not match its checksum")


def _damaged(path: Path, what: str) -> UserError:
    return UserError(f"{path} is damaged: {what}; remove it, and convert again")
