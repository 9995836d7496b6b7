"""The time column: from text in one of several forms to `datetime64`.

Pandas is imported where it is used: it takes 80 MB, which reviews and arrays of one's
own can do without.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from seqconv_jax._checks import UserError, expect, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["parse_time_columns", "parse_times"]

# The documented date forms. A dotted date has the day first and a date that begins
# with the year goes down to the day; the other two can be either way round, which
# only the data can tell.
_DATES = {
    r"\d{4}-\d{1,2}-\d{1,2}": ("%Y-%m-%d",),
    r"\d{4}/\d{1,2}/\d{1,2}": ("%Y/%m/%d",),
    r"\d{8}": ("%Y%m%d",),
    r"\d{1,2}\.\d{1,2}\.\d{4}": ("%d.%m.%Y",),
    r"\d{1,2}/\d{1,2}/\d{4}": ("%d/%m/%Y", "%m/%d/%Y"),
    r"\d{1,2}-\d{1,2}-\d{4}": ("%d-%m-%Y", "%m-%d-%Y"),
}
_CLOCK = re.compile(
    r"((?P<gap>[ T])\d{1,2}:\d{2}(?P<second>:\d{2}(?P<fraction>\.\d+)?)?"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)


def parse_time_columns(
    columns: Mapping[str, Any],
    *,
    time_format: str | None,
    day_first: bool | None,
    where: str,
) -> tuple[np.ndarray, tuple[str, ...], dict[str, Any]]:
    """Return the times that columns hold together, notes, and the options found.

    Args:
        columns: `(rows,)` cells of each column: text, numbers or dates.
        time_format: a `strptime` format, for another form.
        day_first: whether days come before months where that is open.
        where: the file, for messages.

    Raises:
        UserError: naming the row, for cells that are no times.
    """
    if len(columns) > 1:
        raise UserError(f"`time` must be one column, got {shown(tuple(columns))}")
    (cells,) = columns.values()
    kind = getattr(getattr(cells, "dtype", None), "kind", "O")
    if kind in "iuf":
        raise UserError(
            f"{where}: the time column must hold times, dates or text, got "
            f"{cells.dtype}"
        )
    return parse_times(cells, time_format, where), (), {}


def parse_times(cells, time_format: str | None, where: str) -> np.ndarray:
    """Return the cells of a time column as `datetime64[us]`.

    Without `time_format`, these forms are recognised: `2009-01-31`, `2009/01/31`,
    `20090131`, `31.01.2009`, and with slashes or dashes `31/01/2009` or `01/31/2009`
    where the data shows which it is; each alone or followed by a space or `T` and
    `HH:MM`, `HH:MM:SS` or `HH:MM:SS.ffffff`, with or without a zone such as `Z` or
    `+01:00`. Times with a zone become UTC.

    Args:
        cells: `(rows,)` text, or dates that are already parsed.
        time_format: a `strptime` format, for any other form.
        where: the file, for messages.

    Raises:
        UserError: naming the row, for a cell of another form; or for a form whose day
            and month cannot be told apart.
    """
    if getattr(cells, "dtype", None) is not None and cells.dtype.kind == "M":
        times = np.asarray(cells, "datetime64[us]")
        _check_parsed(times, cells, "a date", where)
        return times
    import pandas as pd

    cells = pd.Series(cells)
    formats = (time_format,) if time_format else _formats(cells.iloc[0], where)
    parsed = {form: _parse(cells, form) for form in formats}
    fitting = [form for form, times in parsed.items() if not np.isnat(times).any()]
    if len(fitting) > 1:
        raise UserError(
            f"{where}: times such as {cells.iloc[0]!r} can have the day or the month "
            f"first; pass time_format={fitting[0]!r} or {fitting[1]!r}"
        )
    best = min(parsed, key=lambda form: int(np.isnat(parsed[form]).sum()))
    _check_parsed(parsed[best], cells, f"a time like {best!r}", where)
    return parsed[best]


def _check_parsed(times: np.ndarray, cells, expected: str, where: str) -> None:
    bad = np.flatnonzero(np.isnat(times))
    if len(bad):
        import pandas as pd

        cell = pd.Series(cells).iloc[int(bad[0])]
        raise UserError(
            f"{where} row {bad[0]}: the time must be {expected}, got {cell!r} "
            f"({len(bad):,} such rows); pass time_format=... if it has another form"
        )


def _formats(cell: object, where: str) -> tuple[str, ...]:
    """Return the formats that the form of a cell allows."""
    text = str(cell).strip()
    for pattern, dates in _DATES.items():
        date = re.match(pattern, text)
        clock = date and _CLOCK.fullmatch(text, date.end())
        if clock:
            form = f"{clock['gap']}%H:%M" if clock["gap"] else ""
            form += ":%S" if clock["second"] else ""
            form += ".%f" if clock["fraction"] else ""
            form += "%z" if clock["zone"] else ""
            return tuple(date + form for date in dates)
    raise UserError(
        f"{where} row 0: {cell!r} is no time in a known form; pass time_format=... "
        "such as '%d.%m.%Y %H:%M:%S'"
    )


def _parse(cells: "pd.Series", form: str) -> np.ndarray:
    """Return the times; a cell that does not fit becomes NaT."""
    import pandas as pd

    expect("%" in str(form), "time_format", "a strptime format with % signs", form)
    if form == "%d.%m.%Y %H:%M:%S":
        times = _parse_dotted(cells)
        if times is not None:
            return times
    try:
        zone, text = "%z" in form, cells.str.strip()
        times = pd.to_datetime(text, format=form, errors="coerce", utc=zone)
    except ValueError as error:
        raise UserError(f"`time_format` = {form!r}: {error}") from error
    times = times.dt.tz_localize(None) if zone else times
    return times.to_numpy("datetime64[us]")


def _parse_dotted(cells: "pd.Series") -> np.ndarray | None:
    """Parse `DD.MM.YYYY HH:MM:SS` some five times faster than strptime can.

    Returns None where any cell is not exactly so: the slow way then words the error.
    """
    try:
        text = cells.to_numpy(dtype="S")
        if text.dtype.itemsize != 19:
            return None
        letters = text.view("S1").reshape(-1, 19)
        if (letters[:, [2, 5, 10, 13, 16]] != [b".", b".", b" ", b":", b":"]).any():
            return None
        order = [6, 7, 8, 9, 2, 3, 4, 2, 0, 1, *range(10, 19)]
        iso = np.ascontiguousarray(letters[:, order])
        iso[:, [4, 7]] = b"-"
        return iso.view("S19").ravel().astype("datetime64[us]")
    except (UnicodeEncodeError, TypeError, ValueError):
        return None
