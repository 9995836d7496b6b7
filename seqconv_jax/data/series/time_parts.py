"""Dates in parts: columns of years, months, days and hours as times."""

import re
from collections.abc import Mapping, Sequence

import numpy as np

__all__ = ["CLOCK_PARTS", "part_names", "times_of_parts"]

CLOCK_PARTS = ("hour", "minute", "second")
_NAMES = {
    "year": "year years yr yyyy yy",
    "quarter": "quarter qtr",
    "month": "month months mon mo mm",
    "day": "day days dy da dd dom mday dayofmonth",
    "yearday": "doy yday dayofyear yearday",
    "hour": "hour hours hr hh",
    "minute": "minute minutes min mi",
    "second": "second seconds sec ss",
}
_PART_OF = {name: part for part, names in _NAMES.items() for name in names.split()}
_RANGES = {  # the hour 24 ends a day, as some count from 1 to 24
    **{"year": (1000, 2999), "quarter": (1, 4), "month": (1, 12), "day": (1, 31)},
    **{"yearday": (1, 366), "hour": (0, 24), "minute": (0, 59), "second": (0, 60)},
}


def part_names(names: Sequence[str]) -> dict[str, str]:
    """Return which columns are which part of a time, by their names.

    >>> part_names(["No", "year", "Month", "day", "hour (UTC)", "pm2.5"])
    {'year': 'year', 'month': 'Month', 'day': 'day', 'hour': 'hour (UTC)'}
    >>> part_names(["#YY", "MM", "DD", "hh", "mm"])
    {'year': '#YY', 'month': 'MM', 'day': 'DD', 'hour': 'hh', 'minute': 'mm'}
    """
    found: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"[([].*|[#_\s-]", "", str(name)).lower()
        part = _PART_OF.get(plain)
        if plain == "mm" and "month" in found:
            part = "minute"
        if part:
            found.setdefault(part, name)
    return found


def in_range(part: str, numbers: np.ndarray) -> np.ndarray:
    """Return `(rows,)` bool: which numbers can be that part of a time."""
    low, high = _RANGES[part]
    whole = (numbers == np.round(numbers)) | (part == "second")
    return whole & (numbers >= low) & (numbers <= high)


def times_of_parts(
    parts: Mapping[str, np.ndarray], start: np.ndarray | None = None
) -> np.ndarray:
    """Return `(rows,)` `datetime64[us]` of parts; NaT where one is out of its range.

    Args:
        parts: `(rows,)` float64 each: the year with the month or the quarter and the
            day, or with the day of the year; and hour, minute, second.
        start: `(rows,)` the days, where the parts are of the clock only.

    >>> parts = {"year": [2010, 2011], "month": [2, 2], "day": [28, 29]}
    >>> parts = {part: np.array(parts[part], float) for part in parts}
    >>> times_of_parts({**parts, "hour": np.array([24.0, 0.0])}).tolist()
    [datetime.datetime(2010, 3, 1, 0, 0), None]
    """
    rows = len(next(iter(parts.values())))
    fits = np.ones(rows, bool)
    numbers = {}
    for part, cells in parts.items():
        inside = in_range(part, cells)
        fits &= inside
        numbers[part] = np.where(inside, cells, _RANGES[part][0])
    if start is None:
        start, real = _days(numbers)
        fits &= real
    times = start.astype("datetime64[us]")
    for part, microseconds in (("hour", 3_600e6), ("minute", 60e6), ("second", 1e6)):
        if part in numbers:
            moved = np.round(numbers[part] * microseconds).astype(np.int64)
            times = times + moved.astype("timedelta64[us]")
    return np.where(fits, times, np.datetime64("NaT", "us"))


def _days(numbers: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the days, and whether each is a day of its month and year."""
    months = numbers.get("month", 3 * numbers.get("quarter", np.ones(1)) - 2)
    first = ((numbers["year"] - 1970) * 12 + months - 1).astype(np.int64)
    first = first.astype("datetime64[M]")
    unit = "Y" if "yearday" in numbers else "M"
    after = numbers.get("yearday", numbers.get("day", np.ones(1))) - 1
    start = first.astype(f"datetime64[{unit}]")
    days = start.astype("datetime64[D]") + after.astype("timedelta64[D]")
    return days, days.astype(f"datetime64[{unit}]") == start
