"""Reading a time series from a CSV or Parquet file."""

import os
from collections.abc import Sequence
from pathlib import Path

from seqconv_jax._checks import positive_int
from seqconv_jax.data.files.origin import Origin
from seqconv_jax.data.series.csv import parse_csv
from seqconv_jax.data.series.parquet import read_parquet
from seqconv_jax.data.series.rules import Rules
from seqconv_jax.data.series.series import Series
from seqconv_jax.data.series.table import (
    MAX_BYTES,
    Columns,
    Table,
    csv_bytes,
    existing_file,
)

__all__ = ["read_series"]


def read_series(
    path: str | os.PathLike[str] | Origin,
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
) -> Series:
    r"""Read a time series from a CSV or Parquet file; nothing is fixed unasked.

    A CSV file is UTF-8 text separated by commas with a line of column names. Blank
    lines, any line ends and a byte order mark are accepted. Rows are counted from 0,
    the first row after the names.

    Args:
        path: a `.csv`, `.csv.gz`, `.zip` (with one CSV member) or `.parquet` file; or
            what `find` returned for one, which is not hashed again.
        time: the column of times (see `times.parse_times` for the forms); None for
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

    Returns:
        The series, its values finite unless `missing="keep"`.

    Raises:
        UserError: one line that names the file, the place and the remedy.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "river.csv")
        ...     _ = path.write_text("day,level (m)\n2020-01-01,2.5\n2020-01-02,\n")
        ...     series = read_series(path, time="day", missing="previous")
        >>> series.values.tolist(), dict(series.missing)
        ([[2.5], [2.5]], {'level (m)': 1})
    """
    file = existing_file(path.path if isinstance(path, Origin) else path)
    positive_int("max_bytes", max_bytes)
    rules = Rules(time_format, missing_marks, missing, reverse, unsorted, duplicates)
    table = _read_table(file, Columns(time, keep, drop), max_bytes)
    parts = rules.apply(table, str(file))
    origin = path if isinstance(path, Origin) else Origin.of(file)
    return Series(**parts._asdict(), origin=origin)


def _read_table(file: Path, columns: Columns, max_bytes: int) -> Table:
    if file.name.lower().endswith(".parquet"):
        return read_parquet(file, columns, max_bytes)
    return parse_csv(csv_bytes(file, max_bytes), columns, str(file))
