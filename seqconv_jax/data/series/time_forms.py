"""The forms that a time has as text: from one cell to the formats that it allows."""

import re

__all__ = ["DOTTED_CLOCK", "QUARTER", "SPAN", "quarter_months", "text_forms"]

QUARTER = "quarter"  # no strptime format can say it

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = r"(?P<month>[A-Za-z]{3,9})"
# Dates of numbers, each with its formats. Which of day and month comes first, a dotted
# date says by its dots (`_swapped` adds the other where a caller asks); the others can
# be either way round, which only the data can tell.
_NUMBERS = {
    r"\d{4}(?P<mark>[-/.])\d{1,2}(?P=mark)\d{1,2}": ("%Y-%m-%d",),
    r"\d{8}": ("%Y%m%d",),
    r"\d{1,2}\.\d{1,2}\.\d{4}": ("%d.%m.%Y",),
    r"\d{1,2}\.\d{1,2}\.\d{2}": ("%d.%m.%y",),
    r"\d{1,2}(?P<mark>[-/])\d{1,2}(?P=mark)\d{4}": ("%d-%m-%Y", "%m-%d-%Y"),
    r"\d{1,2}/\d{1,2}/\d{2}": ("%d/%m/%y", "%m/%d/%y"),
    r"\d{2}-\d{2}-\d{2}": ("%d-%m-%y", "%m-%d-%y", "%y-%m-%d"),
    r"\d{4}(?P<mark>[-/])\d{1,2}": ("%Y-%m",),
    r"\d{1,2}(?P<mark>[-/])\d{4}": ("%m-%Y",),
    r"\d{4}M\d{1,2}": ("%YM%m",),
    r"\d{4}-M\d{1,2}": ("%Y-M%m",),
    r"\d{4}-W\d{2}-\d": ("%G-W%V-%u",),
    r"\d{4}-W\d{2}": ("%G-W%V",),
    r"\d{4}W\d{2}": ("%GW%V",),
}
# Dates with a month's name. A year of two digits needs a dash: "Jan 12" is a day.
_NAMES = (
    rf"(?P<week>[A-Z][a-z]{{2}},? )?(?P<day>\d{{1,2}})(?P<one>[- /]?){_MONTH}"
    rf"(?P<two>,?[- /]?)(?P<year>\d{{4}}|\d{{2}})",
    rf"{_MONTH}(?P<one> )(?P<day>\d{{1,2}})(?P<two>,? )(?P<year>\d{{4}}|\d{{2}})",
    rf"(?P<year>\d{{4}})(?P<one>[- /]?){_MONTH}((?P<two>[- /])(?P<day>\d{{1,2}}))?",
    rf"{_MONTH}(?P<one>,?[- /]?)(?P<year>\d{{4}})",
    rf"{_MONTH}(?P<one>[-/])(?P<year>\d{{2}})",
)
_CLOCK = re.compile(
    r"(?P<gap>,? +|[T_-])(?:"
    r"(?P<colons>\d{1,2}:\d{2}(?::\d{2}(?P<fraction>[.,]\d{1,9})?)?)|"
    r"(?P<dots>\d{1,2}\.\d{2}(?:\.\d{2})?)|"
    r"(?P<digits>\d{6}|\d{4})|\d{1,2})"
    r"(?P<half>[ -]?[AaPp][Mm])?"
    r"(?P<zone>(?P<apart> ?)(?:Z|(?P<named>UTC|GMT)|[+-]\d{2}(?::?\d{2})?))?"
)
# A clock as Italy and Denmark write it, which can be a date of three parts as well.
DOTTED_CLOCK = re.compile(r"\s*([01]?\d|2[0-4])\.[0-5]\d\.[0-5]\d\s*")
# What stands between the ends of a span, as in "01.01.2015 00:00 - 01.01.2015 01:00".
SPAN = r"(?<=[\dZ]) +(?:-|–|/|to) +(?=\d)"
_QUARTERS = re.compile(
    r"(\d{4})[- :/]?[Qq]([1-4])|(?:[Qq]([1-4])|([1-4])[Qq])[- :/]?(\d{4})"
)


def text_forms(cell: str) -> tuple[str, ...]:
    """Return the `strptime` formats that the form of a cell allows; none for no time.

    >>> text_forms("31/01/2009 10:30"), text_forms("Jan 1949"), text_forms("1949Q1")
    (('%d/%m/%Y %H:%M', '%m/%d/%Y %H:%M'), ('%b %Y',), ('quarter',))
    >>> text_forms("2009-01-31T10:30:00.5Z"), text_forms("level")
    (('%Y-%m-%dT%H:%M:%S.%f%z',), ())

    Of a span of time it is the form of both ends.

    >>> text_forms("01.01.2015 00:00 - 01.01.2015 01:00")
    ('%d.%m.%Y %H:%M',)
    """
    text, *end = re.split(SPAN, cell.strip(), maxsplit=1)
    if end:
        return tuple(form for form in text_forms(text) if form in text_forms(end[0]))
    if _QUARTERS.fullmatch(text):
        return (QUARTER,)
    for pattern, formats in (*_NUMBERS.items(), *((name, ()) for name in _NAMES)):
        date = re.match(pattern, text)
        if not date:
            continue
        mark = date.groupdict().get("mark", "-")
        if date.groupdict().get("month", "jan")[:3].lower() not in _MONTHS:
            continue
        forms = [form.replace("-", mark) for form in formats] or _named(date)
        clock = _clock(text[date.end() :])
        # a month has no time of day
        if clock is not None and (not clock or any("%d" in form for form in forms)):
            return tuple(form + clock for form in forms)
    return ()


def quarter_months(cell: str) -> str | None:
    """Return the first month of a quarter as `YYYY-MM`; None for no quarter.

    >>> quarter_months("1949Q2"), quarter_months("Q4 1949"), quarter_months("1949Q5")
    ('1949-04', '1949-10', None)
    """
    found = _QUARTERS.fullmatch(cell.strip())
    if not found:
        return None
    quarter = int(found[2] or found[3] or found[4])
    return f"{found[1] or found[5]}-{3 * quarter - 2:02d}"


def _named(date: re.Match) -> tuple[str, ...]:
    """Return the formats of a date with a month's name: "May" is short and long."""
    short = ("%b",) if len(date["month"]) == 3 else ()
    long = ("%B",) if len(date["month"]) > 3 or date["month"].lower() == "may" else ()
    year = "%Y" if len(date["year"]) == 4 else "%y"
    parts = {name: text for name, text in date.groupdict().items() if text is not None}
    order = sorted(parts, key=lambda name: (date.start(name), date.end(name)))
    said = {"week": "%a" + parts.get("week", "")[3:], "day": "%d", "year": year}
    return tuple(
        "".join({**parts, **said, "month": month}[name] for name in order)
        for month in (*short, *long)
    )


def _clock(rest: str) -> str | None:
    """Return the format of what follows a date, "" for nothing, None if unknown."""
    if not rest:
        return ""
    clock = _CLOCK.fullmatch(rest)
    if not clock:
        return None
    hour = "%I" if clock["half"] else "%H"
    form = clock["gap"] + hour
    if clock["colons"]:
        form += ["", ":%M", ":%M:%S"][clock["colons"].count(":")]
        form += clock["fraction"][0] + "%f" if clock["fraction"] else ""
    elif clock["dots"]:
        form += ["", ".%M", ".%M.%S"][clock["dots"].count(".")]
    elif clock["digits"]:
        form += "%M%S" if len(clock["digits"]) == 6 else "%M"
    if clock["half"]:
        form += clock["half"][:-2] + "%p"
    if clock["zone"]:
        form += clock["apart"] + ("%Z" if clock["named"] else "%z")
    return form
