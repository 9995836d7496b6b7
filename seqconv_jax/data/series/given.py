"""What callers hand in as a series: names, values and times, checked and cast once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError, shown
from seqconv_jax.data.series.table import listed

__all__ = ["IN_UTC", "from_pandas", "given_columns", "given_times", "given_values"]

MICROSECONDS = "datetime64[us]"
IN_UTC = "given in UTC"  # ends each note on zones
ZONE_NOTE = f"times with a zone are {IN_UTC}"
PERIOD_NOTE = "a period's time is its start"


def from_pandas(value: Any) -> bool:
    """Return whether an object is one of pandas', without importing pandas."""
    return type(value).__module__.partition(".")[0] == "pandas"


def given_columns(columns: Any) -> tuple[str, ...]:
    """Return column names as a tuple of texts that differ, else raise `UserError`."""
    ordered = hasattr(columns, "__len__") and hasattr(columns, "__getitem__")
    if isinstance(columns, str | Mapping) or not ordered or not len(columns):
        raise UserError(
            f"`columns` must be a tuple of one name or more, got {shown(columns)}"
        )
    for name in columns:
        if not isinstance(name, str):
            raise UserError(f"`columns` must be texts, got {shown(name)}")
        if not name.isprintable() or (name and not name.strip()):
            raise UserError(f"`columns` must be texts to print, got {shown(name)}")
    counts = Counter(name.strip() for name in columns)
    repeated = [name for name, count in counts.items() if count > 1]
    if repeated:
        raise UserError(f"`columns` must name each column once, got {listed(repeated)}")
    return tuple(map(str, columns))


def given_values(values: Any, columns: Sequence[str]) -> np.ndarray:
    """Return `(rows, columns)` float64, a masked cell as NaN, else raise `UserError`.

    Args:
        values: an array, or what NumPy makes one of, of integers or floats.
        columns: the name of each column.
    """
    if from_pandas(values):
        raise UserError(
            f"`values` must be an array, got a pandas {type(values).__name__}; use "
            "Series.from_pandas"
        )
    try:
        array = np.ma.asarray(values) if np.ma.isMA(values) else np.asarray(values)
    except Exception as error:  # ragged lists, or an object that is no array
        raise UserError(f"`values` must be an array of numbers: {error}") from error
    if array.ndim != 2 or array.shape[1] != len(columns):
        hint = "; values[:, None] makes one column" if array.ndim == 1 else ""
        raise UserError(
            f"`values` must have shape (rows, {len(columns)}), one column for each "
            f"name, got {array.shape}{hint}"
        )
    if array.dtype.kind not in "iuf":
        raise UserError(
            f"`values` must be integers or floats, got {array.dtype}; "
            "values.astype(float) makes floats of what are numbers"
        )
    if not len(array):
        raise UserError(f"`values` must have at least one row, got {array.shape}")
    if array.dtype.kind in "iu" and np.abs(array.astype(np.float64)).max() > 2**53:
        raise UserError(
            "`values` must be numbers that float64 holds, got integers beyond 2**53; "
            "subtract an offset"
        )
    numbers = array.astype(np.float64, copy=False)
    return np.ma.filled(numbers, np.nan)


def given_times(times: Any, rows: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return `(rows,)` `datetime64[us]` and notes on how it was read.

    Args:
        times: `datetime64` of any unit; a list or an object array of `datetime`,
            `date`, `datetime64` or `pandas.Timestamp`; a pandas index or series of
            times or periods.
        rows: how many there must be.

    Raises:
        UserError: for another kind or number of times, NaT, or a mix of times with
            and without a zone.
    """
    notes: tuple[str, ...] = ()
    if from_pandas(times):
        array, notes = _of_pandas(times)
    else:
        array = np.asarray(times) if hasattr(times, "__array__") else times
        if not isinstance(array, np.ndarray) or array.dtype == object:
            array, notes = _of_objects(array)
    if array.shape != (rows,):
        raise UserError(f"`times` must have shape ({rows},), got {array.shape}")
    if array.dtype.kind != "M":
        raise UserError(
            f"`times` must be datetime64, got {array.dtype}; seconds since 1970 are "
            "np.asarray(seconds, 'datetime64[s]'), text is for pandas.to_datetime"
        )
    missing = np.flatnonzero(np.isnat(array))
    if len(missing):
        raise UserError(
            f"`times` must be a time in every row, got NaT in {len(missing):,} rows, "
            f"first row {missing[0]}"
        )
    if array.dtype == MICROSECONDS:
        return np.asarray(array), notes  # as it is, which may be in a file
    cast = array.astype(MICROSECONDS)
    # a coarser unit reaches further than microseconds, and NumPy lets it wrap around
    if (cast.astype("datetime64[Y]") != array.astype("datetime64[Y]")).any():
        raise UserError("`times` must lie within 290,000 years of 1970")
    return cast, notes


def _of_pandas(times: Any) -> tuple[np.ndarray, tuple[str, ...]]:
    import pandas as pd  # loaded already, by whoever made the object

    if getattr(times, "ndim", 0) != 1 or isinstance(times, pd.MultiIndex):
        raise UserError(f"`times` must be one index of times, got {shown(times)}")
    index = pd.Index(times)
    if isinstance(index.dtype, pd.PeriodDtype):
        return _of_pandas(pd.PeriodIndex(index).to_timestamp())[0], (PERIOD_NOTE,)
    if isinstance(index.dtype, pd.ArrowDtype) and index.dtype.kind == "M":
        index = pd.DatetimeIndex(index)
    if isinstance(index, pd.DatetimeIndex):
        zoned = index.tz is not None
        naive = index.tz_convert(None) if zoned else index
        return np.asarray(naive), (ZONE_NOTE,) if zoned else ()
    if index.dtype == object:
        return _of_objects(index.to_numpy())
    if index.dtype.kind == "M":
        return np.asarray(index), ()
    raise UserError(
        f"`times` must be a pandas index of times, got {index.dtype}; "
        "pandas.to_datetime makes one"
    )


def _of_objects(times: Any) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the times of a list, each of which Python or NumPy knows as a time."""
    if isinstance(times, str) or not isinstance(times, (Sequence, np.ndarray)):
        raise UserError(f"`times` must be an array of datetime64, got {shown(times)}")
    zones = set()
    for row, time in enumerate(times):
        # NaT is a time to Python too, but unequal to itself
        if not isinstance(time, (date, np.datetime64)) or time != time:
            raise UserError(
                f"`times` must be datetime64 or datetime, got {shown(time)} in row "
                f"{row}; pandas.to_datetime makes times of text"
            )
        zones.add(getattr(time, "tzinfo", None) is not None)
    if len(zones) > 1:
        raise UserError("`times` must all have a zone, or none of them; got both")
    if True in zones:
        times = [time.astimezone(UTC).replace(tzinfo=None) for time in times]
    plain = [
        # NumPy would warn of nanoseconds, which no series here counts in
        np.datetime64(time.isoformat()) if isinstance(time, datetime) else time
        for time in times
    ]
    return np.array(plain, MICROSECONDS), (ZONE_NOTE,) if True in zones else ()
