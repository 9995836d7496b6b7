"""A file of a series written once as arrays, for data beyond memory."""

import re
from dataclasses import fields
from typing import Any

from seqconv_jax._checks import UserError

_OWN = ("file", "out", "overwrite", "texts", "no_time")
_OF_TEXTS = (
    *("text", "label", "validation", "test", "max_words", "min_count", "maxlen"),
    "seed",
)
_OF_BOTH = ("separator", "encoding")
_NAMED = {"tab": "\t", "\\t": "\t"}


def convert(asked: Any) -> None:
    """Convert the file, and say what it holds."""
    from seqconv_jax.data import convert_series, convert_texts

    options = {"overwrite": asked.overwrite, **given_options(asked)}
    try:
        if asked.texts:
            report = convert_texts(asked.file, asked.out, **options).report
        else:
            report = convert_series(asked.file, asked.out, **options).report()
    except UserError as error:
        raise UserError(with_flags(str(error), asked)) from error
    print(report)
    print(f"written to {asked.out}; --data {asked.out} trains on it")


def given_options(asked: Any) -> dict[str, Any]:
    """Return what was given as options of `convert_series` or `convert_texts`.

    Raises:
        UserError: for flags that are for the other.
    """
    given: dict[str, Any] = {
        field.name: value
        for field in fields(asked)
        if field.name not in _OWN
        and (value := getattr(asked, field.name)) != field.default
    }
    for name in given:
        of_texts = name in _OF_TEXTS
        if name not in _OF_BOTH and of_texts != asked.texts:
            needs = "needs" if of_texts else "goes without"
            raise UserError(f"--{name.replace('_', '-')} {needs} --texts")
    if asked.no_time and asked.time:
        raise UserError("--no-time goes without --time")
    if len(asked.time) == 1:
        given["time"] = asked.time[0]
    if not asked.texts and not asked.no_time:
        given.setdefault("time", "auto")
    if asked.missing_marks is not None:
        given["missing_marks"] = tuple(map(_mark, asked.missing_marks))
    if asked.separator is not None:
        given["separator"] = _NAMED.get(asked.separator, asked.separator)
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
