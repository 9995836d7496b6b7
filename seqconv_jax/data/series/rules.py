"""From a table as it was read to the parts of a series, by the caller's rules."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from seqconv_jax._checks import UserError, expect, one_of
from seqconv_jax.data.series.categories import one_hot
from seqconv_jax.data.series.long_table import series_hint
from seqconv_jax.data.series.missing import (
    RULES,
    count_by_column,
    missing_cells,
    resolve,
    split_marks,
    whole_rows,
)
from seqconv_jax.data.series.sentinels import counters, warn_of_sentinels
from seqconv_jax.data.series.table import Categories, Table
from seqconv_jax.data.series.timeline import DUPLICATES, UNSORTED, arrange
from seqconv_jax.data.series.times import parse_time_columns

__all__ = ["Parts", "Rules"]


class Parts(NamedTuple):
    """What a `Series` is made of (see there)."""

    values: np.ndarray
    columns: tuple[str, ...]
    times: np.ndarray | None
    missing: Mapping[str, int]
    notes: tuple[str, ...]
    allow: tuple[str, ...]
    read_options: Mapping[str, Any]


class Rules(NamedTuple):
    """What to do about the faults of a table, as `read_series` documents it."""

    time_format: str | None = None
    day_first: bool | None = None
    zone: str | None = None
    missing_marks: Sequence[float | str] = (-9999.0,)
    missing: str = "error"
    trim: bool = False
    categories: Categories = None
    reverse: bool = False
    unsorted: str = "error"
    duplicates: str = "error"

    def apply(self, table: Table, where: str) -> Parts:
        """Return the parts of the series that the rules make of a table.

        Args:
            table: the table, in the order of reading.
            where: the file or frame, for messages.

        Raises:
            UserError: for a fault that no rule allows.

        Warns:
            SentinelWarning: of numbers that look like marks of missing cells.
        """
        self._check(table.stamps is not None, where)
        marks, texts = split_marks(self.missing_marks)
        names, values, categories, left_out = one_hot(
            table, self.categories, texts, where
        )
        times, said, timing = None, (), {}
        if table.stamps is not None:
            times, said, timing = parse_time_columns(
                table.stamps,
                time_format=self.time_format,
                day_first=self.day_first,
                zone=self.zone,
                where=where,
            )
        notes = [*table.notes, *said, *left_out]
        if self.reverse:
            values = np.ascontiguousarray(values[::-1])
            times = None if times is None else times[::-1].copy()
            notes.append("rows reversed")
        if times is not None:
            rows, changes = arrange(
                times,
                duplicates=self.duplicates,
                unsorted=self.unsorted,
                where=where,
                hint=partial(
                    series_hint,
                    *(times, names, values, (*table.left_out, *table.texts)),
                    table.ids,
                ),
            )
            notes += changes
            if rows is not None:
                values, times = values[rows], times[rows]
        gone = missing_cells(values, marks)
        notes += warn_of_sentinels(values, gone, names, where)
        notes += counters(values, names, times)
        counts = count_by_column(gone, names)
        if self.trim and gone.any():
            held = whole_rows(gone, names, where)
            before, after = held.start, len(values) - held.stop
            values, gone = values[held], gone[held]
            times = None if times is None else times[held]
            notes.append(
                f"{before:,} rows at the beginning and {after:,} at the end with "
                "missing cells left out (trim=True)"
            )
        values, whole = resolve(values, gone, self.missing, names, times, where)
        if whole is not None:
            values, times = values[whole], None if times is None else times[whole]
            notes.append(f"{int((~whole).sum()):,} rows with missing cells left out")
        elif gone.any():
            done = "kept as they are" if self.missing == "keep" else "filled"
            notes.append(
                f"{int(gone.sum()):,} missing cells {done} (missing={self.missing!r})"
            )
        may_be_kept = ("missing", "unsorted", "duplicates")
        texts += [mark for mark in table.marks if mark not in texts]
        found = {**table.options, "missing_marks": [*marks, *texts], **timing}
        options = self._options() | found | {"categories": categories or None}
        return Parts(
            values,
            names,
            times,
            counts,
            tuple(notes),
            tuple(name for name in may_be_kept if getattr(self, name) == "keep"),
            {name: value for name, value in options.items() if value is not None},
        )

    def _options(self) -> dict[str, Any]:
        return {**self._asdict(), "trim": self.trim or None}

    def _check(self, timed: bool, where: str) -> None:
        """Raise for a rule of another kind, and for one that has nothing to act on."""
        expect(isinstance(self.reverse, bool), "reverse", "a bool", self.reverse)
        expect(isinstance(self.trim, bool), "trim", "a bool", self.trim)
        order = self.day_first is None or isinstance(self.day_first, bool)
        expect(order, "day_first", "True, False or None", self.day_first)
        one_of("missing", self.missing, RULES)
        one_of("duplicates", self.duplicates, DUPLICATES)
        one_of("unsorted", self.unsorted, UNSORTED)
        idle = {
            "time_format": self.time_format is not None,
            "day_first": self.day_first is not None,
            "zone": self.zone is not None,
            "duplicates": self.duplicates not in ("error", "keep"),
            "unsorted": self.unsorted not in ("error", "keep"),
        }
        for name in () if timed else (name for name, given in idle.items() if given):
            raise UserError(
                f"`{name}` = {getattr(self, name)!r} is for times, but {where} is read "
                "without; pass time=..."
            )
