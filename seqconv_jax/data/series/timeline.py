"""Rows in order of time: repeats and direction."""

from collections.abc import Callable, Collection

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax._windows import row_blocks

__all__ = [
    "DUPLICATES",
    "UNSORTED",
    "arrange",
    "check_rising",
    "count_steps",
    "shown_time",
]

DUPLICATES = ("error", "first", "last", "keep")
UNSORTED = ("error", "sort", "keep")
_NO_TIME = np.timedelta64(0, "us")


def arrange(
    times: np.ndarray,
    *,
    duplicates: str,
    unsorted: str,
    where: str,
    hint: Callable[[], str] = str,
) -> tuple[np.ndarray | None, list[str]]:
    """Return which rows to take in which order (None for all as they are) and notes.

    Args:
        times: `(rows,)` in the order of reading.
        duplicates: of `DUPLICATES`: "error", or keep only the "first" or "last" row of
            each time, or "keep" all.
        unsorted: of `UNSORTED`: "error", "sort" by time (stable), or "keep" the order.
        where: the file, for messages.
        hint: makes what the error on repeated times is to advise before all.

    Raises:
        UserError: for newest-first files, and for what is not allowed, with a count.
    """
    if unsorted != "sort" and _newest_first(times):
        raise UserError(
            f"{where}: rows run from newest ({shown_time(times[0])}) to oldest "
            f"({shown_time(times[-1])}); pass reverse=True if the file is so, and "
            "leave it out if it is not"
        )
    rows, notes = None, []
    repeats = _repeats(times[::-1])[::-1] if duplicates == "last" else _repeats(times)
    count = int(repeats.sum())
    if count and duplicates == "error":
        raise UserError(
            f"{where}: {_repeated(times, repeats)}; pass "
            f"{hint() or _set_back(times[repeats])}duplicates='first', 'last' or 'keep'"
        )
    if count and duplicates != "keep":
        rows = np.flatnonzero(~repeats)
        notes.append(f"{count:,} rows that repeat a time left out")
    ordered = times if rows is None else times[rows]
    back = _backward(ordered)
    if len(back) and unsorted == "error":
        raise UserError(
            f"{where}: {_backwards(ordered, back)}; pass unsorted='sort' or 'keep'"
        )
    if len(back) and unsorted == "sort":
        order = np.argsort(ordered, kind="stable")
        rows = order if rows is None else rows[order]
        notes.append(f"rows sorted by time ({len(back):,} ran backwards)")
    return rows, notes


def check_rising(times: np.ndarray, allow: Collection[str]) -> None:
    """Raise unless the times of a series rise, or do what is allowed.

    Args:
        times: `(rows,)`.
        allow: "unsorted" for times that run backwards here and there, "duplicates"
            for repeated ones. Newest-first is never right: it forecasts the past.

    Raises:
        UserError: with a count, the first row and the remedy.
    """
    if count_steps(times) == len(times) - 1:
        return
    if _newest_first(times):
        raise UserError(
            f"`times` must rise, got newest ({shown_time(times[0])}) to oldest "
            f"({shown_time(times[-1])}); reverse `values` and `times`"
        )
    repeats, back = _repeats(times), _backward(times)
    if repeats.any() and "duplicates" not in allow:
        raise UserError(
            f"`times` must rise: {_repeated(times, repeats)}; leave them out, or pass "
            "allow=('duplicates',)"
        )
    if len(back) and "unsorted" not in allow:
        raise UserError(
            f"`times` must rise: {_backwards(times, back)}; sort values and times, or "
            "pass allow=('unsorted',)"
        )


def count_steps(times: np.ndarray, *, backward: bool = False) -> int:
    """Return how many rows have a later time than the row before, or an earlier one."""
    count, sign = 0, -1 if backward else 1
    for rows in row_blocks(len(times)):
        steps = np.diff(times[max(0, rows.start - 1) : rows.stop])
        count += int((sign * steps > _NO_TIME).sum())
    return count


def _newest_first(times: np.ndarray) -> bool:
    return count_steps(times, backward=True) > count_steps(times)


def _repeats(times: np.ndarray) -> np.ndarray:
    """Return `(rows,)` bool: whether an earlier row has the same time."""
    repeats = np.ones(len(times), bool)
    repeats[np.unique(times, return_index=True)[1]] = False
    return repeats


def _set_back(repeated: np.ndarray) -> str:
    """Return advice where all repeats lie in nights in which clocks are set back."""
    days = repeated.astype("datetime64[D]")
    hours = (repeated - days).astype("timedelta64[h]").astype(np.int64)
    sundays = (days.astype(np.int64) + 3) % 7 == 6
    if not (sundays & (hours >= 1) & (hours < 4)).all():
        return ""
    return "the zone whose clocks were set back then, as zone='Europe/Berlin', or "


def _backward(times: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.diff(times) < _NO_TIME) + 1


def _repeated(times: np.ndarray, repeats: np.ndarray) -> str:
    first = int(np.argmax(repeats))
    return (
        f"{int(repeats.sum()):,} rows repeat a time, first row {first} "
        f"({shown_time(times[first])})"
    )


def _backwards(times: np.ndarray, back: np.ndarray) -> str:
    first = int(back[0])
    return (
        f"time runs backwards at {len(back):,} rows, first at "
        f"{shown_time(times[first])} after {shown_time(times[first - 1])}"
    )


def shown_time(time: np.datetime64) -> str:
    """Return a time as short text: a date, to the minute, the second, or finer."""
    if time == time.astype("datetime64[D]"):
        return str(time.astype("datetime64[D]"))
    units = ("m", "s", "ms", "us")
    exact = (time.astype(f"datetime64[{unit}]") for unit in units)
    return str(next(shown for shown in exact if shown == time)).replace("T", " ")
