"""A file of columns as one table of numbers, and which of its columns to read."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError, expect, shown
from seqconv_jax.data.series.time_forms import text_forms

__all__ = [
    "MOST_COLUMNS",
    "Categories",
    "Columns",
    "Table",
    "UnknownColumnError",
    "check_unnamed",
    "listed",
    "text_only",
    "unknown_column",
    "unnamed_note",
]

MOST_COLUMNS = 10_000
Categories = str | Mapping[str, Sequence[str]] | None

# What pandas writes for an index: nothing in CSV, "Unnamed: 0" once that is read and
# written again, "__index_level_0__" in Parquet.
_NO_NAME = re.compile(r"|Unnamed: \d+[.\d]*|__index_level_\d+__").fullmatch


@dataclass(frozen=True, eq=False, kw_only=True)
class Table:
    """The columns that were asked for, in the order of the file.

    Attributes:
        names: the names of the columns of numbers.
        values: `(rows, columns)` float64; a missing cell is NaN.
        stamps: the cells of the time columns, `(rows,)` each: text, numbers or dates;
            None without any.
        notes: what was found or read otherwise, a sentence each.
        texts: the columns of text to be read as categories, `(rows,)` objects each.
        left_out: the columns of text that are not read.
        order: the names of all columns but those of the time, as in the file.
        options: what was given or found, keyword arguments of `read_series`.
        marks: texts that were found to mean "missing".
        ids: the columns that name the series which the table is one of.
    """

    names: tuple[str, ...]
    values: np.ndarray
    stamps: Mapping[str, Any] | None
    notes: tuple[str, ...] = ()
    texts: Mapping[str, np.ndarray] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    marks: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Columns:
    """Which columns to read, and as what (see `read_series`).

    Attributes:
        time: the columns of the time, a tuple; None without; "auto" to find them.
        keep: the columns to read, None for all.
        drop: columns to leave out.
        categories: how columns of text are read.
        missing_texts: texts that mean "missing".
        notes: which columns of the time were found, where they were to be.
    """

    time: str | Sequence[str] | None = None
    keep: Sequence[str] | None = None
    drop: Sequence[str] = ()
    categories: Categories = None
    missing_texts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Keep the names as tuples, else raise `UserError`."""
        for option in ("keep", "drop"):
            names = getattr(self, option)
            if isinstance(names, str) or not isinstance(names, Iterable | None):
                raise UserError(
                    f"`{option}` must be a list of names, got {shown(names)}"
                )
            object.__setattr__(self, option, names if names is None else tuple(names))
        if self.time is not None and self.time != "auto":
            many = isinstance(self.time, list | tuple) and len(self.time) > 0
            time = tuple(self.time) if many else (self.time,)
            object.__setattr__(self, "time", time)
        chosen = self.categories
        if not isinstance(chosen, Mapping):
            words = "'one-hot', None, or a mapping of columns to their values"
            expect(chosen in (None, "one-hot"), "categories", words, chosen)

    @property
    def texts(self) -> Sequence[str]:
        """The columns that are known to hold text."""
        return tuple(self.categories) if isinstance(self.categories, Mapping) else ()

    def resolved(
        self, names: Sequence[str], rows: Sequence[Sequence[Any]], where: str
    ) -> "Columns":
        """Return the same with the columns of the time found, if they are to be.

        Args:
            names: every column name of the file.
            rows: the cells of the first rows.
            where: the file, for messages.
        """
        if self.time != "auto":
            return self
        if "auto" in names:
            return replace(self, time=("auto",))
        from seqconv_jax.data.series.find_time import find_time_columns

        rows = [row[: len(names)] for row in rows if len(row) >= len(names)]
        samples = {name: [row[at] for row in rows] for at, name in enumerate(names)}
        time = find_time_columns(names, samples)
        if time is None:
            check_upright(names, where)
        note = f"times in {listed(time)} (found)" if time else "no times found"
        return replace(self, time=time, notes=(note,))

    def pick(self, names: Sequence[str], where: str) -> tuple[list[int], list[int]]:
        """Return the positions of the value columns and of the time columns.

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
        self._check_known(names, where)
        wanted = set(names if self.keep is None else self.keep)
        unnamed = [names[at] for at in self.unnamed(names)]
        wanted = wanted.difference(self.drop, self.time or (), unnamed)
        counts = Counter(names)
        repeated = [name for name in counts if counts[name] > 1]
        if repeated := [
            name for name in repeated if name in {*wanted, *(self.time or ())}
        ]:
            raise UserError(
                f"{where} names columns more than once: {listed(repeated)}; rename "
                f"them, or leave them out with drop={repeated[:5]}"
            )
        values = [index for index, name in enumerate(names) if name in wanted]
        if not values:
            raise UserError(f"{where}: no column of values is left of {listed(names)}")
        return values, [list(names).index(name) for name in self.time or ()]

    def unnamed(self, names: Sequence[str]) -> list[int]:
        """Return where the columns are that have no name and that nobody asked for.

        They are an index as pandas writes it, and no input of a forecast.
        """
        asked = {*(self.keep or ()), *self.drop, *(self.time or ())}
        return [
            at for at, name in enumerate(names) if _NO_NAME(name) and name not in asked
        ]

    def readable_texts(
        self, names: Sequence[str], texts: Sequence[int], where: str
    ) -> list[int]:
        """Return which columns of text are to be read as categories.

        Args:
            names: every column name of the file.
            texts: where columns of text are.
            where: the file, for messages.

        Raises:
            UserError: for a column that was asked for by name and cannot be read.
        """
        chosen = [
            at
            for at in texts
            if self.categories == "one-hot" or names[at] in self.texts
        ]
        asked = [names[at] for at in texts if at not in chosen]
        asked = [name for name in asked if name in (self.keep or ())]
        if asked:
            raise UserError(
                f"{where}: column {asked[0]!r} holds text, not numbers; pass "
                f"categories='one-hot', or drop=[{asked[0]!r}]"
            )
        return chosen

    def options(self, names: Sequence[str], read: Sequence[int]) -> dict[str, Any]:
        """Return the columns of the time and those read as options of `read_series`."""
        time: Any = list(self.time or ())
        time = None if not time else time if len(time) > 1 else time[0]
        return {"time": time, "keep": [names[at] for at in sorted(read)]}

    def _check_known(self, names: Sequence[str], where: str) -> None:
        asked = [("keep", name) for name in self.keep or ()]
        asked += [("drop", name) for name in self.drop]
        asked += [("time", name) for name in self.time or ()]
        asked += [("categories", name) for name in self.texts]
        for option, name in asked:
            if name not in names:
                raise unknown_column(option, name, names, where)


class UnknownColumnError(UserError):
    """A name is none of the columns, which `names` are."""

    names: tuple[str, ...] = ()


def unknown_column(
    option: str, name: Any, names: Sequence[str], where: str
) -> UnknownColumnError:
    """Return the error for a name that is no column, with the nearest that is."""
    near = get_close_matches(str(name)[:100], [other[:100] for other in names], n=1)
    hint = f"did you mean {near[0]!r} among " if near else "it has "
    error = UnknownColumnError(
        f"`{option}` = {shown(name)} is no column of {where}; {hint}{listed(names)}"
    )
    error.names = tuple(names)
    return error


def text_only(name: str, shown_as: str, where: str) -> UserError:
    """Return the error for a table whose only columns hold text."""
    return UserError(
        f"{where}: no column of numbers is left; {name!r} holds {shown_as}, which "
        "categories='one-hot' can read"
    )


def unnamed_note(names: Sequence[str]) -> tuple[str, ...]:
    """Return a note that columns without a name are left out, if there are any."""
    if not names:
        return ()
    if len(names) > 1 and not any(names):
        return (f"{len(names)} columns without a name left out",)
    return (
        f"columns without a name left out (an index?): {listed(names)}; keep=... or "
        "time=... reads them",
    )


def check_upright(names: Sequence[str], where: str) -> None:
    """Raise for a table whose times are the names of its columns."""
    times = [name for name in names if text_forms(name)]
    if len(times) > 2 and 2 * len(times) > len(names):
        raise UserError(
            f"{where}: the times are the names of columns ({listed(times, 2)}), but "
            "there must be a row for each time; turn the table, as with "
            f"pandas.read_csv(..., index_col={names[0]!r}).T"
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
