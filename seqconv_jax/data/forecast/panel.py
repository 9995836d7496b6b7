"""Several series of the same columns and sampling, one behind the other."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError, shown
from seqconv_jax.data.series.durations import Duration, format_duration, rows_of
from seqconv_jax.data.series.series import Series
from seqconv_jax.data.series.table import listed, unknown_column

__all__ = ["Panel", "panel_of"]


@dataclass(frozen=True, eq=False)
class Panel:
    """Series whose rows lie one behind the other; no window crosses two.

    Attributes:
        names: what each is called; `("",)` for a series alone.
        series: the series.
        group: the mapping that they came in, None for a series alone.
    """

    names: tuple[str, ...]
    series: tuple[Series, ...]
    group: Mapping[str, Series] | None = None

    @property
    def first(self) -> Series:
        """The first of them, whose columns and sampling are those of all."""
        return self.series[0]

    @property
    def read_options(self) -> Mapping[str, Any]:
        """What reads another file as they were read; empty for arrays in memory."""
        return getattr(self.group, "read_options", None) or self.first.read_options

    @property
    def name(self) -> str:
        """What to call them in a message."""
        return self.first.name

    @property
    def regular(self) -> bool:
        """Whether all of them are."""
        return all(one.regular for one in self.series)

    @cached_property
    def starts(self) -> np.ndarray:
        """Return `(series,)` int64: the first row of each."""
        lengths = [len(one.values) for one in self.series]
        return np.concatenate([[0], np.cumsum(lengths[:-1])]).astype(np.int64)

    @property
    def times(self) -> np.ndarray | None:
        """Return `(rows,)` times of all rows; None where there are none."""
        found = [one.times for one in self.series if one.times is not None]
        if len(found) > 1:
            return np.concatenate(found)
        return found[0] if found else None

    def columns_of(
        self, index: int, names: Sequence[str], rows: slice = slice(None)
    ) -> np.ndarray:
        """Return `(rows, columns)` float64: some columns of one of the series."""
        one = self.series[index]
        return one.values[rows][:, [one.columns.index(name) for name in names]]

    def rows(self, name: str, value: Duration) -> int:
        """Return an argument in rows of the series."""
        every = self.first.every if self.regular else None
        return rows_of(value, every, name=name, where=self.name)

    def report(self) -> str:
        """Return a few lines for a person: what each series is."""
        if self.group is None:
            return self.first.report()
        if hasattr(self.group, "report"):
            return self.group.report()  # type: ignore[attr-defined]
        lines = [f"{len(self.series):,} series:"]
        for name, one in list(zip(self.names, self.series, strict=True))[:20]:
            lines.append(f"{name}: {one.report()}".replace("\n", "\n  "))
        if len(self.series) > 20:
            lines.append(f"and {len(self.series) - 20:,} more")
        return "\n".join(lines)

    @contextmanager
    def naming(self, index: int) -> Iterator[None]:
        """Name one of several series in front of the errors that are about it."""
        try:
            yield
        except UserError as error:
            if len(self.series) == 1:
                raise
            raise UserError(f"series {self.names[index]!r}: {error}") from error


def panel_of(series: Series | Mapping[str, Series]) -> Panel:
    """Return one series or several by name as a panel.

    Raises:
        UserError: for anything else, and for series of other columns or another
            sampling than the first.
    """
    if isinstance(series, Series):
        return Panel(("",), (series,))
    if not isinstance(series, Mapping) or not series:
        raise UserError(
            f"`series` must be a Series, got {shown(series)}; read_series, Series(...) "
            "and Series.from_pandas make one, and a mapping of names holds several"
        )
    for name, one in series.items():
        if not isinstance(one, Series):
            raise UserError(f"`series` {name!r} must be a Series, got {shown(one)}")
    panel = Panel(tuple(map(str, series)), tuple(series.values()), series)
    for index in range(1, len(panel.series)):
        with panel.naming(index):
            _check_alike(panel.series[index], panel.first)
    return panel


def _check_alike(one: Series, first: Series) -> None:
    for name in first.columns:
        if name not in one.columns:
            raise unknown_column("column", name, one.columns, one.name)
    if more := [name for name in one.columns if name not in first.columns]:
        raise UserError(f"columns that the first series lacks: {listed(more)}")
    if (one.times is None) != (first.times is None):
        raise UserError("times must be given for every series, or for none")
    steps = [each.every for each in (one, first) if each.regular and each.every]
    if len(steps) == 2 and steps[0] != steps[1]:
        raise UserError(
            f"the sampling must be that of the first series, "
            f"{format_duration(steps[1])}, got {format_duration(steps[0])}"
        )
