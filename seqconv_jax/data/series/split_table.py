"""From a long table, whose rows are of several series, to the parts of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError, expect
from seqconv_jax.data.series.categories import one_hot
from seqconv_jax.data.series.missing import split_marks
from seqconv_jax.data.series.rules import Parts, Rules
from seqconv_jax.data.series.source_file import MAX_BYTES
from seqconv_jax.data.series.table import Columns, Table, unknown_column
from seqconv_jax.data.series.text_form import TextForm
from seqconv_jax.data.series.time_texts import texts
from seqconv_jax.data.series.times import check_zone, parse_time_columns

__all__ = ["LongColumns", "long_options", "series_columns", "split_table"]


@dataclass(frozen=True)
class LongColumns(Columns):
    """Which columns to read, with those that name the series beside the time."""

    ids: tuple[str, ...] = ()

    def resolved(
        self, names: Sequence[str], rows: Sequence[Sequence[Any]], where: str
    ) -> Columns:
        """Return the same, the columns that name the series being the time's last."""
        for name in self.ids:
            if name not in names:
                raise unknown_column("series", name, names, where)
        found = super().resolved(names, rows, where)
        time = tuple(name for name in found.time or () if name not in self.ids)
        return replace(found, time=(*time, *self.ids))


def series_columns(series: str | Sequence[str]) -> tuple[str, ...]:
    """Return the columns that name the series, else raise `UserError`."""
    ids = (series,) if isinstance(series, str) else series
    named = isinstance(ids, list | tuple) and len(ids) > 0
    named = named and all(isinstance(name, str) for name in ids)
    expect(named, "series", "the name of a column, or several", series)
    return tuple(ids)


def long_options(
    ids: tuple[str, ...], options: Mapping[str, Any]
) -> tuple[Columns, Rules, TextForm, int]:
    """Return what `read_series` makes of its options."""

    def given(names: Sequence[str]) -> dict[str, Any]:
        return {name: options[name] for name in names if name in options}

    rules = Rules(**given(Rules._fields))
    marks = tuple(split_marks(rules.missing_marks)[1])
    names = ("time", "keep", "drop", "categories")
    columns = LongColumns(**given(names), missing_texts=marks, ids=ids)
    form = TextForm(**given(tuple(TextForm.__dataclass_fields__)))
    return columns, rules, form, options.get("max_bytes", MAX_BYTES)


def split_table(
    table: Table, rules: Rules, ids: tuple[str, ...], where: str
) -> tuple[dict[str, Parts], dict[str, Any]]:
    """Return the parts of each series of a table, and the options that read it again.

    Texts and times are read as a whole, so that every series has the same columns, and
    a day above 12 in one shows what comes first in all.

    Args:
        table: a long table, whose stamps end with the columns that name the series.
        rules: what to do about the faults of each series.
        ids: the columns that name the series.
        where: the file or frame, for messages.

    Raises:
        UserError: for a row that names no series, and a fault of one of them.
    """
    stamps = dict(table.stamps or {})
    names = _names(stamps, ids, where)
    marks = split_marks(rules.missing_marks)[1]
    columns, values, categories, notes = one_hot(table, rules.categories, marks, where)
    read = {"time": list(stamps) if len(stamps) > 1 else next(iter(stamps), None)}
    if stamps:
        times, said, found = parse_time_columns(
            stamps,
            time_format=rules.time_format,
            day_first=rules.day_first,
            where=where,
        )
        check_zone(rules.zone, said, found, where)
        stamps, notes = {"time": times}, [*said, *notes]
        rules = rules._replace(**found)
    rules = rules._replace(categories=None)
    members, options = {}, {}
    for name, rows in _rows_by_name(names).items():
        part = replace(
            table,
            names=columns,
            values=values[rows],
            stamps={time: cells[rows] for time, cells in stamps.items()} or None,
            notes=(*table.notes, *notes),
            texts={},
            left_out=(),
            ids=ids,
            options={**table.options, **read},
        )
        parts = rules.apply(part, f"{where}, series {name!r}")
        options = {**parts.read_options}
        options |= {"categories": categories} if categories else {}
        members[name] = parts._replace(read_options=options)
    return members, {**options, "series": ids[0] if len(ids) == 1 else list(ids)}


def _names(stamps: dict[str, Any], ids: tuple[str, ...], where: str) -> np.ndarray:
    """Take the columns that name the series out of the stamps, and return the names."""
    columns = {name: texts(stamps.pop(name)).str.strip() for name in ids}
    for name, cells in columns.items():
        if (unnamed := (cells == "").to_numpy(bool)).any():
            raise UserError(
                f"{where} row {int(np.argmax(unnamed)):,}: `series` = {name!r} names "
                f"no series ({int(unnamed.sum()):,} such rows)"
            )
    first, *others = columns.values()
    return first.str.cat(others, sep="/").to_numpy(object)


def _rows_by_name(names: np.ndarray) -> dict[str, np.ndarray]:
    """Return the rows of each name, the names in order of their first rows."""
    import pandas as pd

    codes, unique = pd.factorize(names)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(unique)))[:-1]
    return dict(zip(map(str, unique), np.split(order, ends), strict=True))
