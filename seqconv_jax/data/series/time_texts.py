"""A column of text as times: which format fits every row, and the reading of it."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from seqconv_jax._checks import UserError, expect
from seqconv_jax.data.series.given import ZONE_NOTE
from seqconv_jax.data.series.time_forms import (
    QUARTER,
    SPAN,
    quarter_months,
    text_forms,
)
from seqconv_jax.data.series.time_numbers import NUMBER_FORMS
from seqconv_jax.data.series.time_parts import times_of_parts

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ReadTimes", "is_number", "numbers", "read_texts", "texts"]

_SAMPLE = 1_000
_NUMBER = re.compile(r"\s*[+-]?\d+(\.\d*)?([eE][+-]?\d+)?\s*")
# A whole date of which the time of day may have more or fewer parts than the first's.
_ISO = r"\s*\d{4}-\d\d-\d\d([T ].*)?"
_ISO_ZONE = r".*\d[T ]\d.*(Z|[+-]\d\d(:?\d\d)?)\s*"
_DATE = {"year", "month", "day"}
_DIGITS = {
    **{"%Y": ("year", 4), "%m": ("month", 2), "%d": ("day", 2)},
    **{"%H": ("hour", 2), "%M": ("minute", 2), "%S": ("second", 2)},
}


class ReadTimes(NamedTuple):
    """Times `(rows,)` `datetime64[us]`, how they were read, and what to ask again."""

    times: np.ndarray
    notes: tuple[str, ...] = ()
    found: Mapping[str, Any] = {}


def texts(cells: Any) -> "pd.Series":
    """Return cells as a series of texts: whole numbers without a fraction."""
    import pandas as pd

    cells = cells if isinstance(cells, pd.Series) else pd.Series(cells)
    if isinstance(cells.dtype, pd.CategoricalDtype):
        cells = cells.astype(cells.cat.categories.dtype)
    if cells.dtype.kind == "f" and not (cells % 1).any():
        cells = cells.astype("Int64")
    cells = cells.reset_index(drop=True)
    return cells.astype("str").where(cells.notna(), "")


def numbers(cells: Any) -> "pd.Series":
    """Return cells as a series of numbers, missing where a cell is none."""
    import pandas as pd

    read = pd.to_numeric(pd.Series(cells), errors="coerce")
    return pd.Series(read).reset_index(drop=True)


def is_number(cell: str) -> bool:
    """Return whether a text is a plain number."""
    return _NUMBER.fullmatch(cell) is not None


def read_texts(
    cells: "pd.Series", time_format: str | None, day_first: bool | None, where: str
) -> tuple[ReadTimes, str]:
    """Return the times of texts, NaT where a cell is of another form, and the form.

    Args:
        cells: `(rows,)` texts.
        time_format: a `strptime` format, None to find it.
        day_first: whether the day comes first, None to find out.
        where: the file, for messages.

    Raises:
        UserError: for no known form, or one that can be read in two ways.
    """
    if re.search(SPAN, cells.iloc[0]) and text_forms(cells.iloc[0]):
        starts = cells.str.split(SPAN, n=1, regex=True).str[0]
        read, form = read_texts(starts, time_format, day_first, where)
        note = "times are spans, whose starts are taken"
        return read._replace(notes=(note, *read.notes)), form
    if time_format is not None:
        known = "%" in str(time_format) or time_format == QUARTER
        words = f"a strptime format with % signs, or one of {', '.join(NUMBER_FORMS)}"
        expect(known, "time_format", words, time_format)
        return _read(cells, time_format), time_format
    allowed = text_forms(cells.iloc[0])
    if not allowed:
        raise UserError(
            f"{where} row 0: {cells.iloc[0]!r} is no time in a known form; pass "
            "time_format=... such as '%d.%m.%Y %H:%M:%S'"
        )
    forms = _in_order(allowed, day_first)
    fitting = _fitting_sample(cells, forms)
    read = {form: _read(cells, form, mixed=True) for form in fitting}
    fitting = [form for form in read if not np.isnat(read[form].times).any()]
    different = {read[form].times.tobytes() for form in fitting}
    if len(different) > 1:
        raise UserError(
            f"{where}: times such as {cells.iloc[0]!r} can have the day or the month "
            f"first; pass time_format={fitting[0]!r} or {fitting[1]!r}, or "
            "day_first=True or day_first=False"
        )
    best = min(read, key=lambda form: int(np.isnat(read[form].times).sum()))
    notes, found = read[best].notes, {}
    if len(forms) > 1 and len(fitting) == 1 and "%m" in best:
        found = {"day_first": best.find("%d") < best.find("%m")}
        found = {"time_format": best} if best.startswith("%y") else found
        notes = (f"times are read as {best!r}, as a day above 12 shows", *notes)
    if "%y" in best:
        notes = (*notes, "years of two digits are read as 1969 to 2068")
    return ReadTimes(read[best].times, notes, found), best


def _in_order(forms: tuple[str, ...], day_first: bool | None) -> tuple[str, ...]:
    """Return the formats whose day and month come in the order that is asked for."""
    if day_first is None:
        return forms
    fitting = [
        form
        for form in forms
        if form[:2] != "%y" and (form.find("%d") < form.find("%m")) == day_first
    ]
    if not fitting and forms[0].startswith("%d.%m."):
        return (forms[0].replace("%d.%m.", "%m.%d."),)
    return tuple(fitting) or forms


def _fitting_sample(cells: "pd.Series", forms: tuple[str, ...]) -> tuple[str, ...]:
    """Return the formats that fit some rows from all over the column, or all of them.

    One format is then left in most columns, and is read once.
    """
    sample = cells.iloc[:: max(1, len(cells) // _SAMPLE)]
    read = {form: _read(sample, form, mixed=True).times for form in forms}
    faults = {form: int(np.isnat(read[form]).sum()) for form in forms}
    return tuple(form for form in forms if faults[form] == min(faults.values()))


def _read(cells: "pd.Series", form: str, *, mixed: bool = False) -> ReadTimes:
    """Return the times, NaT for a cell that does not fit.

    Args:
        cells: `(rows,)` texts.
        form: a `strptime` format.
        mixed: whether other cells may have more or fewer parts of the time of day,
            where the form is that of ISO 8601.
    """
    zone = "%z" in form or "%Z" in form
    notes = (ZONE_NOTE,) if zone else ()
    times = _fixed_width(cells, form)
    if times is not None:
        return ReadTimes(times, notes)
    cells = cells.str.strip()
    if form == QUARTER:
        cells, form = cells.map(quarter_months, na_action="ignore"), "%Y-%m"
    elif "%V" in form and "%u" not in form:
        cells, form = cells + "-1", form + "-%u"
    times = _strptime(cells, form, zone)
    bad = np.isnat(times)
    if mixed and bad.any() and form.startswith("%Y-%m-%d"):
        others = cells.loc[bad]
        whole = others.str.fullmatch(_ISO) & (
            others.str.fullmatch(_ISO_ZONE).astype(bool) == zone
        )
        times[bad] = _strptime(others.where(whole.astype(bool)), "ISO8601", zone)
        bad = np.isnat(times)
    if bad.any() and "%H:%M" in form:
        ends = cells.loc[bad].where(cells.loc[bad].str.contains(r"\D24:00", regex=True))
        starts = ends.str.replace(r"(\D)24:00", r"\g<1>00:00", n=1, regex=True)
        times[bad] = _strptime(starts, form, zone) + np.timedelta64(1, "D")
        count = int(ends.notna().sum())
        notes += (f"24:00 is read as the next day's 00:00 ({count:,} rows)",) * (
            count > 0
        )
    return ReadTimes(times, notes)


def _strptime(cells: "pd.Series", form: str, zone: bool) -> np.ndarray:
    import pandas as pd

    try:
        times = pd.to_datetime(cells, format=form, errors="coerce", utc=zone)
    except ValueError as error:
        raise UserError(f"`time_format` = {form!r}: {error}") from error
    times = times.dt.tz_localize(None) if zone else times
    return np.array(times.to_numpy("datetime64[us]"))


def _fixed_width(cells: "pd.Series", form: str) -> np.ndarray | None:
    """Parse forms such as `DD.MM.YYYY HH:MM:SS` some ten times faster than strptime.

    Returns None where any cell is not exactly so: the slow way then tells which. (To
    hand the texts to NumPy would be as fast, but ends Python where one is no time.)
    """
    parts = re.findall(r"%.|[^%]", form)
    asked = [_DIGITS[part] for part in parts if part in _DIGITS]
    if (
        form.startswith("%Y")
        or not form.isascii()
        or {name for name, _ in asked[:3]} != _DATE
    ):
        return None
    if any(part not in _DIGITS for part in parts if part[0] == "%"):
        return None
    try:
        text = cells.to_numpy(dtype="S")
    except (UnicodeEncodeError, TypeError, ValueError):
        return None
    if text.dtype.itemsize != sum(_DIGITS.get(part, ("", 1))[1] for part in parts):
        return None
    # a row of letters for each place, as one that is not contiguous takes five times
    # as long; what is no digit is above 9, as bytes wrap around
    places = np.ascontiguousarray(text.view(np.uint8).reshape(len(text), -1).T)
    numbers, at = {}, 0
    for part in parts:
        name, width = _DIGITS.get(part, ("", 1))
        letters, at = places[at : at + width], at + width
        if not name:
            if (letters != ord(part)).any():
                return None
            continue
        digits = letters - ord("0")
        if (digits > 9).any():
            return None
        number = digits[0].astype(np.float64)
        for digit in digits[1:]:
            number = 10 * number + digit
        numbers[name] = number
    times = times_of_parts(numbers)
    ends = (numbers.get("hour", at) == 24) | (numbers.get("second", at) == 60)
    return None if np.isnat(times).any() or np.any(ends) else times
