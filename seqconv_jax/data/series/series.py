"""A time series: one table of numbers, its times, and what they say of sampling."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.data.files.origin import DataSource, Origin
from seqconv_jax.data.series.durations import format_duration
from seqconv_jax.data.series.timeline import gap_rows, sampling, shown_time

__all__ = ["Series"]

# With a smaller fraction of equal steps a duration says nothing about a number of rows.
# Daily market bars, with their weekends and holidays, have 0.78; a weather station with
# a few outages has 0.999.
_REGULAR = 0.9


@dataclass(frozen=True, kw_only=True, eq=False)
class Series:
    """Rows of numbers in order of time.

    >>> series = Series(
    ...     values=np.arange(4.0)[:, None],
    ...     columns=("level (m)",),
    ...     times=np.array(["2020-01-01T00", "2020-01-01T01", "2020-01-01T02",
    ...                     "2020-01-01T04"], "datetime64[us]"),
    ... )
    >>> series.every, series.gaps.tolist()
    (np.timedelta64(3600000000,'us'), [3])

    Attributes:
        values: `(rows, columns)` float64.
        columns: the name of each column.
        times: `(rows,)` `datetime64[us]`, or None where the file has no time column.
        origin: the file it was read from, if any, and that file's hash.
        missing: how many cells of which column were missing in the file, before
            any rule was applied; columns without any are left out.
        notes: what reading changed, a sentence each.
        every: the file's own sampling: the most common step between two rows.
        regularity: the fraction of all steps that equal `every`.
        gaps: the rows that do not follow the row before them by exactly `every`.
        repeated: how many rows repeat the time of an earlier row.

    Raises:
        UserError: if the shapes of values, columns and times do not fit together.
    """

    values: np.ndarray = field(repr=False)
    columns: tuple[str, ...]
    times: np.ndarray | None = field(default=None, repr=False)
    origin: Origin = Origin()
    missing: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    every: np.timedelta64 | None = field(init=False)
    regularity: float = field(init=False)
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
        times, every, regularity, gaps = self.times, None, 0.0, np.arange(0)
        repeated = 0
        if times is not None:
            if times.shape != (rows,):
                raise UserError(f"`times` must have shape ({rows},), got {times.shape}")
            every, regularity = sampling(times)
            gaps = gap_rows(times, every)
            repeated = rows - len(np.unique(times))
        for name, value in (
            ("every", every),
            ("regularity", regularity),
            ("gaps", gaps),
            ("repeated", repeated),
        ):
            object.__setattr__(self, name, value)

    @property
    def name(self) -> str:
        """What to call the series in a message."""
        return self.path or f"the {self.data_source} series"

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
        return self.regularity >= _REGULAR

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
                f"most common step {every} ({self.regularity:.0%} of the rows): not "
                "regular, so windows are counted in rows"
            )
        if not len(self.gaps):
            return f"every {every}; gaps: none"
        first = ", ".join(f"{row:,}" for row in self.gaps[:5])
        more = " ..." if len(self.gaps) > 5 else ""
        return f"every {every}; gaps: {len(self.gaps):,} (at rows {first}{more})"
