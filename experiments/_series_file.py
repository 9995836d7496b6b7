"""Reading a file of series that somebody brings: flags, and which column is what."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from _cli import Flag, RunSettings

if TYPE_CHECKING:
    from seqconv_jax.data import Series, SeriesGroup

# Flags that `read_series` has by the same names; those at their default are not passed.
_READING = (
    *("keep", "drop", "categories", "time_format", "zone", "separator", "decimal"),
    *("thousands", "encoding", "comment", "skip_rows", "skip_footer", "names"),
    *("missing", "trim", "reverse", "unsorted", "duplicates"),
)


@dataclass(frozen=True, kw_only=True)
class ReadingSettings(RunSettings):
    """Flags that say how a file of series is read; what is left open is found."""

    data: Path | None = None
    """A text file of columns (.csv, .tsv, .txt, .dat, also in .gz or .zip), or a
    .parquet file; by default the Jena climate."""
    time: tuple[str, ...] = ()
    """The column of times, or the columns of its parts; by default found."""
    no_time: Flag = False
    """The file has no times: durations are numbers of rows."""
    series: tuple[str, ...] = ()
    """The column or columns that name the series of a row, in a file of several."""
    time_format: str | None = None
    """The form of times, as of strptime, or unix, where it is not recognised."""
    day_first: Flag = False
    """The day comes before the month in dates, where they leave it open."""
    month_first: Flag = False
    """The month comes before the day in dates, where they leave it open."""
    zone: str | None = None
    """The zone of times that name none, such as Europe/Berlin; they become UTC."""
    keep: tuple[str, ...] | None = None
    """The columns to read beside the times; by default all."""
    drop: tuple[str, ...] = ()
    """Columns to leave out."""
    categories: Literal["one-hot"] | None = None
    """Read columns of text as categories; by default they are left out, and said so."""
    separator: str | None = None
    """What stands between cells: , ; | tab or blank; by default found."""
    decimal: Literal[".", ","] | None = None
    """The decimal mark; by default found."""
    thousands: str | None = None
    """What stands between groups of three digits; never looked for."""
    encoding: str | None = None
    """The encoding of the text, such as latin-1; by default UTF-8 or what it says."""
    comment: str | None = None
    """The character that begins a comment."""
    skip_rows: int | None = None
    """Lines to leave out above the column names; by default found."""
    skip_lines: tuple[int, ...] | None = None
    """Lines to leave out, by their numbers from 1, in place of --skip-rows."""
    skip_footer: int = 0
    """Lines to leave out at the end."""
    names: tuple[str, ...] | None = None
    """The column names, where no line has them; numbered for column 1, column 2 ..."""
    missing_marks: tuple[str, ...] | None = None
    """What means a missing cell, beside the usual texts; by default -9999."""
    missing: Literal["error", "previous", "interpolate", "drop"] = "error"
    """What to do with missing cells."""
    trim: Flag = False
    """Leave out the first and last rows that have missing cells."""
    duplicates: Literal["error", "first", "last", "keep"] = "error"
    """What to do with repeated times."""
    unsorted: Literal["error", "sort", "keep"] = "error"
    """What to do with times that go backwards."""
    reverse: Flag = False
    """Read a newest-first file from its end."""


def read(settings: ReadingSettings) -> "Series | SeriesGroup":
    """Return the series of the file, or the Jena climate where none is given.

    Raises:
        UserError: for a file that cannot be read, or that leaves a choice open.
    """
    from seqconv_jax.data import read_series, read_series_group

    if settings.data is None:
        return _jena(settings)
    options = reading_options(settings)
    if settings.series:
        return read_series_group(settings.data, series=settings.series, **options)
    return read_series(settings.data, **options)


def reading_options(settings: ReadingSettings) -> dict[str, Any]:
    """Return the flags that were given as options of `read_series`."""
    from seqconv_jax import UserError

    defaults = ReadingSettings()
    given = {
        name: value
        for name in _READING
        if (value := getattr(settings, name)) != getattr(defaults, name)
    }
    if settings.no_time and (settings.time or settings.series):
        raise UserError("--no-time goes without --time and --series")
    if settings.day_first and settings.month_first:
        raise UserError("--day-first and --month-first exclude each other")
    if settings.day_first or settings.month_first:
        given["day_first"] = settings.day_first
    if not settings.no_time:
        one = settings.time[0] if len(settings.time) == 1 else settings.time
        given["time"] = one or "auto"
    if settings.separator is not None:
        named = {"tab": "\t", "\\t": "\t", "blank": " ", "space": " "}
        given["separator"] = named.get(settings.separator, settings.separator)
    if settings.skip_lines is not None:
        if settings.skip_rows is not None:
            raise UserError("--skip-rows and --skip-lines exclude each other")
        given["skip_rows"] = list(settings.skip_lines)
    if settings.names == ("numbered",):
        given["names"] = "numbered"
    if settings.missing_marks is not None:
        given["missing_marks"] = tuple(map(_mark, settings.missing_marks))
    return given


def choose_targets(
    settings: Any, series: "Series | Mapping[str, Series]"
) -> tuple[str, ...]:
    """Return the columns to forecast: those named, or the only one that there is.

    Raises:
        UserError: listing the columns, where the choice is open or a name is none.
    """
    from seqconv_jax import UserError
    from seqconv_jax.data.series.table import unknown_column

    first = first_of(series)
    for name in settings.target:
        if name not in first.columns:
            error = unknown_column("target", name, first.columns, first.name)
            notes = [
                note for note in first.notes if "left out" in note and name in note
            ]
            raise UserError("; ".join([str(error), *notes]))
    if settings.target:
        return settings.target
    if settings.data is None:
        return ("T (degC)",)
    columns = [name for name in first.columns if name not in settings.future]
    if len(columns) == 1:
        print(f"target: {columns[0]!r}, the only column of numbers")
        return (columns[0],)
    listed = ", ".join(map(repr, columns[:30]))
    more = f" and {len(columns) - 30:,} more" if len(columns) > 30 else ""
    raise UserError(
        f"{len(columns)} columns could be forecast: {listed}{more}; name one, or "
        "several, with --target"
    )


def first_of(series: "Series | Mapping[str, Series]") -> "Series":
    """Return the first of several series: columns and sampling are those of all."""
    return next(iter(series.values())) if isinstance(series, Mapping) else series


def _jena(settings: ReadingSettings) -> "Series":
    """Return the climate without its faults: repeated times, and marks of -9999."""
    from seqconv_jax.data.datasets.jena import JENA, JENA_FILE
    from seqconv_jax.data.datasets.load import load_series
    from seqconv_jax.data.datasets.synthetic_climate import generated_climate

    return load_series(
        JENA_FILE,
        None,
        generated_climate,
        require_real=settings.require_real_data,
        time=JENA.time,
        missing="previous",
        duplicates="first",
        unsorted="sort",
    )


def _mark(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
