"""A file of columns as one table of numbers: which file, which columns."""

import gzip
import os
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError, shown
from seqconv_jax.data.files.archive import read_member

__all__ = [
    "MAX_BYTES",
    "MOST_COLUMNS",
    "Columns",
    "Table",
    "check_unnamed",
    "csv_bytes",
    "existing_file",
    "listed",
    "too_large",
    "unknown_column",
    "unnamed_note",
]

MOST_COLUMNS = 10_000
MAX_BYTES = 2**30


# What pandas writes for an index: nothing in CSV, "Unnamed: 0" once that is read and
# written again, "__index_level_0__" in Parquet.
_NO_NAME = re.compile(r"|Unnamed: \d+[.\d]*|__index_level_\d+__").fullmatch


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

    def __post_init__(self) -> None:
        """Keep the names as tuples, else raise `UserError`."""
        for option in ("keep", "drop"):
            names = getattr(self, option)
            if isinstance(names, str) or not isinstance(names, Iterable | None):
                raise UserError(
                    f"`{option}` must be a list of names, got {shown(names)}"
                )
            object.__setattr__(self, option, names if names is None else tuple(names))

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
        self._check_known(names, where)
        wanted = set(names if self.keep is None else self.keep)
        unnamed = [names[at] for at in self.unnamed(names)]
        wanted = wanted.difference(self.drop, [self.time], unnamed)
        values = [index for index, name in enumerate(names) if name in wanted]
        if not values:
            raise UserError(f"{where}: no column of values is left of {listed(names)}")
        return values, None if self.time is None else list(names).index(self.time)

    def unnamed(self, names: Sequence[str]) -> list[int]:
        """Return where the columns are that have no name and that nobody asked for.

        They are an index as pandas writes it, and no input of a forecast.
        """
        asked = {*(self.keep or ()), *self.drop, self.time}
        return [
            at for at, name in enumerate(names) if _NO_NAME(name) and name not in asked
        ]

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
    near = get_close_matches(str(name)[:100], [other[:100] for other in names], n=1)
    hint = f"did you mean {near[0]!r} among " if near else "it has "
    return UserError(
        f"`{option}` = {shown(name)} is no column of {where}; {hint}{listed(names)}"
    )


def unnamed_note(names: Sequence[str]) -> tuple[str, ...]:
    """Return a note that columns without a name are left out, if there are any."""
    if not names:
        return ()
    return (
        f"columns without a name left out (an index?): {listed(names)}; keep=... or "
        "time=... reads them",
    )


def check_unnamed(name: str, cell: str, number: bool, where: str) -> None:
    """Raise for a column without a name that is more than a count of rows."""
    if not number:
        raise UserError(
            f"{where}: a column without a name ({name!r}) holds {cell}; pass "
            f"time={name!r} if that is the time, else drop=[{name!r}]"
        )


def listed(names: Sequence[Any], most: int = 30) -> str:
    """Return the names as a text of at most `most` of them."""
    first = ", ".join(repr(name) for name in names[:most])
    return first + (f" and {len(names) - most:,} more" if len(names) > most else "")


def existing_file(path: str | os.PathLike[str] | None) -> Path:
    """Return `path` as a `Path` if it is a file, else raise `UserError`."""
    if path is None:
        raise UserError("`path` must name a CSV or Parquet file, got generated data")
    if not isinstance(path, (str, os.PathLike)):
        raise UserError(
            f"`path` must name a CSV or Parquet file, got {shown(path)}; a pandas "
            "frame is for Series.from_pandas"
        )
    path = Path(path)
    if not os.path.isfile(path):
        what = "is a folder" if os.path.isdir(path) else "is no regular file"
        what = what if os.path.exists(path) else "does not exist"
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
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error
    if len(data) > max_bytes:
        raise too_large(path, max_bytes)
    return data


def too_large(path: Path, max_bytes: int) -> UserError:
    """Return the error for a file of more than `max_bytes` bytes."""
    return UserError(
        f"{path} holds more than {max_bytes:,} bytes; raise `max_bytes` to read it"
    )
