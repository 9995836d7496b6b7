"""Durations and rows: "5d" of a file sampled every 10 minutes is 720 rows."""

import re
from dataclasses import dataclass
from datetime import timedelta
from operator import index

import numpy as np

from seqconv_jax._checks import UserError, shown

__all__ = [
    "BusinessDays",
    "Duration",
    "Step",
    "format_duration",
    "parse_step",
    "rows_of",
]

_UNITS = {
    **dict.fromkeys(("w", "week", "weeks"), 7 * 86_400_000_000),
    **dict.fromkeys(("d", "day", "days"), 86_400_000_000),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3_600_000_000),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 60_000_000),
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1_000_000),
    "ms": 1_000,
    "us": 1,
}
# Those that only the calendar counts: "1m" is none, as it may be minutes.
_MONTHS = {
    **dict.fromkeys(("y", "yr", "year", "years"), 12),
    **dict.fromkeys(("q", "quarter", "quarters"), 3),
    **dict.fromkeys(("mo", "month", "months"), 1),
}
_BUSINESS_DAYS = ("b", "bday", "bdays", "business day", "business days")
_LONGEST = 2**53  # 285 years, and what a float counts exactly
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*((?:business )?[a-z]+)\s*")
_SHORT = ("h", "min", "s", "ms", "us")
_WEEK = 7 * 86_400_000_000


@dataclass(frozen=True)
class BusinessDays:
    """A number of days from Monday to Friday: the step of a market's daily bars.

    >>> 5 * BusinessDays(1)
    BusinessDays(count=5)
    """

    count: int

    __array_ufunc__ = None  # a NumPy integer times this is this

    def __mul__(self, times: int) -> "BusinessDays":
        """Return so many times as many."""
        return BusinessDays(self.count * index(times))

    __rmul__ = __mul__


Step = np.timedelta64 | BusinessDays
Duration = int | str | timedelta | np.timedelta64 | BusinessDays


def rows_of(
    value: Duration,
    every: Step | None,
    *,
    name: str = "duration",
    where: str = "the series",
) -> int:
    """Return how many rows a duration takes.

    >>> rows_of("5d", np.timedelta64(10, "m"))
    720
    >>> rows_of("1y", np.timedelta64(1, "M")), rows_of("2w", BusinessDays(1))
    (12, 10)
    >>> rows_of(60, None)
    60

    Args:
        value: a number of rows (an integer, or its digits as text), or a duration:
            text such as "5d", "24h", "30min" or "1d 12h", `datetime.timedelta`,
            `pandas.Timedelta` or `numpy.timedelta64`; of a series sampled by the
            calendar "12 months", "1y" or "4 quarters", of one of business days "5B" or
            whole weeks.
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
    unit, amount = _amount(value, name)
    if not amount:
        return 0
    if every is None:
        raise UserError(
            f"`{name}` = {_said(value)} is a duration, but {where} has no regular "
            "sampling; give a number of rows"
        )
    of, step = _step(every)
    if of == "B" and unit == "us" and amount % _WEEK == 0:
        unit, amount = "B", amount // _WEEK * 5
    sampling = format_duration(every)
    if unit != of:
        raise UserError(
            f"`{name}` = {_said(value)} counts in {_KINDS[unit]}, but {where} is "
            f"sampled every {sampling}; give {_REMEDIES[of]}, or a number of rows"
        )
    if amount % step == 0:
        return amount // step
    if amount < step:
        raise UserError(
            f"`{name}` = {_said(value)} is finer than the sampling of {where}, which "
            f"is {sampling}; give at least {sampling}, or a number of rows"
        )
    below = amount // step
    raise UserError(
        f"`{name}` = {_said(value)} is no whole multiple of the sampling of {where}, "
        f"which is {sampling}; the nearest are {format_duration(below * every)} and "
        f"{format_duration((below + 1) * every)}"
    )


_KINDS = {"us": "days and hours", "M": "months", "B": "business days"}
_REMEDIES = {
    "us": "days or hours such as '30d'",
    "M": "months or years such as '12 months'",
    "B": "business days such as '5B' (or whole weeks)",
}


def format_duration(duration: Step) -> str:
    """Return a duration as text that `rows_of` reads: whole days, or hours and less.

    >>> format_duration(np.timedelta64(5 * 24, "h"))
    '5d'
    >>> format_duration(np.timedelta64(25 * 60 + 30, "m"))
    '25h 30min'
    >>> [format_duration(np.timedelta64(months, "M")) for months in (1, 3, 24)]
    ['1month', '3months', '2y']
    >>> format_duration(BusinessDays(1)), format_duration(BusinessDays(5))
    ('1 business day', '5 business days')
    """
    unit, count = _step(duration)
    if unit == "B":
        return f"{count} business day{'s' * (count != 1)}"
    if unit == "M":
        years = f"{count // 12}y"
        months = f"{count}month{'s' * (count != 1)}"
        return years if count and count % 12 == 0 else months
    if count and count % _UNITS["d"] == 0:
        return f"{count // _UNITS['d']}d"
    parts = []
    for name in _SHORT:
        whole, count = divmod(count, _UNITS[name])
        parts += [f"{whole}{name}"] if whole else []
    return " ".join(parts) or "0s"


def parse_step(text: str) -> Step:
    """Return the step that `format_duration` wrote.

    >>> parse_step("1month"), parse_step("5B"), parse_step("1h")
    (np.timedelta64(1,'M'), BusinessDays(count=5), np.timedelta64(3600000000,'us'))
    """
    unit, amount = _amount(text, "every")
    return BusinessDays(amount) if unit == "B" else np.timedelta64(amount, unit)


def _step(step: Step) -> tuple[str, int]:
    """Return the unit of a step, "us", "M" (months) or "B", and how many of it."""
    if isinstance(step, BusinessDays):
        return "B", step.count
    if np.datetime_data(step.dtype)[0] in ("M", "Y"):
        return "M", int(step.astype("timedelta64[M]").astype(np.int64))
    return "us", int(step.astype("timedelta64[us]").astype(np.int64))


def _count(value: object) -> int | None:
    """Return the value if it is a number of rows, None if it may be a duration."""
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"\s*-?\d{1,18}\s*", value) else None
    if isinstance(value, (bool, timedelta, np.timedelta64)):
        return None
    try:
        return index(value)  # type: ignore[arg-type]
    except TypeError:
        return None


def _amount(value: object, name: str) -> tuple[str, int]:
    """Return the unit of a duration ("us", "M" or "B") and how many of it."""
    unit, count = _counted(value) or ("", None)
    if count is None or abs(count) > _LONGEST or (unit != "us" and count % 1):
        raise UserError(
            f"`{name}` must be a number of rows, or a duration such as '5d', '24h' or "
            f"'30min', got {shown(value)}"
        )
    return unit, round(count)


def _counted(value: object) -> tuple[str, float] | None:
    """Return the unit and count of a duration, or None for what is none."""
    if isinstance(value, BusinessDays):
        return _step(value)
    if isinstance(value, str) and _PART.match(value.lower()):
        return _parsed(value.lower())
    if isinstance(value, timedelta) and value == value:
        return "us", value / timedelta(microseconds=1)
    if isinstance(value, np.timedelta64) and not np.isnat(value):
        if np.datetime_data(value.dtype)[0] in ("Y", "M"):
            return _step(value)
        fixed = np.datetime_data(value.dtype)[0] != "generic"
        return ("us", float(value / np.timedelta64(1, "us"))) if fixed else None
    return None


def _parsed(text: str) -> tuple[str, float] | None:
    parts = [(float(count), unit) for count, unit in _PART.findall(text)]
    if _PART.sub("", text):
        return None
    for unit, known in (("us", _UNITS), ("M", _MONTHS)):
        if all(name in known for _, name in parts):
            return unit, sum(count * known[name] for count, name in parts)
    if all(name in _BUSINESS_DAYS for _, name in parts):
        return "B", sum(count for count, _ in parts)
    return None


def _said(value: object) -> str:
    if isinstance(value, BusinessDays):
        return format_duration(value)
    if isinstance(value, (timedelta, np.timedelta64)):
        return format_duration(np.timedelta64(value))  # type: ignore[call-overload]
    return str(value)
