"""The library's messages in the words of a command line: flags for arguments."""

import ast
import re
import shlex
from dataclasses import fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

# What is not the flag of the argument's name.
_FLAGS = {
    "split=(0.5, 0.75)": "--split 0.5 0.75",
    " (read_series_group)": "",
    "`path`": "--data",
    "day_first=True": "--day-first",
    "day_first=False": "--month-first",
    "skip_rows=[": "skip_lines=[",
}
_NAMES = {"\t": "tab", " ": "blank"}  # of values that a shell would lose
_ONE = r"""\.\.\.|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?"""
_MANY = rf"[\[(](?:(?:{_ONE}),? ?)+[\])]"
_OTHERS = r"(?:(?:, | or )'[^']*')*"


def with_flags(message: str, settings: Any) -> str:
    """Return a message of the library with the flags for its arguments.

    `time=...` and "`time`" become `--time`, `trim=True` becomes `--trim`,
    `drop=['a', 'b']` becomes `--drop a b`, and of `missing='previous', 'drop' or
    'keep'` those stay that the flag takes, where the settings have such a flag.

    Args:
        message: the message.
        settings: those of the command line.
    """
    for argument, flag in _FLAGS.items():
        message = message.replace(argument, flag)
    hints = get_type_hints(type(settings))
    names = "|".join(field.name for field in fields(settings))
    message = re.sub(rf"`({names})`", lambda found: _flag(found[1]), message)
    value = rf"True|(?:{_ONE}){_OTHERS}|{_MANY}|(?![^\s;,)])"
    return re.sub(
        rf"\b({names})=({value})",
        lambda found: _given(found[1], found[2], hints[found[1]]),
        message,
    )


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _given(name: str, text: str, hint: Any) -> str:
    """Return a flag with its values."""
    if text in ("", "...", "True"):
        return _flag(name)
    one, *others = re.split(r", (?=')| or ", text) if text[0] == "'" else [text]
    if others:
        values = [ast.literal_eval(each) for each in (one, *others)]
        taken = _choices(hint) or values
        *first, last = (_shown(each) for each in values if each in taken)
        return f"{_flag(name)} {', '.join(first)}{' or ' if first else ''}{last}"
    value = ast.literal_eval(text)
    values = value if isinstance(value, list | tuple) else [value]
    return f"{_flag(name)} {' '.join(map(_shown, values))}"


def _choices(hint: Any) -> tuple[Any, ...]:
    """Return the texts that a setting may be; `()` for any."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    return next(filter(None, map(_choices, get_args(hint))), ())


def _shown(value: Any) -> str:
    if value is ...:
        return "..."
    mark = value in (",", ".")  # which ends a part of the sentence as well
    return _NAMES.get(value) or (f"'{value}'" if mark else shlex.quote(str(value)))
