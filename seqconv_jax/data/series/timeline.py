"""Rows in order of time: repeats, direction, sampling and gaps."""

import numpy as np

from seqconv_jax._checks import UserError, one_of

__all__ = ["arrange", "gap_rows", "sampling", "shown_time"]

_NO_TIME = np.timedelta64(0, "us")


def arrange(
    times: np.ndarray, *, duplicates: str, unsorted: str, where: str
) -> tuple[np.ndarray | None, list[str]]:
    """Return which rows to take in which order (None for all as they are) and notes.

    Args:
        times: `(rows,)` in the order of reading.
        duplicates: "error", or keep only the "first" or "last" row of each time, or
            "keep" all.
        unsorted: "error", "sort" by time (stable), or "keep" the order.
        where: the file, for messages.

    Raises:
        UserError: for newest-first files, and for what is not allowed, with a count.
    """
    import pandas as pd  # takes 80 MB, which arrays and reviews can do without

    one_of("duplicates", duplicates, ("error", "first", "last", "keep"))
    one_of("unsorted", unsorted, ("error", "sort", "keep"))
    _check_oldest_first(times, where)
    rows, notes = None, []
    repeats = pd.Series(times).duplicated(
        keep="last" if duplicates == "last" else "first"
    )
    count = int(repeats.sum())
    if count and duplicates == "error":
        first = int(np.flatnonzero(repeats)[0])
        raise UserError(
            f"{where}: {count:,} rows repeat a time, first row {first} "
            f"({shown_time(times[first])}); pass duplicates='first', 'last' or 'keep'"
        )
    if count and duplicates != "keep":
        rows = np.flatnonzero(~repeats.to_numpy())
        notes.append(f"{count:,} rows that repeat a time left out")
    ordered = times if rows is None else times[rows]
    back = (np.flatnonzero(np.diff(ordered) < _NO_TIME) + 1).tolist()
    if len(back) and unsorted == "error":
        raise UserError(
            f"{where}: time runs backwards at {len(back):,} rows, first at "
            f"{shown_time(ordered[back[0]])} after {shown_time(ordered[back[0] - 1])}; "
            "pass unsorted='sort' or 'keep'"
        )
    if len(back) and unsorted == "sort":
        order = np.argsort(ordered, kind="stable")
        rows = order if rows is None else rows[order]
        notes.append(f"rows sorted by time ({len(back):,} ran backwards)")
    return rows, notes


def _check_oldest_first(times: np.ndarray, where: str) -> None:
    steps = np.diff(times)
    if len(steps) and (steps < _NO_TIME).mean() > 0.5:
        raise UserError(
            f"{where}: rows run from newest ({shown_time(times[0])}) to oldest "
            f"({shown_time(times[-1])}); pass reverse=True (--reverse) if the file is "
            "so, and leave it out if it is not"
        )


def sampling(times: np.ndarray) -> tuple[np.timedelta64 | None, float]:
    """Return the most common step forward, and the fraction of steps that equal it.

    The step is None where time never moves forward.
    """
    steps = np.diff(times)
    forward, counts = np.unique(steps[steps > _NO_TIME], return_counts=True)
    if not len(forward):
        return None, 0.0
    best = int(np.argmax(counts))
    return forward[best], float(counts[best] / len(steps))


def gap_rows(times: np.ndarray, every: np.timedelta64 | None) -> np.ndarray:
    """Return the rows that do not follow the row before them by exactly `every`."""
    if every is None:
        return np.arange(1, len(times))
    return np.flatnonzero(np.diff(times) != every) + 1


def shown_time(time: np.datetime64) -> str:
    """Return a time as short text: a date, to the minute, or to the second."""
    if time == time.astype("datetime64[D]"):
        return str(time.astype("datetime64[D]"))
    unit = "m" if time == time.astype("datetime64[m]") else "s"
    return str(time.astype(f"datetime64[{unit}]")).replace("T", " ")
