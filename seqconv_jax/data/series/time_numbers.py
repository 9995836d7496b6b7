"""Times as numbers: Unix time, years, and dates written without marks."""

import numpy as np

from seqconv_jax.data.series.time_parts import times_of_parts

__all__ = ["NUMBER_FORMS", "number_form", "times_of_numbers"]

# How many of each unit are a second, and the numbers that are taken for it: 1973 to
# 2286 in every unit, so that no number fits two.
_UNIX = {"unix": 1, "unix_ms": 10**3, "unix_us": 10**6, "unix_ns": 10**9}
_SOONEST, _LATEST = 1e8, 1e10
_EXCEL_START = np.datetime64("1899-12-30", "us")
# How a date is written without marks: the digits of each part.
_COMPACT = {
    "%Y": ("year",),
    "%Y%m": ("year", "month"),
    "%Y%m%d": ("year", "month", "day"),
    "%Y%m%d%H": ("year", "month", "day", "hour"),
    "%Y%m%d%H%M": ("year", "month", "day", "hour", "minute"),
    "%Y%m%d%H%M%S": ("year", "month", "day", "hour", "minute", "second"),
}
NUMBER_FORMS = (*_UNIX, "excel", "decimal_year")


def number_form(numbers: np.ndarray) -> str | None:
    """Return what form of time numbers are, by their range; None for no form.

    >>> [number_form(np.array([n])) for n in (1949, 194901, 20200131, 1577836800)]
    ['%Y', '%Y%m', '%Y%m%d', 'unix']
    >>> number_form(np.array([1577836800000])), number_form(np.array([0, 1, 2]))
    ('unix_ms', None)
    """
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return None
    first = numbers[0]
    if (numbers == np.round(numbers)).all():
        for form, parts in _COMPACT.items():
            # where Unix time is as long, every number must be a date
            some = numbers if len(parts) in (4, 5) else numbers[:1]
            if len(str(int(first))) == 2 + 2 * len(parts):
                if not np.isnat(_compact(some, parts)).any():
                    return form
    elif 1000 <= numbers.min() and numbers.max() < 3000:
        return None if np.isnat(_decimal_years(numbers)).any() else "decimal_year"
    largest = float(np.abs(numbers.astype(np.float64)).max())
    for form, per_second in _UNIX.items():
        if _SOONEST * per_second <= largest < _LATEST * per_second:
            return form
    return None


def times_of_numbers(numbers: np.ndarray, form: str) -> np.ndarray:
    """Return `(rows,)` `datetime64[us]`; NaT for numbers that are no such time.

    Args:
        numbers: `(rows,)` integers (exact), or floats.
        form: what `number_form` returns, or "excel" for days since 1899-12-30.
    """
    if form in _COMPACT:
        return _compact(numbers, _COMPACT[form])
    if form == "decimal_year":
        return _decimal_years(numbers)
    if form == "excel":
        return _EXCEL_START + _microseconds(numbers, 86_400e6)
    per_second = _UNIX[form]
    if numbers.dtype.kind in "iu" and per_second >= 10**6:
        return (numbers // (per_second // 10**6)).astype("datetime64[us]")
    return np.datetime64(0, "us") + _microseconds(numbers, 10**6 / per_second)


def _microseconds(numbers: np.ndarray, each: float) -> np.ndarray:
    if numbers.dtype.kind in "iu":
        fits = np.abs(numbers.astype(np.float64)) * each < 2**62
        count = np.where(fits, numbers, 0).astype(np.int64) * int(each)
    else:
        with np.errstate(over="ignore"):
            fits = np.abs(numbers * each) < 2**62  # false for NaN as well
        # whole and rest apart, as their product has more digits than a float
        whole = np.floor(np.where(fits, numbers, 0))
        rest = np.round((np.where(fits, numbers, 0) - whole) * each)
        count = np.round(whole * each).astype(np.int64) + rest.astype(np.int64)
    return np.where(fits, count.astype("timedelta64[us]"), np.timedelta64("NaT", "us"))


def _compact(numbers: np.ndarray, parts: tuple[str, ...]) -> np.ndarray:
    whole = numbers == np.round(numbers)
    rest = np.where(whole, numbers, 0).astype(np.int64)
    split = {}
    for part in reversed(parts[1:]):
        rest, cells = np.divmod(rest, 100)
        split[part] = cells.astype(np.float64)
    return times_of_parts({"year": rest.astype(np.float64), **split})


def _decimal_years(years: np.ndarray) -> np.ndarray:
    """Return the months of years such as 1949.083: their starts, or their middles."""
    months = 12 * np.asarray(years, np.float64)
    halves = np.round(2 * months)
    # three digits of a year are a hundredth of a month, two are a tenth
    fits = (np.abs(2 * months - halves) < 0.15) & (years >= 1000) & (years < 3000)
    halves = np.where(fits, halves, 0).astype(np.int64)
    starts = (halves // 2 - 1970 * 12).astype("datetime64[M]").astype("datetime64[us]")
    fits &= halves % 2 == halves[:1] % 2
    return np.where(fits, starts, np.datetime64("NaT", "us"))
