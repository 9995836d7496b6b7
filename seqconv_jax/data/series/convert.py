"""A series of any length: its file read in parts, written once as arrays to be mapped.

What is read of the first part (the form of the text, the form of times, which columns
hold numbers) holds for the others.
"""

import inspect
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError, expect, one_of, positive_int
from seqconv_jax.data.files.array_folder import (
    ArrayFolder,
    check_place,
    new_folder,
    open_folder,
)
from seqconv_jax.data.files.origin import Origin
from seqconv_jax.data.series.csv_parts import csv_parts, worded
from seqconv_jax.data.series.missing import missing_cells, resolve, split_marks
from seqconv_jax.data.series.parquet import parquet_parts
from seqconv_jax.data.series.read import read_series, reading
from seqconv_jax.data.series.rules import Parts
from seqconv_jax.data.series.series import Series
from seqconv_jax.data.series.source_file import existing_file
from seqconv_jax.data.series.table import Table
from seqconv_jax.data.series.timeline import shown_time

__all__ = ["KIND", "convert_series", "open_series"]

KIND = "series"
PART_BYTES = 2**24
# Options of `read_series` that need the whole file at once, and what they may be.
_ALLOWED = {
    "missing": ("error", "keep", "previous", "drop"),
    "unsorted": ("error", "keep"),
    "duplicates": ("error", "keep"),
}


def convert_series(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    part_bytes: int = PART_BYTES,
    **options: Any,
) -> Series:
    r"""Read a file of a series in parts, and keep it as arrays to be mapped.

    The series is that of `read_series`, but its values and times stay in the folder's
    files, and only what is used of them is read. So it may be larger than the memory,
    and is open at once. `forecast_task` makes tasks of it whose arrays lie in the same
    folder, and `train.fit` streams them if they are large.

    Args:
        path: a text file, packed by gzip or not, or a Parquet file.
        out: the folder to make.
        overwrite: whether to replace an older folder of a series.
        part_bytes: about how many bytes of text to hold at once.
        **options: those of `read_series`, but for what needs the whole file: no
            `trim`, `reverse`, `skip_footer`, `categories="one-hot"`,
            `missing="interpolate"`, `unsorted="sort"`, and no repeated times left out.

    Returns:
        The series, opened from the folder; `open_series`, and `read_series` of the
        folder, open it again.

    Raises:
        UserError: as `read_series`; nothing is left of the folder then.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "river.csv")
        ...     _ = path.write_text("day;level (m)\n2020-01-01;2,5\n2020-01-02;3\n")
        ...     series = convert_series(path, f"{folder}/river", time="day")
        ...     sorted(each.name for each in series.folder.iterdir())
        ['series.json', 'times.npy', 'values.npy']
        >>> series.values.tolist(), series.notes[:2]
        ([[2.5], [3.0]], ("separated by ';' (found)", 'decimal comma (found)'))
    """
    positive_int("part_bytes", part_bytes)
    _check_options(options)
    file, out = existing_file(path), Path(out)
    check_place(out, KIND, overwrite)
    with new_folder(out, KIND, overwrite=overwrite) as new:
        parts = _Parts(options)
        for table, moved in _tables(file, parts, part_bytes):
            with worded(moved, parts.rows):
                values, times = parts.add(table, str(file))
            new.append("values", values)
            if times is not None:
                new.append("times", times)
        new.finish(
            {**parts.told(), "source": str(file), "hash": Origin.of(file).sha256}
        )
    return open_series(out)


def open_series(path: str | os.PathLike[str], *, verify: bool = False) -> Series:
    """Open the series of a folder that `convert_series` made.

    Args:
        path: the folder.
        verify: whether to read all of it, and compare checksums.

    Returns:
        The series; its values and times are memory maps, and can't be written to.

    Raises:
        UserError: if the folder holds no series, or is damaged.
    """
    return series_of(open_folder(Path(path), KIND, verify=verify))


def series_of(folder: ArrayFolder) -> Series:
    """Return the series that a folder holds."""
    told, arrays = folder.content, folder.arrays
    return Series(
        values=arrays["values"],
        times=arrays.get("times"),
        columns=tuple(told["columns"]),
        origin=Origin(Path(told["source"]), "file", told["hash"]),
        missing=told["missing"],
        notes=tuple(told["notes"]),
        read_options=told["read_options"],
        allow=tuple(told["allow"]),
        folder=folder.path,
    )


def _check_options(options: Mapping[str, Any]) -> None:
    known = inspect.signature(read_series).parameters.keys() - {"path", "max_bytes"}
    for name, value in options.items():
        one_of("options", name, sorted(known))
        if name in _ALLOWED:
            one_of(name, value, _ALLOWED[name])
    for name in ("trim", "reverse"):
        whole = bool(options.get(name, False))
        expect(not whole, name, "False for a file that is read in parts", whole)
    if options.get("categories") == "one-hot":
        raise UserError(
            "`categories` must be a mapping of columns to their values for a file that "
            "is read in parts, got 'one-hot'"
        )


def _tables(file: Path, parts: "_Parts", size: int) -> Iterator[tuple[Table, int]]:
    columns, form, _ = reading(parts.options)
    if file.name.lower().endswith(".parquet"):
        yield from ((table, 0) for table in parquet_parts(file, columns, size))
        return

    def later(table: Table):
        columns, form, _ = reading(parts.options | dict(table.options))
        return form, columns

    yield from csv_parts(file, form, columns, later, size)


class _Parts:
    """The rules of reading, applied to one part behind the other.

    Attributes:
        options: those of `read_series`, with what was found once the first was read.
        rows: how many rows were read.
    """

    def __init__(self, options: Mapping[str, Any]):
        self.options, self.rows = dict(options), 0
        self._rule = options.get("missing", "error")
        self._first: Parts | None = None
        self._gone: dict[str, int] = {}
        self._last: tuple[np.ndarray, np.datetime64 | None] | None = None
        self._dropped = 0

    def add(self, table: Table, where: str) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the values and times of the next part."""
        rules = reading(self.options)[2]._replace(missing="keep")
        parts = rules.apply(table, where)
        if self._first is None:
            self._first = parts
            self.options |= {**parts.read_options, "missing": self._rule}
        # text that means missing may first be met in a later part
        self.options["missing_marks"] = parts.read_options["missing_marks"]
        if parts.columns != self._first.columns:
            raise UserError(f"{where}: columns {parts.columns} in a later part")
        self._check_order(parts.times, where)
        for name, count in parts.missing.items():
            self._gone[name] = self._gone.get(name, 0) + count
        values, whole = self._resolved(parts, rules.missing_marks, where)
        times = parts.times
        self.rows += len(parts.values)
        self._last = values[-1].copy(), None if times is None else times[-1]
        if whole is not None:
            self._dropped += int((~whole).sum())
            values, times = values[whole], None if times is None else times[whole]
        return values, times

    def told(self) -> dict[str, Any]:
        """Return what to keep of them beside the arrays."""
        first = self._first
        assert first is not None  # a file without rows is an error of its reader
        passing = ("missing cells kept as they are", "text that means missing")
        notes = [n for n in first.notes if not any(words in n for words in passing)]
        if count := sum(self._gone.values()):
            done = {"keep": "kept as they are", "drop": "left out with their rows"}
            notes.append(
                f"{count:,} missing cells {done.get(self._rule, 'filled')} "
                f"(missing={self._rule!r})"
            )
        if self._dropped:
            notes.append(f"{self._dropped:,} rows with missing cells left out")
        allowed = {
            name: self.options.get(name) == "keep"
            for name in ("missing", "unsorted", "duplicates")
        }
        return {
            "columns": first.columns,
            "missing": self._gone,
            "notes": notes,
            "read_options": self.options,
            "allow": [name for name, keeps in allowed.items() if keeps],
        }

    def _resolved(
        self, parts: Parts, marks: Any, where: str
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the values, missing cells filled, and which rows to keep."""
        values, times = parts.values, parts.times
        gone = missing_cells(values, split_marks(marks)[0])
        if self._rule != "previous" or self._last is None:
            return resolve(values, gone, self._rule, parts.columns, times, where)
        values = np.concatenate([self._last[0][None], values])
        gone = np.concatenate([np.zeros_like(gone[:1]), gone])
        values, _ = resolve(values, gone, self._rule, parts.columns, None, where)
        return values[1:], None

    def _check_order(self, times: np.ndarray | None, where: str) -> None:
        """Raise if a part does not go on behind the last one."""
        if times is None or self._last is None or self._last[1] is None:
            return
        last, allowed = self._last[1], self.options.get
        if times[0] == last and allowed("duplicates") != "keep":
            raise UserError(
                f"{where} row 0 repeats the time {shown_time(last)}; pass "
                "duplicates='keep', or convert a file without repeated times"
            )
        if times[0] < last and allowed("unsorted") != "keep":
            raise UserError(
                f"{where} row 0: time runs backwards, to {shown_time(times[0])} after "
                f"{shown_time(last)}; pass unsorted='keep', or convert a sorted file"
            )
