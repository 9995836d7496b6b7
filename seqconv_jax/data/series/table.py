"""A file of columns as one table of numbers: which file, which columns."""

import gzip
import os
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.data.files.archive import read_member

__all__ = [
    "MAX_BYTES",
    "MOST_COLUMNS",
    "Columns",
    "Table",
    "csv_bytes",
    "existing_file",
    "listed",
    "too_large",
    "unknown_column",
]

MOST_COLUMNS = 10_000
MAX_BYTES = 2**30


@dataclass(frozen=True, eq=False)
class Table:
    """The columns that were asked for, in the order of the file.

    Attributes:
        names: the names of the value columns.
        values: `(rows, columns)` float64; a missing cell is NaN.
        stamps: `(rows,)` cells of the time column, text or dates; None without one.
        notes: what was left out or read otherwise, a sentence each.
    """

    names: tuple[str, ...]
    values: np.ndarray
    stamps: Any
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Columns:
    """Which columns to read: `keep` (None for all) less `drop`, and the time."""

    time: str | None = None
    keep: Sequence[str] | None = None
    drop: Sequence[str] = ()

    def pick(self, names: Sequence[str], where: str) -> tuple[list[int], int | None]:
        """Return the positions of the value columns and of the time column.

        Args:
            names: every column name of the file.
            where: the file, for messages.

        Raises:
            UserError: for too many, repeated or unknown columns, or none left.
        """
        if len(names) > MOST_COLUMNS:
            raise UserError(
                f"{where} has {len(names):,} columns; at most {MOST_COLUMNS:,} are read"
            )
        repeated = [name for name, count in Counter(names).items() if count > 1]
        if repeated:
            raise UserError(f"{where} names columns more than once: {listed(repeated)}")
        for option in ("keep", "drop"):
            if isinstance(getattr(self, option), str):
                raise UserError(f"`{option}` must be a list of names, got a text")
        self._check_known(names, where)
        wanted = names if self.keep is None else self.keep
        values = [
            index
            for index, name in enumerate(names)
            if name in wanted and name not in self.drop and name != self.time
        ]
        if not values:
            raise UserError(f"{where}: no column of values is left of {listed(names)}")
        return values, None if self.time is None else list(names).index(self.time)

    def _check_known(self, names: Sequence[str], where: str) -> None:
        asked = [("keep", name) for name in self.keep or ()]
        asked += [("drop", name) for name in self.drop]
        asked += [] if self.time is None else [("time", self.time)]
        for option, name in asked:
            if name not in names:
                raise unknown_column(option, name, names, where)


def unknown_column(
    option: str, name: Any, names: Sequence[str], where: str
) -> UserError:
    """Return the error for a name that is no column, with the nearest that is."""
    near = get_close_matches(str(name), names, n=1)
    hint = f"did you mean {near[0]!r} among " if near else "it has "
    return UserError(
        f"`{option}` = {name!r} is no column of {where}; {hint}{listed(names)}"
    )


def listed(names: Sequence[Any], most: int = 30) -> str:
    """Return the names as a text of at most `most` of them."""
    shown = ", ".join(repr(name) for name in names[:most])
    return shown + (f" and {len(names) - most:,} more" if len(names) > most else "")


def existing_file(path: str | os.PathLike[str] | None) -> Path:
    """Return `path` as a `Path` if it is a file, else raise `UserError`."""
    if path is None:
        raise UserError("`path` must name a CSV or Parquet file, got generated data")
    path = Path(path)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise UserError(f"`path` must name a CSV or Parquet file; {path} {what}")
    return path


def csv_bytes(path: Path, max_bytes: int) -> bytes:
    """Return the plain bytes of a `.csv`, `.csv.gz` or one-member `.zip` file.

    Raises:
        UserError: for a file that is damaged, of another kind, or larger than
            `max_bytes` once unpacked.
    """
    name = path.name.lower()
    if name.endswith(".zip"):
        return read_member(path, suffix=".csv", max_bytes=max_bytes)
    if not name.endswith((".csv", ".txt", ".gz")):
        raise UserError(
            f"`path` must end in .csv, .csv.gz, .zip or .parquet, got {str(path)!r}"
        )
    if not name.endswith(".gz") and path.stat().st_size > max_bytes:
        raise too_large(path, max_bytes)
    try:
        with gzip.open(path) if name.endswith(".gz") else path.open("rb") as file:
            # One byte more than allowed is enough to know, and bounds the memory.
            data = file.read(max_bytes + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UserError(f"{path} is damaged, or no gzip file: {error}") from error
    if len(data) > max_bytes:
        raise too_large(path, max_bytes)
    return data


def too_large(path: Path, max_bytes: int) -> UserError:
    """Return the error for a file of more than `max_bytes` bytes."""
    return UserError(
        f"{path} holds more than {max_bytes:,} bytes; raise `max_bytes` to read it"
    )
