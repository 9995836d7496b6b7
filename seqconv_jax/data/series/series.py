"""A time series as one table of numbers, read from a CSV or Parquet file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.data.series.csv import parse_csv
from seqconv_jax.data.series.durations import format_duration
from seqconv_jax.data.files.cache import sha256_file
from seqconv_jax.data.series.missing import count_by_column, missing_cells, resolve
from seqconv_jax.data.series.parquet import read_parquet
from seqconv_jax.data.series.table import MAX_BYTES, Columns, Table, csv_bytes, existing_file
from seqconv_jax.data.series.timeline import (
    arrange,
    gap_rows,
    parse_times,
    sampling,
    shown_time,
)

# Below this share of equal steps a duration says nothing about a number of rows. Daily
# market bars, with their weekends and holidays, have 0.78; a weather station with a
# few outages has 0.999.
_REGULAR_SHARE = 0.9


@dataclass(frozen=True, kw_only=True, eq=False)
class Series:
    """Rows of numbers in order of time.

    Attributes:
        values: `(rows, columns)` float64.
        columns: the name of each column.
        times: `(rows,)` `datetime64[us]`, or None where the file has no time column.
        path: the file it was read from, if any.
        sha256: the hash of that file's bytes as they lie on disk, if any.
        data_source: "file", "cache", "download" or "generated".
        missing: how many cells of which column were missing in the file, before
            any rule was applied; columns without any are left out.
        notes: what reading changed, a sentence each.
        every: the file's own sampling: the most common step between two rows.
        share: the share of all steps that equal `every`.
        gaps: the rows that do not follow the row before them by exactly `every`.
        repeated: how many rows repeat the time of an earlier row.
    """

    values: np.ndarray = field(repr=False)
    columns: tuple[str, ...]
    times: np.ndarray | None = field(default=None, repr=False)
    path: str | None = None
    sha256: str | None = None
    data_source: str = "file"
    missing: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    every: np.timedelta64 | None = field(init=False)
    share: float = field(init=False)
    gaps: np.ndarray = field(init=False, repr=False)
    repeated: int = field(init=False)

    def __post_init__(self) -> None:
        """Work out the sampling and the gaps from the times."""
        rows = self.values.shape[0]
        if self.values.shape != (rows, len(self.columns)):
            raise UserError(
                f"`values` must have shape (rows, {len(self.columns)}), one column for "
                f"each name, got {self.values.shape}"
            )
        times, every, share, gaps, repeated = self.times, None, 0.0, np.arange(0), 0
        if times is not None:
            if times.shape != (rows,):
                raise UserError(f"`times` must have shape ({rows},), got {times.shape}")
            every, share = sampling(times)
            gaps = gap_rows(times, every)
            repeated = rows - len(np.unique(times))
        for name, value in (
            ("every", every),
            ("share", share),
            ("gaps", gaps),
            ("repeated", repeated),
        ):
            object.__setattr__(self, name, value)

    @property
    def name(self) -> str:
        """What to call the series in a message."""
        return self.path or f"the {self.data_source} series"

    @property
    def regular(self) -> bool:
        """Whether nine in ten steps are equal, so that durations have a meaning."""
        return self.share >= _REGULAR_SHARE

    def report(self) -> str:
        """Return a few lines for a person: extent, sampling, gaps, missing cells."""
        rows, columns = self.values.shape
        lines = [f"{self.name}: {rows:,} rows, {columns} columns"]
        if self.times is not None:
            lines[0] += f", {shown_time(self.times[0])} to {shown_time(self.times[-1])}"
            lines.append(self._sampling_line())
            lines.append(f"repeated times: {self.repeated or 'none'}")
        counts = ", ".join(f"{name} {count:,}" for name, count in self.missing.items())
        lines.append(f"missing cells in the file: {counts or 'none'}")
        return "\n  ".join([*lines, *self.notes])

    def _sampling_line(self) -> str:
        if self.every is None:
            return "no sampling: time never moves forward"
        every = format_duration(self.every)
        if not self.regular:
            return (
                f"most common step {every} ({self.share:.0%} of the rows): not "
                "regular, so windows are counted in rows"
            )
        if not len(self.gaps):
            return f"every {every}; gaps: none"
        first = ", ".join(f"{row:,}" for row in self.gaps[:5])
        more = " ..." if len(self.gaps) > 5 else ""
        return f"every {every}; gaps: {len(self.gaps):,} (at rows {first}{more})"


def read_series(
    path: str | Path,
    *,
    time: str | None = None,
    keep: Sequence[str] | None = None,
    drop: Sequence[str] = (),
    time_format: str | None = None,
    missing_marks: Sequence[float] = (-9999.0,),
    missing: str = "error",
    reverse: bool = False,
    unsorted: str = "error",
    duplicates: str = "error",
    max_bytes: int = MAX_BYTES,
    data_source: str = "file",
) -> Series:
    """Read a time series from a CSV or Parquet file; nothing is mended unasked.

    A CSV file is UTF-8 text separated by commas with a line of column names. Blank
    lines, any line ends and a byte order mark are accepted. Rows are counted from 0,
    the first row after the names.

    Args:
        path: a `.csv`, `.csv.gz`, `.zip` (with one CSV member) or `.parquet` file.
        time: the column of times (see `timeline.parse_times` for the forms); None for
            a file without one, which then understands rows only, no durations.
        keep: the columns to read, None for all; they stay in the file's order.
        drop: columns to leave out.
        time_format: a `strptime` format, where the form is not recognised.
        missing_marks: numbers that mean "missing"; pass `()` if they are real.
        missing: what to do about cells that are empty, infinite or a mark: "error",
            "keep" them as they are, take the "previous" value, "interpolate" (which
            looks at the next value, so a window may see past its end) or "drop" rows.
        reverse: whether the file has its newest row first.
        unsorted: what to do where time runs backwards: "error", "sort" or "keep".
        duplicates: what to do about repeated times: "error", "first", "last" (keep
            that row only) or "keep" all.
        max_bytes: most bytes to read, after unpacking.
        data_source: recorded in the series.

    Returns:
        The series, its values finite unless `missing="keep"`.

    Raises:
        UserError: one line that names the file, the place and the remedy.
    """
    file = existing_file(path)
    columns = Columns(time, keep, drop)
    table = _read_table(file, columns, max_bytes)
    values, stamps, notes = table.values, table.stamps, []
    times = None if stamps is None else parse_times(stamps, time_format, str(file))
    if reverse:
        values = np.ascontiguousarray(values[::-1])
        times = None if times is None else times[::-1].copy()
        notes.append("rows reversed")
    if times is not None:
        rows, changes = arrange(
            times, duplicates=duplicates, unsorted=unsorted, where=str(file)
        )
        notes += changes
        if rows is not None:
            values, times = values[rows], times[rows]
    gone = missing_cells(values, missing_marks)
    values, whole = resolve(values, gone, missing, table.names, times, str(file))
    if whole is not None:
        values, times = values[whole], None if times is None else times[whole]
        notes.append(f"{int((~whole).sum()):,} rows with missing cells left out")
    elif gone.any() and missing != "keep":
        notes.append(f"{int(gone.sum()):,} missing cells filled (missing={missing!r})")
    return Series(
        values=values,
        columns=table.names,
        times=times,
        path=str(file),
        sha256=sha256_file(file),
        data_source=data_source,
        missing=count_by_column(gone, table.names),
        notes=tuple(notes),
    )


def _read_table(file: Path, columns: Columns, max_bytes: int) -> Table:
    if file.name.lower().endswith(".parquet"):
        return read_parquet(file, columns, max_bytes)
    return parse_csv(csv_bytes(file, max_bytes), columns, str(file))
