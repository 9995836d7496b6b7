"""A file of a series written once as arrays, for data beyond memory."""

import re
from dataclasses import fields
from typing import Any

from seqconv_jax._checks import UserError

_OWN = ("file", "out", "overwrite", "no_time", "time", "separator", "missing_marks")


def convert(asked: Any) -> None:
    """Convert the file, and say what it holds."""
    from seqconv_jax.data import convert_series

    options = reading_options(asked)
    try:
        series = convert_series(
            asked.file, asked.out, overwrite=asked.overwrite, **options
        )
    except UserError as error:
        raise UserError(with_flags(str(error), asked)) from error
    print(series.report())
    print(f"written to {asked.out}; --data {asked.out} trains on it")


def reading_options(asked: Any) -> dict[str, Any]:
    """Return what was given as options of `read_series`."""
    if asked.no_time and asked.time:
        raise UserError("--no-time goes without --time")
    given = {
        field.name: value
        for field in fields(asked)
        if field.name not in _OWN
        and (value := getattr(asked, field.name)) not in (None, ())
    }
    if not asked.no_time:
        given["time"] = (
            asked.time[0] if len(asked.time) == 1 else asked.time
        ) or "auto"
    if asked.separator is not None:
        named = {"tab": "\t", "\\t": "\t"}
        given["separator"] = named.get(asked.separator, asked.separator)
    if asked.missing_marks is not None:
        given["missing_marks"] = tuple(map(_mark, asked.missing_marks))
    return given


def with_flags(message: str, asked: Any) -> str:
    """Return a message of the library with flags for its arguments.

    >>> from types import SimpleNamespace
    >>> asked = SimpleNamespace(day_first=None, keep=None)
    >>> with_flags("pass day_first=True, or `keep`", asked)
    'pass --day-first True, or --keep'
    """
    for name in vars(asked):
        flag = f"--{name.replace('_', '-')}"
        message = message.replace(f"`{name}`", flag)
        message = re.sub(rf"\b{name}=", f"{flag} ", message)
    return message.replace("--overwrite True", "--overwrite")


def _mark(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
