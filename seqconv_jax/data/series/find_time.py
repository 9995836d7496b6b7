"""Which columns of a table are its times, by their names and what is in them."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.data.series.table import listed
from seqconv_jax.data.series.time_forms import DOTTED_CLOCK, text_forms
from seqconv_jax.data.series.time_numbers import number_form
from seqconv_jax.data.series.time_parts import CLOCK_PARTS, in_range, part_names
from seqconv_jax.data.series.time_texts import is_number
from seqconv_jax.data.series.times import parse_time_columns

__all__ = ["find_time_columns"]

_MISSING = ("", "nan", "NaN", "NaT", "<NA>", "None", "NA", "N/A", "null", "-", "?")
_CLOCK = re.compile(r"\s*\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp][Mm])?\s*")
_NAMED = re.compile(
    r"\b(time|times|timestamp|timestamps|unix|epoch|date|dates|datetime|ds|year|years|"
    r"yr|month|months|period|yearmonth|yyyymm|yyyymmdd)\b|^ ?(t|ts) ?$"
)


def find_time_columns(
    names: Sequence[str], samples: Mapping[str, Sequence[Any]]
) -> tuple[str, ...] | None:
    """Return the columns of the times, as `read_series` takes them; None for no time.

    They are a column of whole times; a column of dates and one of times of day, or of
    hours; or columns of year, month, day and hour. Numbers are times where the name
    says so, or where they rise and lie in the range of Unix time.

    Args:
        names: the names of all columns, in order; "" for one without a name.
        samples: some cells of each, from the first on: texts, numbers or times.

    Raises:
        UserError: where several choices are open.

    Example:
        >>> cells = {"Date": ["16/12/2006"], "Time": ["17:24:00"], "kW": ["4.2"]}
        >>> find_time_columns(list(cells), cells)
        ('Date', 'Time')
        >>> find_time_columns(["a", "b"], {"a": [1, 2], "b": [2.5, 3.5]}) is None
        True
    """
    cells = {name: _filled(samples.get(name, ())) for name in names}
    kinds = {name: _kind(name, cells[name]) for name in names}
    whole = [name for name in names if kinds[name] in ("time", "date")]
    parts = {
        part: name
        for part, name in part_names(names).items()
        if cells[name] and _fits_part(part, cells[name])
    }
    # a year beside whole dates is made of them
    whole = [name for name in whole if name != parts.get("year")] or whole
    if len(whole) > 1:
        whole = _one_of_equals(whole, cells)
    if len(whole) > 1:
        raise UserError(
            f"{len(whole)} columns look like times: {listed(whole, 10)}; name one with "
            "time="
        )
    if len(parts) > 1 and "year" in parts and whole in ([], [parts["year"]]):
        order = ("year", "quarter", "month", "day", "yearday", *CLOCK_PARTS)
        return tuple(parts[part] for part in order if part in parts)
    if not whole:
        return None
    if kinds[whole[0]] == "date":
        clocks = [name for name in names if kinds[name] == "clock"]
        if len(clocks) == 1:
            return (whole[0], clocks[0])
        hours = [parts[part] for part in CLOCK_PARTS if part in parts]
        if "hour" in parts and not clocks and _repeat(cells[whole[0]]):
            return (whole[0], *hours)
    return (whole[0],)


def _filled(cells: Sequence[Any]) -> list[Any]:
    """Return the cells that hold something: texts, numbers or times."""
    return [cell for cell in cells if str(cell).strip() not in _MISSING]


def _kind(name: str, cells: Sequence[Any]) -> str:
    """Return "time", "date" (without a time of day), "clock" (without a date) or ""."""
    if not cells:
        return ""
    if all(isinstance(cell, date | np.datetime64) for cell in cells):
        return "time"
    numbers = _numbers(cells)
    if numbers is not None:
        return _number_kind(name, numbers)
    if not all(isinstance(cell, str) for cell in cells):
        return ""
    if all(_CLOCK.fullmatch(cell) for cell in cells) or _are_dotted_clocks(cells):
        return "clock"
    forms = [text_forms(cell) for cell in cells]
    # a few cells of another form are for whoever reads them to name
    if sum(map(bool, forms)) < 0.9 * len(cells):
        return ""
    first = next(form[0] for form in forms if form)
    return "time" if re.search("%[HI]", first) else "date"


def _are_dotted_clocks(cells: Sequence[str]) -> bool:
    """Return whether texts such as "18.00.00" are clocks, and not all of them dates."""
    days = [cell.strip().split(".")[:2] for cell in cells]
    return all(map(DOTTED_CLOCK.fullmatch, cells)) and not all(
        1 <= int(day) <= 31 and 1 <= int(month) <= 12 for day, month in days
    )


def _number_kind(name: str, numbers: np.ndarray) -> str:
    """Return the kind of numbers: by their name, or where they rise like a clock.

    A count of people or of money can lie in the range of Unix time, and rise as well,
    but not by equal steps.
    """
    form = number_form(numbers)
    if form is None:
        return ""
    named = _NAMED.search(re.sub(r"[^a-z]+", " ", name.lower())) is not None
    steps, counts = np.unique(np.diff(numbers), return_counts=True)
    even = len(numbers) > 3 and steps.min() > 0 and counts.max() * 2 > counts.sum()
    if not named and (not even or form in ("%Y", "%Y%m", "decimal_year")):
        return ""
    return "time" if form.startswith("unix") or "%H" in form else "date"


def _numbers(cells: Sequence[Any]) -> np.ndarray | None:
    """Return the cells as numbers, None where one is none."""
    texts = [str(cell) for cell in cells]
    if not all(is_number(text) for text in texts):
        return None
    whole = all(re.fullmatch(r"\s*[+-]?\d{1,18}\s*", text) for text in texts)
    return np.array([int(text) if whole else float(text) for text in texts])


def _fits_part(part: str, cells: Sequence[Any]) -> bool:
    numbers = _numbers(cells)
    if numbers is None:  # the name of a month, or "Q1"
        return part in ("month", "quarter") and str(cells[0])[0].isalpha()
    return bool(in_range(part, numbers.astype(np.float64)).all())


def _repeat(cells: Sequence[Any]) -> bool:
    return len(set(map(str, cells))) < len(cells) or len(cells) == 1


def _one_of_equals(
    names: Sequence[str], cells: Mapping[str, Sequence[Any]]
) -> list[str]:
    """Return the first name where all columns say the same times, else all names."""
    read = []
    for name in names:
        try:
            found = parse_time_columns({name: cells[name]}, where="the sample")
        except UserError:
            return list(names)
        read.append(found[0].tobytes())
    return [names[0]] if len(set(read)) == 1 else list(names)
