"""The calendar as inputs: where in the day, week and year a row lies."""

import numpy as np

__all__ = ["calendar_names", "calendar_values"]

_DAY = np.timedelta64(1, "D")
_WEEK, _YEAR = 7 * _DAY, 365 * _DAY


def calendar_names(every: np.timedelta64) -> tuple[str, ...]:
    """Return the names of the columns: a sine and a cosine of each cycle.

    A cycle is one that some rows lie within: of the day below daily sampling, of the
    week below weekly, of the year below yearly.

    Args:
        every: the time from row to row.

    Example:
        >>> calendar_names(np.timedelta64(1, "D"))[::2]
        ('sin day of week', 'sin day of year')
    """
    return tuple(
        f"{wave} {cycle}" for cycle in _cycles(every) for wave in ("sin", "cos")
    )


def calendar_values(times: np.ndarray, every: np.timedelta64) -> np.ndarray:
    """Return `(rows, columns)` float64 in [-1, 1], as `calendar_names` names them.

    Args:
        times: `(rows,)` `datetime64`.
        every: the time from row to row.

    Example:
        >>> hours = np.array(["2020-01-01T00", "2020-01-01T06"], "datetime64[us]")
        >>> calendar_values(hours, np.timedelta64(1, "h"))[:, :2].round(3).tolist()
        [[0.0, 1.0], [1.0, 0.0]]
    """
    turns = {
        "hour of day": (times - times.astype("datetime64[D]")) / _DAY,
        # day 0 was a Thursday, the fourth day of a week that begins on Monday
        "day of week": (times.astype("datetime64[D]").astype(np.int64) + 3) % 7 / 7,
        "day of year": _year_turn(times),
    }
    angles = [2 * np.pi * turns[cycle] for cycle in _cycles(every)]
    waves = [wave(angle) for angle in angles for wave in (np.sin, np.cos)]
    return np.stack(waves, axis=1) if waves else np.zeros((len(times), 0))


def _cycles(every: np.timedelta64) -> list[str]:
    longest = {"hour of day": _DAY, "day of week": _WEEK, "day of year": _YEAR}
    return [cycle for cycle, length in longest.items() if every < length]


def _year_turn(times: np.ndarray) -> np.ndarray:
    year = times.astype("datetime64[Y]")
    start, end = year.astype("datetime64[D]"), (year + 1).astype("datetime64[D]")
    return (times - start) / (end - start).astype("timedelta64[us]")
