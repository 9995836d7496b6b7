"""What a value of one of Keras's options is here.

Each function returns ours, or raises `Unknown` for a value without a counterpart.
"""

from collections.abc import Callable, Mapping
from typing import Any

_LARGEST = 3e38  # of float32


class Unknown(Exception):
    """A value that has no counterpart here."""


def as_is(value: Any) -> Any:
    """Return the value."""
    return value


def flag(value: Any) -> bool:
    """Return a value that is true or false."""
    if not isinstance(value, bool):
        raise Unknown
    return value


def single(value: Any) -> Any:
    """Return 3 for 3, [3] and (3,)."""
    if isinstance(value, (list, tuple)):
        if len(value) != 1:
            raise Unknown
        value = value[0]
    return value


def named(names: Mapping[str, str]) -> Callable[[Any], str]:
    """Return what turns one of Keras's names into ours; None is linear there."""

    def translate(value: Any) -> str:
        value = "linear" if value is None else value
        if not isinstance(value, str) or value not in names:
            raise Unknown
        return names[value]

    return translate


def mask_id(value: Any) -> int | None:
    """Return the id that `mask_zero` masks, if it does."""
    return 0 if value is not None and flag(value) else None


def number(value: Any) -> float:
    """Return a finite number."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not abs(value) < _LARGEST:
        raise Unknown
    return float(value)


def not_negative(value: Any) -> float:
    """Return a number of at least 0."""
    if number(value) < 0:
        raise Unknown
    return float(value)


def rate(value: Any) -> float:
    """Return a number in [0, 1]."""
    if not 0 <= number(value) <= 1:
        raise Unknown
    return float(value)


def sizes(value: Any) -> tuple[int, ...]:
    """Return the shape of one example, of which one size may be open."""
    fits = isinstance(value, (list, tuple)) and all(type(n) is int for n in value)
    if not fits or len(value) not in (1, 2):
        raise Unknown
    return tuple(value)


def both_sides(value: Any) -> tuple[int, int]:
    """Return (2, 2) for 2 and [2, 2]."""
    pair = value if isinstance(value, (list, tuple)) else [value, value]
    if len(pair) != 2 or not all(type(n) is int and n >= 0 for n in pair):
        raise Unknown
    return pair[0], pair[1]


def relu(value: Any) -> str:
    """Return which function has that largest value."""
    if value is not None and number(value) != 6:
        raise Unknown
    return "relu" if value is None else "relu6"


def concatenation(value: Any, last_axis: int) -> str:
    """Return what is laid side by side along an axis: features, or steps."""
    if value in (-1, last_axis):
        return "concatenate"
    if last_axis == 2 and value in (1, -2):
        return "concatenate_steps"
    raise Unknown
