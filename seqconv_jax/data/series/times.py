"""The time of each row, from one column or several, in any of many forms.

Pandas is imported where it is used: it takes 80 MB, which reviews and arrays of one's
own can do without.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError, expect
from seqconv_jax.data.series.given import IN_UTC, ZONE_NOTE
from seqconv_jax.data.series.time_numbers import (
    NUMBER_FORMS,
    number_form,
    times_of_numbers,
)
from seqconv_jax.data.series.time_parts import CLOCK_PARTS, part_names, times_of_parts
from seqconv_jax.data.series.time_texts import (
    ReadTimes,
    is_number,
    numbers,
    read_texts,
    texts,
)

__all__ = ["check_zone", "parse_time_columns"]

_LONGEST_FOOTER = 20  # rows


def parse_time_columns(
    columns: Mapping[str, Any],
    *,
    time_format: str | None = None,
    day_first: bool | None = None,
    zone: str | None = None,
    where: str,
) -> tuple[np.ndarray, tuple[str, ...], dict[str, Any]]:
    """Return the times of rows, notes on how they were read, and the options found.

    One column is text, numbers or times. Without `time_format` these are recognised:

    - dates such as `2009-01-31`, `2009/01/31`, `20090131`, `31.01.2009`, `31/01/2009`
      or `01/31/2009` (where the data shows which), `31-Jan-2009`, `Jan 31, 2009`; each
      alone or followed by `10:30`, `10:30:00.5`, `10:30 PM`, and by a zone such as `Z`,
      `+01:00` or `UTC`;
    - months, quarters and years: `1949-01`, `Jan 1949`, `1949M01`, `194901`, `1949Q1`,
      `1949`, `1949.083`: a time is the start of each;
    - Unix time in seconds, milli-, micro- or nanoseconds, told apart by their range.

    Several columns are parts by their names (year, month, day or day of the year, hour,
    minute, second), or texts that are joined (date and time), or texts and parts of the
    clock (date and hour).

    Args:
        columns: `(rows,)` cells of each column by its name.
        time_format: a `strptime` format of the text (of several, joined by a space);
            or "unix", "unix_ms", "unix_us", "unix_ns", "excel" (days since 1899-12-30)
            or "decimal_year" for numbers.
        day_first: whether the day comes before the month, where both could; None to
            find out, as a day above 12 decides.
        zone: the zone of times that name none, such as "Europe/Berlin", summer time
            included; they become UTC. None to keep them as they are.
        where: the file, for messages.

    Returns:
        Times `(rows,)` `datetime64[us]`, in UTC where they had a zone; notes, a
        sentence each; and the options among `time_format` and `day_first` that read
        the same way again, where the data decided.

    Raises:
        UserError: naming the row, for a cell of another form; or for a form whose day
            and month cannot be told apart.

    Example:
        >>> parts = {"Date": ["13/02/2006", "01/03/2006"], "Time": ["17:24", "09:00"]}
        >>> times, notes, found = parse_time_columns(parts, where="power.csv")
        >>> times.astype("datetime64[m]").tolist()[1], found
        (datetime.datetime(2006, 3, 1, 9, 0), {'day_first': True})
    """
    expect(len(columns) > 0, "time", "one column or more", columns)
    is_flag = day_first is None or isinstance(day_first, bool)
    expect(is_flag, "day_first", "True, False or None", day_first)
    if len(columns) == 1:
        read = _one(next(iter(columns.values())), time_format, day_first, where)
    else:
        read = _several(columns, time_format, day_first, where)
    if zone is not None:
        read = _with_zone(read, zone, where)
    return read.times, read.notes, dict(read.found)


def _one(
    cells: Any, time_format: str | None, day_first: bool | None, where: str
) -> ReadTimes:
    kind = getattr(getattr(cells, "dtype", None), "kind", "O")
    if kind == "M":
        times = np.asarray(cells, "datetime64[us]")
        return ReadTimes(_checked(times, cells, "a date", where))
    if time_format in NUMBER_FORMS or (
        time_format is None and (kind in "iuf" or is_number(texts(cells).iloc[0]))
    ):
        return _numbers(cells, time_format, where)
    read, form = read_texts(texts(cells), time_format, day_first, where)
    _checked(read.times, texts(cells), f"a time like {form!r}", where)
    return read


def _numbers(cells: Any, form: str | None, where: str) -> ReadTimes:
    stamps = numbers(cells).to_numpy()
    found = form or number_form(stamps)
    if found is None:
        raise UserError(
            f"{where} row 0: {texts(cells).iloc[0]!r} is no time in a known form; "
            "pass time_format=... such as '%d.%m.%Y %H:%M:%S', 'unix' or 'excel', or "
            "leave `time` out if the rows have none"
        )
    times = times_of_numbers(stamps, found)
    _checked(times, cells, f"a time like {found!r}", where)
    if form:
        return ReadTimes(times)
    note = f"numbers are read as times of the form {found!r}"
    return ReadTimes(times, (note,), {"time_format": found})


def _several(
    columns: Mapping[str, Any],
    time_format: str | None,
    day_first: bool | None,
    where: str,
) -> ReadTimes:
    names = part_names(list(columns)) if time_format is None else {}
    parts = {part: name for part, name in names.items() if _is_part(columns[name])}
    if "year" not in parts:
        parts = {part: name for part, name in parts.items() if part in CLOCK_PARTS}
    joined = [name for name in columns if name not in parts.values()]
    if "year" in parts and joined:
        raise UserError(
            f"{where}: `time` = {tuple(columns)} has a year and {joined[0]!r}, which "
            "is no part of a time; name the parts (year, month, day, hour, minute) or "
            "whole dates"
        )
    read_parts = {part: _part(columns[name], part) for part, name in parts.items()}
    shown = " and ".join(map(repr, columns))
    if not joined:
        times = times_of_parts(read_parts)
        _checked(times, _tuples(columns), f"made of {shown}", where)
        return ReadTimes(times, (f"times are put together from {shown}",))
    cells = texts(columns[joined[0]])
    for name in joined[1:]:
        cells = cells.str.strip() + " " + texts(columns[name]).str.strip()
    read = _one(cells, time_format, day_first, where)
    times = read.times
    if read_parts:
        times = times_of_parts(read_parts, start=times)
        _checked(times, _tuples(columns), f"made of {shown}", where)
    return ReadTimes(times, (f"times are joined from {shown}", *read.notes), read.found)


def _is_part(cells: Any) -> bool:
    """Return whether cells can be a part: a number, or the name of a month."""
    return not any(mark in texts(cells).iloc[0] for mark in ":/")


def _part(cells: Any, part: str) -> np.ndarray:
    """Return `(rows,)` float64, NaN where a cell is no number."""
    import pandas as pd

    read = numbers(cells)
    if read.isna().all() and part == "month":
        for form in ("%b", "%B"):
            names = pd.to_datetime(texts(cells), format=form, errors="coerce")
            read = read.fillna(names.dt.month.astype("float64"))
    if read.isna().all() and part == "quarter":
        read = numbers(texts(cells).str.lstrip("qQ"))
    return read.to_numpy(np.float64, na_value=np.nan)


def _tuples(columns: Mapping[str, Any]) -> list[tuple]:
    return list(zip(*columns.values(), strict=True))


def check_zone(
    zone: str | None, notes: Sequence[str], found: Mapping[str, Any], where: str
) -> None:
    """Raise for a zone of times that have one already (see `parse_time_columns`)."""
    if zone is None:
        return
    expect(isinstance(zone, str), "zone", "the name of a zone", zone)
    unix = str(found.get("time_format", "")).startswith("unix")
    if unix or ZONE_NOTE in notes:
        raise UserError(
            f"`zone` = {zone!r} is for times that name no zone, but those of {where} "
            "do; leave it out"
        )


def _with_zone(read: ReadTimes, zone: str, where: str) -> ReadTimes:
    """Return times of a zone's clocks in UTC."""
    import pandas as pd

    check_zone(zone, read.notes, read.found, where)
    # the hour that comes twice in autumn is told by its order, from oldest to newest
    newest_first = read.times[0] > read.times[-1]
    clocks = pd.DatetimeIndex(read.times[::-1] if newest_first else read.times)
    try:
        local = clocks.tz_localize(zone, ambiguous="infer")
    except Exception as error:  # each library of zones raises its own
        raise UserError(
            f"`zone` = {zone!r}: {where} cannot be read in it: {error}"
        ) from error
    times = local.tz_convert(None).to_numpy("datetime64[us]")
    note = f"times of the zone {zone!r} are {IN_UTC}"
    return read._replace(
        times=times[::-1].copy() if newest_first else times, notes=(*read.notes, note)
    )


def _checked(times: np.ndarray, cells: Any, expected: str, where: str) -> np.ndarray:
    """Return the times if every row has one, else raise with the first that has not."""
    bad = np.flatnonzero(np.isnat(times))
    if len(bad):
        import pandas as pd

        cell = pd.Series(cells).iloc[int(bad[0])]
        cell = cell.item() if isinstance(cell, np.generic) else cell
        hint = "; pass time_format=... if it has another form"
        if bad[0] == len(times) - len(bad) > 0 and len(bad) <= _LONGEST_FOOTER:
            hint += f", or leave a footer out with skip_footer={len(bad)}"
        raise UserError(
            f"{where} row {bad[0]}: the time must be {expected}, got {cell!r} "
            f"({len(bad):,} such rows){hint}"
        )
    return times
