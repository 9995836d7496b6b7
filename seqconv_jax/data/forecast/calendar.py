"""The calendar as inputs: where in the day, week and year a row lies."""

import numpy as np

from seqconv_jax.data.series.durations import BusinessDays, Step

__all__ = [
    "CYCLES",
    "calendar_cycles",
    "calendar_names",
    "calendar_values",
]

_DAY, _MONTH = np.timedelta64(1, "D"), np.timedelta64(732, "h")  # a year is 366 days
CYCLES = {"hour of day": _DAY, "day of week": 7 * _DAY, "day of year": 365 * _DAY}


def calendar_cycles(every: Step) -> tuple[str, ...]:
    """Return the cycles of the calendar that rows lie within: those of `CYCLES`.

    The day for samplings below a day, the week for those below a week, and the year.

    >>> calendar_cycles(np.timedelta64(1, "D")), calendar_cycles(np.timedelta64(1, "M"))
    (('day of week', 'day of year'), ('day of year',))

    Args:
        every: the time from row to row.
    """
    return tuple(name for name, cycle in CYCLES.items() if _length(every) < cycle)


def calendar_names(cycles: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the columns: a sine and a cosine of each cycle.

    >>> calendar_names(("day of week",))
    ('sin day of week', 'cos day of week')
    """
    return tuple(f"{wave} {cycle}" for cycle in cycles for wave in ("sin", "cos"))


def calendar_values(times: np.ndarray, cycles: tuple[str, ...]) -> np.ndarray:
    """Return `(rows, columns)` float64 in [-1, 1], as `calendar_names` names them.

    Args:
        times: `(rows,)` `datetime64`.
        cycles: of `CYCLES`.

    Example:
        >>> hours = np.array(["2020-01-01T00", "2020-01-01T06"], "datetime64[us]")
        >>> calendar_values(hours, ("hour of day",)).round(3).tolist()
        [[0.0, 1.0], [1.0, 0.0]]
    """
    angles = [2 * np.pi * _TURNS[cycle](times) for cycle in cycles]
    waves = [wave(angle) for angle in angles for wave in (np.sin, np.cos)]
    return np.stack(waves, axis=1) if waves else np.zeros((len(times), 0))


def _length(step: Step) -> np.timedelta64:
    """Return about how long a step is: 30.5 days for a month."""
    if isinstance(step, BusinessDays):
        return step.count * _DAY
    if np.datetime_data(step.dtype)[0] in ("M", "Y"):
        return int(step.astype("timedelta64[M]").astype(np.int64)) * _MONTH
    return step


def _day_turn(times: np.ndarray) -> np.ndarray:
    return (times - times.astype("datetime64[D]")) / _DAY


def _week_turn(times: np.ndarray) -> np.ndarray:
    # day 0 was a Thursday, the fourth day of a week that begins on Monday
    return (times.astype("datetime64[D]").astype(np.int64) + 3) % 7 / 7


def _year_turn(times: np.ndarray) -> np.ndarray:
    year = times.astype("datetime64[Y]")
    start, end = (
        each.astype("datetime64[D]") for each in (year, year + np.timedelta64(1, "Y"))
    )
    return (times - start) / (end - start).astype("timedelta64[us]")


_TURNS = {
    "hour of day": _day_turn,
    "day of week": _week_turn,
    "day of year": _year_turn,
}
