"""The sampling of times: a fixed step, or one of the calendar, and the gaps in it."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from seqconv_jax._windows import row_blocks
from seqconv_jax.data.series.durations import BusinessDays, Step

__all__ = ["Sampling", "continued", "sampled_every", "sampling"]

# With a smaller fraction of equal steps a duration says nothing about a number of rows.
# Bars of a market have 0.96 of their business days, given its holidays; a weather
# station with a few outages has 0.999.
_REGULAR = 0.9
_DAY, _MONTH = np.timedelta64(1, "D"), np.timedelta64(1, "M")
_SHORTEST_MONTH = np.timedelta64(28, "D")
_SUMMER_TIME = np.timedelta64(1, "h")


class Sampling(NamedTuple):
    """What the steps between rows are.

    Attributes:
        every: the most common step forward: `numpy.timedelta64` of a fixed length, or
            of months ("M") where rows follow the calendar, or `BusinessDays`; None
            where time never moves forward.
        regularity: the fraction of all steps that equal `every`.
        gaps: the rows that do not follow the row before them by exactly `every`.
        shorter: whether some of those follow it sooner.
    """

    every: Step | None
    regularity: float
    gaps: np.ndarray
    shorter: bool

    @property
    def regular(self) -> bool:
        """Whether nine in ten steps are equal, so that durations have a meaning."""
        return self.regularity >= _REGULAR


def sampling(times: np.ndarray) -> Sampling:
    """Return the sampling of times.

    Steps of 28 days and more that fall on one day of their months (the same one, the
    first or last, or the first or last business day) are months; days that leave out
    Saturdays and Sundays are business days.

    >>> months = np.array(["2020-01", "2020-02", "2020-04"], "datetime64[M]")
    >>> found = sampling(months.astype("datetime64[us]"))
    >>> found.every, found.gaps.tolist(), found.regularity
    (np.timedelta64(1,'M'), [2], 0.5)

    Args:
        times: `(rows,)` `datetime64[us]`.
    """
    fixed = _steps(np.asarray(times).view(np.int64), np.timedelta64(1, "us"))
    if not isinstance(fixed.every, np.timedelta64) or fixed.every < _DAY - _SUMMER_TIME:
        return fixed
    if fixed.every >= _SHORTEST_MONTH:
        months = _months(times)
        found = None if months is None else _steps(months, _MONTH)
        calendar = found is not None and found.regularity >= fixed.regularity
        return found if calendar and found is not None else fixed
    if fixed.regular:
        return fixed
    days = _business_days(times)
    found = fixed if days is None else _steps(days, BusinessDays(1))
    return found if found.regular else fixed


def sampled_every(times: np.ndarray, every: Step) -> Sampling:
    """Return the gaps and the regularity of times that should follow a given step.

    A few rows of a series do not show its sampling: five business days are as good as
    daily. This tells whether rows fit the sampling of a longer series.

    Args:
        times: `(rows,)` `datetime64[us]`.
        every: the step to expect.
    """
    if isinstance(every, BusinessDays):
        ticks, count = _business_days(times), every.count
    elif np.datetime_data(every.dtype)[0] in ("M", "Y"):
        ticks, count = _months(times), int(every / _MONTH)
    else:
        ticks, count = times.astype(np.int64), int(every / np.timedelta64(1, "us"))
    if ticks is None:
        return Sampling(every, 0.0, np.arange(1, len(times)), shorter=False)
    return _counted(ticks, count, every)


def continued(times: np.ndarray, every: Step, steps: int) -> np.ndarray:
    """Return `(steps,)` times that go on after the last of a series.

    >>> ends = np.array(["2020-01-31", "2020-02-29"], "datetime64[us]")
    >>> continued(ends, np.timedelta64(1, "M"), 2).astype("datetime64[D]").tolist()
    [datetime.date(2020, 3, 31), datetime.date(2020, 4, 30)]

    Args:
        times: `(rows,)` `datetime64[us]`, rising.
        every: the sampling of the series.
        steps: how many.
    """
    ahead, last = np.arange(1, steps + 1), times[-1]
    if isinstance(every, BusinessDays):
        day = _business_dates(times)
        day = last.astype("datetime64[D]") if day is None else day[-1]
        later = np.busday_offset(day, ahead * every.count, roll="forward")
        return later.astype("datetime64[us]") + (last - day)
    if np.datetime_data(every.dtype)[0] not in ("M", "Y"):
        return last + ahead * every
    days, place = _monthly(times) or (times.astype("datetime64[D]"), "day")
    months = days[-1].astype("datetime64[M]") + ahead * every
    return _on_place(place, months, days[-1]).astype("datetime64[us]") + (
        last - days[-1]
    )


def _steps(ticks: np.ndarray, unit: Step) -> Sampling:
    """Return the sampling of counts of a unit."""
    counts: Counter[int] = Counter()
    for _, steps in _blocks(ticks):
        forward, found = np.unique(steps[steps > 0], return_counts=True)
        counts.update(dict(zip(forward.tolist(), found.tolist(), strict=True)))
    if not counts:
        return Sampling(None, 0.0, np.arange(1, len(ticks)), shorter=False)
    most = max(counts.values())
    count = min(step for step, found in counts.items() if found == most)
    return _counted(ticks, count, count * unit)


def _counted(ticks: np.ndarray, count: int, every: Step) -> Sampling:
    gaps, shorter = [np.arange(0)], False
    for start, steps in _blocks(ticks):
        gaps.append(np.flatnonzero(steps != count) + 1 + start)
        shorter |= bool((steps < count).any())
    rows = np.concatenate(gaps)
    regularity = float(1 - len(rows) / max(1, len(ticks) - 1))
    return Sampling(every, regularity, rows, shorter)


def _blocks(ticks: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the steps between rows, some at a time, and the first one's number."""
    for rows in row_blocks(len(ticks) - 1):
        yield rows.start, np.diff(ticks[rows.start : rows.stop + 1])


def _dates(times: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the days that times can be meant for, if they have one time of day.

    A zone's midnight is another hour in UTC, one in summer and one in winter, and east
    of Greenwich it is the day before.
    """
    days = times.astype("datetime64[D]")
    clock = times - days
    if clock.max() - clock.min() <= _SUMMER_TIME:
        yield days
        if clock.min() > np.timedelta64(9, "h"):
            yield days + _DAY


def _business_dates(times: np.ndarray) -> np.ndarray | None:
    return next((days for days in _dates(times) if np.is_busday(days).all()), None)


def _business_days(times: np.ndarray) -> np.ndarray | None:
    """Return the number of each time's business day; None if one is no such day."""
    days = _business_dates(times)
    return None if days is None else np.busday_count("1970-01-01", days)


def _months(times: np.ndarray) -> np.ndarray | None:
    """Return the number of each time's month; None if they fall on other days."""
    found = _monthly(times)
    return None if found is None else found[0].astype("datetime64[M]").astype(np.int64)


def _monthly(times: np.ndarray) -> tuple[np.ndarray, str] | None:
    """Return the days of times, and at which place of its month each of them is."""
    for days in _dates(times):
        months = days.astype("datetime64[M]")
        for place in ("last day", "day", "first business day", "last business day"):
            if (_on_place(place, months, days[-1]) == days).all():
                return days, place
    return None


def _on_place(place: str, months: np.ndarray, like: np.datetime64) -> np.ndarray:
    """Return the day of each month that is at a place, the "day" being one like it."""
    first = months.astype("datetime64[D]")
    after = (months + _MONTH).astype("datetime64[D]")
    if place == "first business day":
        return np.busday_offset(first, 0, roll="forward")
    if place == "last business day":
        return np.busday_offset(after, -1, roll="forward")
    if place == "last day":
        return after - _DAY
    since = like - like.astype("datetime64[M]").astype("datetime64[D]")
    return np.minimum(first + since, after - _DAY)
