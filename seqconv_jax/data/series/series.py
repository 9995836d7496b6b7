"""A time series: one table of numbers, its times, and what they say of sampling."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqconv_jax._checks import UserError, expect, one_of
from seqconv_jax._windows import row_blocks
from seqconv_jax.data.files.origin import DataSource, Origin
from seqconv_jax.data.series.durations import Step, format_duration
from seqconv_jax.data.series.given import (
    IN_UTC,
    given_columns,
    given_times,
    given_values,
)
from seqconv_jax.data.series.missing import (
    count_by_column,
    found_missing,
    split_marks,
)
from seqconv_jax.data.series.pandas_frame import frame_table
from seqconv_jax.data.series.rules import Rules
from seqconv_jax.data.series.sampling import Sampling, sampling
from seqconv_jax.data.series.table import Columns
from seqconv_jax.data.series.timeline import check_rising, count_steps, shown_time

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Series"]

_UNTIMED = Sampling(None, 0.0, np.arange(0), shorter=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class Series:
    """Rows of numbers in order of time, oldest first.

    What is given is checked as `read_series` checks a file (numbers that only mean
    "missing" apart, which no array tells of): nothing is sorted, filled or left out.

    >>> series = Series(
    ...     values=np.arange(4.0)[:, None],
    ...     columns=("level (m)",),
    ...     times=np.array(["2020-01-01T00", "2020-01-01T01", "2020-01-01T02",
    ...                     "2020-01-01T04"], "datetime64[us]"),
    ... )
    >>> series.every, series.gaps.tolist()
    (np.timedelta64(3600000000,'us'), [3])

    Attributes:
        values: `(rows, columns)` float64, or integers and floats that become it.
        columns: the name of each column; a unit in brackets at the end, as in
            "level (m)", is the unit that scores of the column are given in.
        times: `(rows,)` `datetime64[us]`, rising, in UTC where it had a zone; None
            where there are none. Taken as well: `datetime64` of any unit, a list of
            `datetime`, a `DatetimeIndex` or `PeriodIndex` of pandas.
        origin: the file it was read from, if any, and that file's hash.
        missing: how many cells of which column were missing in the file, before
            any rule was applied; columns without any are left out.
        notes: what reading changed, a sentence each.
        read_options: keyword arguments of `read_series` that read another file the way
            this one was read: what was given and what was found, as strict JSON.
        folder: that of a converted file, whose arrays `values` and `times` are read
            from there as they are needed; see `convert_series`.
        allow: which faults may stay: "missing" (cells that are not finite),
            "unsorted" (times that run backwards) and "duplicates" (repeated times).
        every: the file's own sampling: the most common step between two rows. It is
            `numpy.timedelta64(n, "M")` where rows follow the calendar's months
            (quarters and years are 3 and 12), and `BusinessDays(n)` where they leave
            out Saturdays and Sundays.
        regularity: the fraction of all steps that equal `every`.
        gaps: the rows that do not follow the row before them by exactly `every`.
        repeated: how many rows repeat the time of an earlier row.

    Raises:
        UserError: if the shapes of values, columns and times do not fit together, for
            other kinds of values or times, or a fault that is not in `allow`.
    """

    values: np.ndarray = field(repr=False)
    columns: tuple[str, ...]
    times: np.ndarray | None = field(default=None, repr=False)
    origin: Origin = Origin()
    missing: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    read_options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    folder: Path | None = field(default=None, repr=False)
    allow: Collection[str] = ()
    every: Step | None = field(init=False)
    regularity: float = field(init=False)
    gaps: np.ndarray = field(init=False, repr=False)
    repeated: int = field(init=False)
    _sampling: Sampling = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Check what is given, and work out the sampling and the gaps."""
        for name, kind, words in (
            ("allow", (tuple, list, set, frozenset), "a tuple of texts"),
            ("notes", (tuple, list), "a tuple of texts"),
            ("missing", Mapping, "a mapping of columns to counts"),
            ("read_options", Mapping, "a mapping of options of `read_series`"),
            ("origin", Origin, "an Origin"),
        ):
            value = getattr(self, name)
            expect(isinstance(value, kind), name, words, value)
        for fault in self.allow:
            one_of("allow", fault, ("missing", "unsorted", "duplicates"))
        columns = given_columns(self.columns)
        values = given_values(self.values, columns)
        times, notes = self.times, ()
        found, repeated = _UNTIMED, 0
        if times is not None:
            times, notes = given_times(times, len(values))
            check_rising(times, self.allow)
            found = sampling(times)
            rising = len(times) - 1 == count_steps(times)
            repeated = 0 if rising else len(times) - len(np.unique(times))
        for name, value in (
            ("columns", columns),
            ("values", values),
            ("times", times),
            ("missing", self._missing(values, columns, times)),
            ("notes", (*self.notes, *notes)),
            ("every", found.every),
            ("regularity", found.regularity),
            ("gaps", found.gaps),
            ("_sampling", found),
            ("repeated", repeated),
        ):
            object.__setattr__(self, name, value)

    def _missing(
        self, values: np.ndarray, columns: tuple[str, ...], times: np.ndarray | None
    ) -> Mapping[str, int]:
        """Return the counts of missing cells after checking that they may stay."""
        blocks = row_blocks(*values.shape)
        if all(np.isfinite(values[rows]).all() for rows in blocks):
            return self.missing
        missing = ~np.isfinite(values)
        if "missing" not in self.allow:
            found = found_missing(values, missing, columns, times)
            raise UserError(
                f"`values` must be finite: {found}; fill them or leave the rows out, "
                "or pass allow=('missing',)"
            )
        return self.missing or count_by_column(missing, columns)

    @classmethod
    def from_pandas(
        cls,
        frame: "pd.DataFrame | pd.Series",
        *,
        time: str | Sequence[str] | None = None,
        keep: Sequence[str] | None = None,
        drop: Sequence[str] = (),
        time_format: str | None = None,
        day_first: bool | None = None,
        zone: str | None = None,
        missing_marks: Sequence[float | str] = (-9999.0,),
        missing: str = "error",
        trim: bool = False,
        categories: str | Mapping[str, Sequence[str]] | None = None,
        reverse: bool = False,
        unsorted: str = "error",
        duplicates: str = "error",
        origin: Origin = Origin(),  # noqa: B008 - frozen
    ) -> "Series":
        """Return the series that a pandas frame holds; nothing is fixed unasked.

        Args:
            frame: a frame, or a named series, of numbers. Its index gives the times if
                it is of times or periods; one that counts rows is left out.
            time: the column or columns (or the index by its name) of times, instead;
                "auto" finds them.
            keep: see `read_series`, as for all that follow.
            drop: columns to leave out.
            time_format: the form of times that are text, where it is not recognised.
            day_first: whether days come before months, where that is open.
            zone: the zone of times that name none.
            missing_marks: numbers (and texts in columns of text) that mean "missing".
            missing: what to do about cells that are missing, `pandas.NA` included.
            trim: leave out the rows at both ends that have missing cells.
            categories: what to do with columns of text.
            reverse: whether the frame has its newest row first.
            unsorted: what to do where time runs backwards.
            duplicates: what to do about repeated times.
            origin: the file that the frame was read from, if a run is to record it.

        Raises:
            UserError: naming the columns that are not numbers, for an index of another
                kind, and for what `read_series` raises.

        Example:
            >>> import pandas as pd
            >>> days = pd.date_range("2020-01-01", periods=3, tz="Europe/Berlin")
            >>> frame = pd.DataFrame({"level (m)": [2.5, None, 3.5]}, index=days)
            >>> series = Series.from_pandas(frame, missing="interpolate")
            >>> series.values[:, 0].tolist(), series.notes[0]
            ([2.5, 3.0, 3.5], 'times with a zone are given in UTC')
        """
        rules = Rules(
            time_format=time_format,
            day_first=day_first,
            zone=zone,
            missing_marks=missing_marks,
            missing=missing,
            trim=trim,
            categories=categories,
            reverse=reverse,
            unsorted=unsorted,
            duplicates=duplicates,
        )
        texts = tuple(split_marks(missing_marks)[1])
        columns = Columns(time, keep, drop, categories, texts)
        table = frame_table(frame, columns)
        return cls(**rules.apply(table, "the frame")._asdict(), origin=origin)

    @property
    def name(self) -> str:
        """What to call the series in a message."""
        made = (
            "the generated series" if self.data_source == "generated" else "the series"
        )
        return self.path or made

    @property
    def data_source(self) -> DataSource:
        """Where it comes from: "file", "cache", "download" or "generated"."""
        return self.origin.source

    @property
    def path(self) -> str | None:
        """The file it was read from, or None."""
        return None if self.origin.path is None else str(self.origin.path)

    @property
    def sha256(self) -> str | None:
        """The hash of that file, or None."""
        return self.origin.sha256

    @property
    def regular(self) -> bool:
        """Whether nine in ten steps are equal, so that durations have a meaning."""
        return self._sampling.regular

    @property
    def utc(self) -> bool:
        """Whether times had a zone, and are therefore known to be in UTC."""
        return any(note.endswith(IN_UTC) for note in self.notes)

    def report(self) -> str:
        """Return a few lines for a person: extent, sampling, gaps, missing cells."""
        rows, columns = self.values.shape
        lines = [f"{self.name}: {rows:,} rows, {columns} columns"]
        if self.times is None:
            lines.append("no times: their order, sampling, gaps, repeats not checked")
        else:
            first, last = self.times.min(), self.times.max()
            lines[0] += f", {shown_time(first)} to {shown_time(last)}"
            lines.append(self._sampling_line())
            if back := count_steps(self.times, backward=True):
                lines.append(f"rows whose time runs backwards: {back:,}")
            lines.append(f"repeated times: {self.repeated or 'none'}")
        counts = ", ".join(f"{name} {count:,}" for name, count in self.missing.items())
        lines.append(f"missing cells: {counts or 'none'}")
        return "\n  ".join([*lines, *self.notes])

    def _sampling_line(self) -> str:
        if self.every is None:
            return "no sampling, gaps not counted: time never moves forward"
        every = format_duration(self.every)
        if not self.regular:
            return (
                f"most common step {every} ({self.regularity:.0%} of the rows): not "
                "regular, so windows are counted in rows and gaps are not counted"
            )
        if not len(self.gaps):
            return f"every {every}; gaps: none"
        first = ", ".join(f"{row:,}" for row in self.gaps[:5])
        more = " ..." if len(self.gaps) > 5 else ""
        what = "gaps and shorter steps" if self._sampling.shorter else "gaps"
        return f"every {every}; {what}: {len(self.gaps):,} (at rows {first}{more})"
