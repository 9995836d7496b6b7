"""From a table as it was read to the parts of a series, by the caller's rules."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from seqconv_jax._checks import UserError, expect, one_of
from seqconv_jax.data.series.missing import (
    RULES,
    count_by_column,
    missing_cells,
    resolve,
)
from seqconv_jax.data.series.table import Table
from seqconv_jax.data.series.timeline import DUPLICATES, UNSORTED, arrange
from seqconv_jax.data.series.times import parse_times

__all__ = ["Parts", "Rules"]


class Parts(NamedTuple):
    """What a `Series` is made of (see there)."""

    values: np.ndarray
    columns: tuple[str, ...]
    times: np.ndarray | None
    missing: Mapping[str, int]
    notes: tuple[str, ...]
    allow: tuple[str, ...]


class Rules(NamedTuple):
    """What to do about the faults of a table, as `read_series` documents it."""

    time_format: str | None = None
    missing_marks: Sequence[float] = (-9999.0,)
    missing: str = "error"
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
        """
        self._check(table.stamps is not None, where)
        values, stamps, notes = table.values, table.stamps, list(table.notes)
        times = None if stamps is None else parse_times(stamps, self.time_format, where)
        if self.reverse:
            values = np.ascontiguousarray(values[::-1])
            times = None if times is None else times[::-1].copy()
            notes.append("rows reversed")
        if times is not None:
            rows, changes = arrange(
                times, duplicates=self.duplicates, unsorted=self.unsorted, where=where
            )
            notes += changes
            if rows is not None:
                values, times = values[rows], times[rows]
        gone = missing_cells(values, self.missing_marks)
        values, whole = resolve(values, gone, self.missing, table.names, times, where)
        if whole is not None:
            values, times = values[whole], None if times is None else times[whole]
            notes.append(f"{int((~whole).sum()):,} rows with missing cells left out")
        elif gone.any():
            done = "kept as they are" if self.missing == "keep" else "filled"
            notes.append(
                f"{int(gone.sum()):,} missing cells {done} (missing={self.missing!r})"
            )
        may_be_kept = ("missing", "unsorted", "duplicates")
        return Parts(
            values,
            table.names,
            times,
            count_by_column(gone, table.names),
            tuple(notes),
            tuple(name for name in may_be_kept if getattr(self, name) == "keep"),
        )

    def _check(self, timed: bool, where: str) -> None:
        """Raise for a rule of another kind, and for one that has nothing to act on."""
        expect(isinstance(self.reverse, bool), "reverse", "a bool", self.reverse)
        one_of("missing", self.missing, RULES)
        one_of("duplicates", self.duplicates, DUPLICATES)
        one_of("unsorted", self.unsorted, UNSORTED)
        idle = {
            "time_format": self.time_format is not None,
            "duplicates": self.duplicates not in ("error", "keep"),
            "unsorted": self.unsorted not in ("error", "keep"),
        }
        for name in () if timed else (name for name, given in idle.items() if given):
            raise UserError(
                f"`{name}` = {getattr(self, name)!r} is for times, but {where} is read "
                "without; pass time=..."
            )
