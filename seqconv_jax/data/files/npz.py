"""Reading `.npz` files without trusting them: bounded, and no code is ever run."""

import math
import re
import struct
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.data.files.archive import open_zip, read_bounded
from seqconv_jax.data.files.inert_pickle import load_rows

__all__ = ["Ragged", "read_npz"]


_LONGEST_HEADER = 10_000
_HEADER = re.compile(
    rb"\{'descr': (?P<descr>'[^']*'|\[.*\]), 'fortran_order': (?P<fortran>True|False), "
    # Python 2 wrote its long integers with an L
    rb"'shape': \((?P<shape>(?:-?\d{1,99}L?, ?)*(?:-?\d{1,99}L?)?)\),? ?\} *\n?"
)


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
    if dtype == np.dtype(object) and not rows:
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
    try:
        return flat.reshape(shape, order="F" if fortran else "C")
    except ValueError as error:  # more axes, or larger ones, than NumPy has
        raise UserError(f"{where} has no possible shape: {error}") from error


def _read_header(
    content: bytes, where: str
) -> tuple[tuple[int, ...], bool, np.dtype, int]:
    """Return shape, whether Fortran's order, dtype, and where the numbers begin.

    The header is a Python literal, but NumPy writes it in one form only; so nothing
    needs to parse Python from a file, which is slow, warns and fails in many ways.
    """
    start, length = {b"\x01": (10, "<H"), b"\x02": (12, "<I"), b"\x03": (12, "<I")}.get(
        content[6:7], (0, "")
    )
    if content[:6] != b"\x93NUMPY" or not start or len(content) < start:
        raise UserError(f"{where} must have a .npy header, got {content[:12]!r}")
    (size,) = struct.unpack(length, content[8:start])
    text = content[start : start + min(size, _LONGEST_HEADER)]
    header = _HEADER.fullmatch(text)
    if header is None or len(text) != size:
        raise UserError(
            f"{where} must have a .npy header, got {size:,} bytes: {text[:100]!r}"
        )
    fortran, lengths = header["fortran"] == b"True", header["shape"]
    shape = tuple(int(length) for length in re.findall(rb"-?\d+", lengths))
    return shape, fortran, _dtype(header["descr"], where), start + size


def _dtype(descr: bytes, where: str) -> np.dtype:
    if re.fullmatch(rb"'[|<>=]?O\d?'", descr):
        return np.dtype(object)
    if re.fullmatch(rb"'[|<>=]?[biuf]\d{1,2}'", descr):
        try:
            return np.dtype(descr[1:-1].decode())
        except TypeError:
            pass
    raise UserError(
        f"{where} must be numbers or rows of integers, got {descr[:60].decode('latin')}"
    )


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
