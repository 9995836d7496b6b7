"""Where a series is cut into train, validation and test: rows, dates or fractions."""

import re
from collections.abc import Sequence
from datetime import UTC, date
from numbers import Integral, Real
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError, shown
from seqconv_jax.data.series.series import Series
from seqconv_jax.data.series.timeline import shown_time

__all__ = ["cut_rows"]


def cut_rows(
    split: Sequence[Any], series: Series, *, inside: bool = True
) -> tuple[int, int]:
    """Return the two rows at which a series is cut.

    Args:
        split: two cut points, not sizes, of one kind: rows (integers), fractions of
            the rows (in (0, 1): `(0.5, 0.75)` is 50/25/25), or dates (ISO text,
            `datetime` or `numpy.datetime64`: the first row at or after it; with a zone,
            its time in UTC). Text such as "0.5" is a fraction. Text of digits is a row,
            as is "1900 rows"; but of a series with times, four digits are a year.
        series: the series to cut.
        inside: whether dates must lie inside the series; else one before it is its
            first row, and one behind it its end.

    Raises:
        UserError: for other kinds, a mix, cuts that do not rise or lie outside, or a
            text that may be a year or a row.

    Example:
        >>> series = Series(values=np.zeros((100, 1)), columns=("a",))
        >>> cut_rows((0.5, 0.75), series), cut_rows(("20", "40"), series)
        ((50, 75), (20, 40))
    """
    ordered = hasattr(split, "__getitem__") and hasattr(split, "__len__")
    if isinstance(split, str) or not ordered or len(split) != 2:
        raise UserError(
            "`split` must be two cut points, such as (0.5, 0.75), two rows or two "
            f"dates, got {shown(split)}"
        )
    points = [_point(value, split, series) for value in split]
    kinds = sorted({kind for kind, _ in points})
    if len(kinds) > 1:
        raise UserError(
            f"`split` must be of one kind, got {kinds[0]} and {kinds[1]} in "
            f"{tuple(split)}"
        )
    rows = [_row(kind, value, split, series, inside) for kind, value in points]
    if kinds == ["dates"] and not inside and points[0][1] < points[1][1]:
        return rows[0], rows[1]
    if not 0 < rows[0] < rows[1]:
        raise UserError(
            f"`split` must be two cut points that rise from above 0, got {tuple(split)}"
            f" (rows {rows[0]:,} and {rows[1]:,} of {series.name}); 50/25/25 is "
            "(0.5, 0.75)"
        )
    return rows[0], rows[1]


def _point(value: Any, split: Sequence[Any], series: Series) -> tuple[str, Any]:
    """Return the kind of a cut point and its value."""
    if isinstance(value, str):
        text = value.strip()
        if year := _year(text, series):
            return "dates", year
        if row := re.fullmatch(r"(\d{1,18})( ?rows?)?", text):
            return "rows", int(row[1])
        if re.fullmatch(r"\d*\.\d+", text):
            value = float(text)
        elif re.match(r"\d{4}-\d\d", text):
            value = _date(text)
    if isinstance(value, (date, np.datetime64)) and value == value:  # not NaT
        if getattr(value, "tzinfo", None) is not None:  # as times with a zone are read
            value = value.astimezone(UTC).replace(tzinfo=None)  # type: ignore
        return "dates", np.asarray(value, "datetime64[us]")[()]
    if isinstance(value, Integral) and not isinstance(value, bool):
        return "rows", int(value)
    if isinstance(value, Real) and 0.0 < float(value) < 1.0:
        return "fractions", float(value)
    raise UserError(
        "`split` must hold rows (integers), fractions in (0, 1) or dates (YYYY-MM-DD), "
        f"got {shown(value)} in {shown(tuple(split))}"
    )


def _year(text: str, series: Series) -> np.datetime64 | None:
    """Return the start of the year that a text is; None where it can be none."""
    if series.times is None or not re.fullmatch(r"[12]\d{3}", text):
        return None
    year, ends = np.datetime64(text, "Y"), series.times[[0, -1]]
    first, last = ends.astype("datetime64[Y]")
    if not first <= year <= last:
        raise UserError(
            f"`split` = {text!r} may be a year, in which {series.name} has no rows (it "
            f"runs from {shown_time(ends[0])} to {shown_time(ends[1])}), or a row; "
            f"give '{text} rows' (in Python the integer), or other dates"
        )
    return year.astype("datetime64[us]")


def _date(text: str) -> Any:
    try:
        return np.datetime64(text, "us")
    except ValueError:
        return text


def _row(
    kind: str, value: Any, split: Sequence[Any], series: Series, inside: bool
) -> int:
    length = series.values.shape[0]
    if kind == "fractions":
        return int(length * value)
    if kind == "rows":
        if value >= length:
            raise UserError(
                f"`split` row {value:,} lies past the end of {series.name}, which has "
                f"{length:,} rows; give smaller rows, or fractions such as (0.5, 0.75)"
            )
        return value
    if series.times is None:
        raise UserError(
            f"`split` = {tuple(split)} are dates, but {series.name} was read without a "
            "time column; pass time=... or give rows or fractions"
        )
    after = series.times >= value
    if not inside:
        return int(np.argmax(after)) if after.any() else length
    if not after.any() or after[0]:
        raise UserError(
            f"`split` date {shown_time(value)} lies outside {series.name}, which runs "
            f"from {shown_time(series.times[0])} to {shown_time(series.times[-1])}; "
            "give other dates, or fractions such as (0.5, 0.75)"
        )
    return int(np.argmax(after))
