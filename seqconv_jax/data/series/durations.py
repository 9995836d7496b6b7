"""Durations and rows: "5d" of a file sampled every 10 minutes is 720 rows."""

import re
from datetime import timedelta

import numpy as np

from seqconv_jax._checks import UserError, expect

__all__ = ["Duration", "format_duration", "rows_of"]

_UNITS = {
    **dict.fromkeys(("w", "week", "weeks"), 7 * 86_400_000_000),
    **dict.fromkeys(("d", "day", "days"), 86_400_000_000),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3_600_000_000),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 60_000_000),
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1_000_000),
    "ms": 1_000,
    "us": 1,
}
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*")
_LONGEST = 2**62  # microseconds, of the 2**63 that NumPy counts
_SHORT = ("h", "min", "s", "ms", "us")

Duration = int | str | timedelta | np.timedelta64


def rows_of(
    value: Duration,
    every: np.timedelta64 | None,
    *,
    name: str = "duration",
    where: str = "the series",
) -> int:
    """Return how many rows a duration takes.

    >>> rows_of("5d", np.timedelta64(10, "m"))
    720
    >>> rows_of(60, None)
    60

    Args:
        value: a number of rows (an integer, or its digits as text), or a duration:
            text such as "5d", "24h", "30min" or "1d 12h", `datetime.timedelta`,
            `pandas.Timedelta` or `numpy.timedelta64`.
        every: the time between two rows; None where it is not regular, and then only
            a number of rows is understood.
        name: the argument, for messages.
        where: what `every` is the sampling of, for messages.

    Raises:
        UserError: for a value of another kind, or a duration that is not a whole
            number of rows.
    """
    count = _count(value)
    if count is not None:
        return count
    duration = _microseconds(value, name)
    if every is None:
        raise UserError(
            f"`{name}` = {_said(value)} is a duration, but {where} has no regular "
            "sampling; give a number of rows"
        )
    step = int(every.astype("timedelta64[us]").astype(np.int64))
    if duration % step == 0:
        return duration // step
    sampling = format_duration(every)
    if duration < step:
        raise UserError(
            f"`{name}` = {_said(value)} is finer than the sampling of {where}, which "
            f"is {sampling}; give at least {sampling}, or a number of rows"
        )
    below = np.timedelta64(duration // step * step, "us")
    raise UserError(
        f"`{name}` = {_said(value)} is no whole multiple of the sampling of {where}, "
        f"which is {sampling}; the nearest are {format_duration(below)} and "
        f"{format_duration(below + every)}"
    )


def format_duration(duration: np.timedelta64) -> str:
    """Return a duration as text that `rows_of` reads: whole days, or hours and less.

    >>> format_duration(np.timedelta64(5 * 24, "h"))
    '5d'
    >>> format_duration(np.timedelta64(25 * 60 + 30, "m"))
    '25h 30min'
    """
    count = int(duration.astype("timedelta64[us]").astype(np.int64))
    if count and count % _UNITS["d"] == 0:
        return f"{count // _UNITS['d']}d"
    parts = []
    for unit in _SHORT:
        whole, count = divmod(count, _UNITS[unit])
        parts += [f"{whole}{unit}"] if whole else []
    return " ".join(parts) or "0s"


def _count(value: object) -> int | None:
    """Return the value if it is a number of rows, None if it may be a duration."""
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"\s*-?\d{1,99}\s*", value) else None
    if isinstance(value, (bool, timedelta, np.timedelta64)):
        return None
    return int(value) if hasattr(value, "__index__") else None  # type: ignore


def _microseconds(value: object, name: str) -> int:
    if isinstance(value, str) and _PART.match(value.lower()):
        parts = _PART.findall(value.lower())
        rest = _PART.sub("", value.lower())
        if not rest and all(unit in _UNITS for _, unit in parts):
            total = sum(float(count) * _UNITS[unit] for count, unit in parts)
            expect(total < _LONGEST, name, "shorter than 140,000 years", value)
            return round(total)
    if isinstance(value, timedelta) and value == value:
        return round(value / timedelta(microseconds=1))
    if isinstance(value, np.timedelta64) and not np.isnat(value):
        return int(value.astype("timedelta64[us]").astype(np.int64))
    raise UserError(
        f"`{name}` must be a number of rows, or a duration such as '5d', '24h' or "
        f"'30min', got {value!r}"
    )


def _said(value: object) -> str:
    if isinstance(value, (timedelta, np.timedelta64)):
        return format_duration(np.timedelta64(value))  # type: ignore[call-overload]
    return str(value)
