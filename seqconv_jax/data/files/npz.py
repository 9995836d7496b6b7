"""Reading `.npz` files without trusting them: bounded, and no code is ever run."""

import io
import math
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.data.files.archive import open_zip, read_bounded
from seqconv_jax.data.files.inert_pickle import load_rows

__all__ = ["Ragged", "read_npz"]


class Ragged(NamedTuple):
    """Rows of unequal length: row `i` is `values[offsets[i] : offsets[i + 1]]`.

    Attributes:
        values: `(total,)` int32, all rows one after the other.
        offsets: `(rows + 1,)` int64.
    """

    values: np.ndarray
    offsets: np.ndarray


def read_npz(
    path: Path, names: tuple[str, ...], *, max_bytes: int = 500_000_000
) -> dict[str, np.ndarray | Ragged]:
    """Read the named arrays of an `.npz` file.

    Object arrays are understood only as rows of integers, and come back flat.

    Args:
        path: the file.
        names: the arrays that must be there; others are not read.
        max_bytes: the most that one array may unpack to.

    Returns:
        Each name with its array (read-only), or `Ragged` for an object array.

    Raises:
        UserError: if the file is damaged or unsafe, an array is missing, its size is
            not what it declares, or a pickle holds anything but lists of integers.
    """
    with open_zip(path) as archive:
        members = archive.namelist()
        arrays = {}
        for name in names:
            if members.count(f"{name}.npy") != 1:
                raise UserError(
                    f"{path}: expected one array {name!r}, got members "
                    f"{', '.join(members[:8]) or 'none'}"
                )
            content = read_bounded(archive, f"{name}.npy", max_bytes)
            arrays[name] = _parse(content, f"{path}: array {name!r}")
    return arrays


def _parse(content: bytes, where: str) -> np.ndarray | Ragged:
    shape, fortran, dtype, start = _read_header(content, where)
    size = len(content) - start
    rows = dtype == np.dtype(object) and len(shape) == 1
    if not rows and dtype.kind not in "biuf":
        raise UserError(f"{where} must be numbers or rows of integers, got {dtype}")
    # Python's integers: the product of a hostile shape does not overflow
    count = math.prod(shape)
    fits = count <= size if rows else count * dtype.itemsize == size
    if not fits or not all(0 <= length <= len(content) for length in shape):
        raise UserError(
            f"{where} must hold the elements it declares, got shape {shape} of {dtype} "
            f"in {size:,} bytes"
        )
    if rows:
        return _flatten(load_rows(content[start:], where), count, size, where)
    flat = np.frombuffer(content, dtype, count, start)
    return flat.reshape(shape, order="F" if fortran else "C")


def _read_header(
    content: bytes, where: str
) -> tuple[tuple[int, ...], bool, np.dtype, int]:
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            header = np.lib.format.read_array_header_1_0(stream)
        else:
            header = np.lib.format.read_array_header_2_0(stream)
    except (ValueError, SyntaxError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{where} must have a .npy header, got {reason}") from error
    shape, fortran, dtype = header
    return shape, fortran, dtype, stream.tell()


def _flatten(rows: list[Any], count: int, size: int, where: str) -> Ragged:
    if len(rows) != count or set(map(type, rows)) - {list}:
        raise UserError(f"{where} must be {count} lists, got {len(rows)} objects")
    offsets = np.zeros(count + 1, np.int64)
    np.cumsum(np.fromiter(map(len, rows), np.int64, count), out=offsets[1:])
    # one list may stand in many rows, so few bytes could unfold to any number
    if offsets[-1] > size:
        raise UserError(
            f"{where} must hold fewer integers than bytes, got {offsets[-1]:,}"
        )
    kinds = set(map(type, chain.from_iterable(rows))) - {int}
    if kinds:
        raise UserError(
            f"{where} must be lists of integers, got {kinds.pop().__name__} in a list"
        )
    flat = chain.from_iterable(rows)
    return Ragged(np.fromiter(flat, np.int32, int(offsets[-1])), offsets)
