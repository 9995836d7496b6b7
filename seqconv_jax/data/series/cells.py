"""What a cell of text is: a number, missing, or neither."""

import re
from functools import cache

__all__ = [
    "CLOCK",
    "DATE",
    "MISSING_WORDS",
    "MONTH",
    "is_mark",
    "is_missing",
    "is_number",
    "looks_like_a_number",
    "number_pattern",
]

# Cells with these texts are missing in every file, as in pandas.
MISSING_WORDS = ("", "NaN", "nan", "NA", "N/A", "n/a", "NULL", "null", "None", "#N/A")
# These are, in lower case, where they stand in a column of numbers; a note says so.
_MARKS = frozenset(
    "nan na n/a null none #n/a ? ?? - -- --- . .. ... * n.a. na. nil missing (null) "
    "<na> <null> #na #value! #div/0! #num! #ref! \\n -nan 1.#qnan -1.#ind".split()
)
# How a month begins that is written out, as in "Jan 1949" or "March-01".
MONTH = re.compile(
    r"\s*(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[ ,./-]*\d", re.I
)
# How a date of numbers begins, and a time of day.
DATE = re.compile(r"\s*(\d{1,4}[-./]\d{1,2}[-./]\d{1,4}|\d{4}[-/]\d{1,2}\s*$)")
CLOCK = re.compile(r"\s*\d{1,2}(:\d{2}|\.\d{2}\.\d{2})")
_LIKE = re.compile(r"\s*[+\-\u2212]?\s*[$€£¥]?\s*[.,]?\d")


@cache
def number_pattern(decimal: str = ".", thousands: str | None = None) -> re.Pattern[str]:
    """Return what a whole cell must match to be a plain number, or an infinity."""
    point = re.escape(decimal)
    digits = r"\d+" if thousands is None else rf"\d[\d{re.escape(thousands)}]*"
    return re.compile(
        rf"\s*[+-]?(({digits}{point}?\d*|{point}\d+)(e[+-]?\d+)?|inf|infinity)\s*",
        re.IGNORECASE | re.ASCII,
    )


def is_number(cell: str, decimal: str = ".", thousands: str | None = None) -> bool:
    """Return whether a text is a plain number, or an infinity."""
    return number_pattern(decimal, thousands).fullmatch(cell) is not None


def is_mark(cell: str) -> bool:
    """Return whether a text says "missing" where a number is expected."""
    return cell.strip().lower() in _MARKS


def is_missing(cell: str) -> bool:
    """Return whether a text is blank or says "missing"."""
    return not cell.strip() or is_mark(cell)


def looks_like_a_number(cell: str) -> bool:
    """Return whether a text begins as a number, a date or a clock does."""
    return _LIKE.match(cell) is not None
