"""Several series in one table: rows of a time, a series and its values."""

import inspect
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from seqconv_jax._checks import UserError, expect
from seqconv_jax.data.files.origin import Origin
from seqconv_jax.data.series.pandas_frame import frame_table
from seqconv_jax.data.series.read import read_series, read_table
from seqconv_jax.data.series.rules import Rules
from seqconv_jax.data.series.series import Series
from seqconv_jax.data.series.split_table import (
    long_options,
    series_columns,
    split_table,
)
from seqconv_jax.data.series.table import Table, listed, unknown_column
from seqconv_jax.data.series.time_texts import texts

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SeriesGroup", "read_series_group"]


@dataclass(frozen=True, kw_only=True, eq=False)
class SeriesGroup(Mapping[str, Series]):
    """Series of the same columns, each by its name: a mapping of them, in order.

    >>> import numpy as np
    >>> level = Series(values=np.zeros((3, 1)), columns=("level (m)",))
    >>> group = SeriesGroup(series={"Elbe": level, "Oder": level}, column="river")
    >>> list(group), len(group["Oder"].values), group.columns
    (['Elbe', 'Oder'], 3, ('level (m)',))

    Attributes:
        series: the series by their names.
        column: the column of the table that named them, or several of them; ""
            without one.
        origin: the file they were read from, if any.
        read_options: keyword arguments of `read_series_group` that read another file
            the way this one was read, as strict JSON.

    Raises:
        UserError: without a series, and for other columns in one than in the others.
    """

    series: Mapping[str, Series]
    column: str | tuple[str, ...] = ""
    origin: Origin = Origin()
    read_options: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Check that the series are some, named by texts, and of the same columns."""
        one = isinstance(self.series, Mapping) and len(self.series) > 0
        expect(one, "series", "a mapping of names to Series, of one or more", None)
        for name, series in self.series.items():
            expect(isinstance(name, str), "series", "named by texts", name)
            expect(isinstance(series, Series), "series", "of Series", series)
            if series.columns != self.columns:
                raise UserError(
                    f"`series` must all have the columns {listed(self.columns)}, but "
                    f"{name!r} has {listed(series.columns)}"
                )
        object.__setattr__(self, "series", dict(self.series))

    def __getitem__(self, name: str) -> Series:
        """Return the series of a name."""
        return self.series[name]

    def __iter__(self) -> Iterator[str]:
        """Return the names, in the order in which the table has them."""
        return iter(self.series)

    def __len__(self) -> int:
        """Return the number of series."""
        return len(self.series)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that each series has."""
        return next(iter(self.series.values())).columns

    def report(self) -> str:
        """Return a few lines for a person: how many series, and the first of them."""
        rows = [len(series.values) for series in self.values()]
        ids = (self.column,) if isinstance(self.column, str) else self.column
        lines = [
            f"{len(self):,} series by {listed(ids)}, {sum(rows):,} rows in all "
            f"({min(rows):,} to {max(rows):,} each): {listed(list(self), 10)}"
        ]
        first = list(self.items())[:3]
        return "\n".join(
            [*lines, *(f"{name!r} of {series.report()}" for name, series in first)]
        )

    @classmethod
    def from_pandas(
        cls, frame: "pd.DataFrame", *, series: str | Sequence[str], **options: Any
    ) -> "SeriesGroup":
        """Return the series that a long pandas frame holds.

        Args:
            frame: rows of the series' name, its values and their time, which may be
                the index.
            series: the column that names the series, or several.
            **options: those of `Series.from_pandas`.

        Raises:
            UserError: for what `Series.from_pandas` raises, with the series at fault.

        Example:
            >>> import numpy as np
            >>> import pandas as pd
            >>> days, rivers = ["2020-01-01", "2020-01-02"] * 2, ["Elbe", "Oder"]
            >>> frame = pd.DataFrame({"day": days, "river": np.repeat(rivers, 2)})
            >>> frame["level (m)"] = [2.5, 3.0, 1.5, 2.0]
            >>> group = SeriesGroup.from_pandas(frame, series="river", time="day")
            >>> group["Oder"].values[:, 0].tolist()
            [1.5, 2.0]
        """
        inspect.signature(Series.from_pandas).bind(frame, **options)
        origin = options.pop("origin", Origin())
        ids = series_columns(series)
        columns, rules, _, _ = long_options(ids, options)
        for name in ids:
            if name not in frame.columns:
                raise unknown_column("series", name, list(frame.columns), "the frame")
        if frame.index.dtype.kind == "M" and columns.time in (None, "auto"):
            name = frame.index.name if isinstance(frame.index.name, str) else "time"
            frame = frame.rename_axis(name).reset_index()
            columns = replace(columns, time=(name,))
        as_texts = {name: texts(frame[name]).to_numpy() for name in ids}
        table = frame_table(frame.assign(**as_texts), columns)
        return _grouped(table, rules, ids, "the frame", origin)


def read_series_group(
    path: str | os.PathLike[str] | Origin,
    *,
    series: str | Sequence[str],
    **options: Any,
) -> SeriesGroup:
    r"""Read a long table, whose rows are of several series, from a file.

    The file is read once. Each series is checked as `read_series` checks a file: its
    rows are in order of time and repeat none.

    Args:
        path: a file that `read_series` reads.
        series: the column that names the series of a row, by texts or numbers; or
            several, as a shop and an article, whose texts are joined ("3/beer").
        **options: those of `read_series`.

    Returns:
        The series, in the order in which the table first names them.

    Raises:
        UserError: for what `read_series` raises, with the file and the series at fault.

    Example:
        >>> import pathlib, tempfile
        >>> rows = "day,river,level\n2020-01-01,Elbe,2.5\n2020-01-01,Oder,1.5\n"
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "rivers.csv")
        ...     _ = path.write_text(rows)
        ...     group = read_series_group(path, series="river", time="day")
        >>> list(group), group["Oder"].values.tolist(), group.read_options["series"]
        (['Elbe', 'Oder'], [[1.5]], 'river')
    """
    inspect.signature(read_series).bind(path, **options)
    ids = series_columns(series)
    columns, rules, form, max_bytes = long_options(ids, options)
    table, where, origin = read_table(path, columns, form, max_bytes)
    return _grouped(table, rules, ids, where, origin)


def _grouped(
    table: Table, rules: Rules, ids: tuple[str, ...], where: str, origin: Origin
) -> SeriesGroup:
    parts, options = split_table(table, rules, ids, where)
    return SeriesGroup(
        series={
            name: Series(**part._asdict(), origin=origin)
            for name, part in parts.items()
        },
        column=ids[0] if len(ids) == 1 else ids,
        origin=origin,
        read_options=options,
    )
