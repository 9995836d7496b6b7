"""The one place that words argument, shape and range errors.

Every error says which argument, what was expected and what came. Shapes are static
under `jax.jit`, so a shape check costs nothing at run time.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from numbers import Real
from operator import index
from os import PathLike
from reprlib import Repr
from typing import Any

LONGEST_MESSAGE = 600
_GAP = " ... "
_VALUES = Repr()
_VALUES.maxstring = _VALUES.maxother = _VALUES.maxlong = 160
_VALUES.maxlist = _VALUES.maxtuple = _VALUES.maxdict = 16
_VALUES.maxset = _VALUES.maxfrozenset = _VALUES.maxarray = _VALUES.maxdeque = 16


class UserError(ValueError):
    """An error whose message is meant for the person who called.

    The experiments print it as one line and exit with status 2; any other exception
    is a defect of the library and keeps its traceback.

    Messages quote files, libraries and callers, so the error itself keeps them to one
    line of at most `LONGEST_MESSAGE` characters, which no terminal obeys.
    """

    def __init__(self, message: object = "") -> None:
        """Keep the message, on one line, cut in the middle where it is long."""
        super().__init__(one_line(str(message)))


def one_line(text: str, longest: int = LONGEST_MESSAGE) -> str:
    r"""Return a text on one line: joined, control characters escaped, its middle cut.

    >>> one_line("a file:\n  no\x1b[2J such")
    'a file: no\\x1b[2J such'
    >>> one_line("0123456789" * 9, longest=20)
    '012345678 ... 456789'
    """
    lines = (line.strip() for line in _cut(text, 10 * longest).splitlines())
    line = " ".join(line for line in lines if line)
    if not line.isprintable():
        line = "".join(
            mark if mark.isprintable() else mark.encode("unicode_escape").decode()
            for mark in line
        )
    return _cut(line, longest)


def shown(value: Any) -> str:
    """Return a value as short text: an array by its shape, the rest by its `repr`.

    >>> shown("bars.csv"), shown(list(range(10**6)))[:12]
    ("'bars.csv'", '[0, 1, 2, 3,')
    """
    size = getattr(value, "shape", None)
    if isinstance(size, tuple) and size:
        kind = f" of {value.dtype}" if hasattr(value, "dtype") else ""
        return f"{type(value).__name__}{kind} with shape {size}"
    return _VALUES.repr(value)


def kind_of(value: Any) -> str:
    """Return what a value is, where it is of quite another kind than expected.

    >>> from fractions import Fraction
    >>> kind_of(Fraction(1, 2)), kind_of([1]), kind_of(shown)
    ('fractions.Fraction', 'list', 'the function shown')
    """
    kind = type(value)
    if callable(value) and hasattr(value, "__name__"):
        return f"the {kind.__name__} {value.__name__}"
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return f"{module}{kind.__name__}"


def first_line(error: BaseException) -> str:
    r"""Return the first line of what an error says; its type where it says nothing.

    >>> first_line(ValueError("no such axis\nsee below")), first_line(StopIteration())
    ('no such axis', 'StopIteration')
    """
    return (str(error).splitlines() or [type(error).__name__])[0]


def _cut(text: str, longest: int) -> str:
    """Return a text of at most `longest` characters: its beginning and its end."""
    if len(text) <= longest:
        return text
    tail = (longest - len(_GAP)) * 2 // 5
    return text[: longest - len(_GAP) - tail] + _GAP + text[len(text) - tail :]


def expect(condition: bool, name: str, expected: str, got: Any) -> None:
    """Raise `UserError` worded "`name` must be <expected>, got <got>" unless true."""
    if not condition:
        words = got if isinstance(got, str) and got.startswith("shape ") else shown(got)
        raise UserError(f"`{name}` must be {expected}, got {words}")


def positive_int(name: str, value: Any) -> int:
    """Return `value` if it is an integer of at least 1, else raise `UserError`."""
    expect(_is_int(value) and int(value) >= 1, name, "a positive integer", value)
    return int(value)


def non_negative_int(name: str, value: Any) -> int:
    """Return `value` if it is an integer of at least 0, else raise `UserError`."""
    expect(_is_int(value) and int(value) >= 0, name, "an integer of at least 0", value)
    return int(value)


def is_number(value: Any) -> bool:
    """Return whether `value` is a real number: True and False are none."""
    return isinstance(value, Real) and not isinstance(value, bool)


def dropout_rate(name: str, value: Any) -> float:
    """Return `value` if it lies in [0, 1), else raise `UserError` (NaN included)."""
    fits = is_number(value) and 0.0 <= float(value) < 1.0
    expect(fits, name, "a number in [0, 1)", value)
    return float(value)


def flag(name: str, value: Any) -> None:
    """Raise unless `value` is True or False: the text "no" would count as true."""
    is_flag = isinstance(value, bool) or type(value).__name__ in ("bool", "bool_")
    expect(is_flag, name, "True or False", value)


def path(name: str, value: Any) -> None:
    """Raise unless `value` is a path, and not an empty one, which means "here"."""
    is_path = isinstance(value, str | PathLike) and str(value) != ""
    expect(is_path, name, "a path", value)


def at_most_one(name: str, value: Any, *, zero: bool) -> None:
    """Raise unless `value` is a number in [0, 1], or (0, 1] without `zero`."""
    fits = is_number(value) and 0 <= float(value) <= 1 and (zero or float(value) > 0)
    expect(fits, name, f"a number in {'[' if zero else '('}0, 1]", value)


def one_of(name: str, value: Any, choices: Iterable[str]) -> str:
    """Return `value` if it is among `choices`, else raise with the nearest one."""
    choices = list(choices)
    if isinstance(value, str) and value in choices:
        return value
    near = get_close_matches(str(value)[:100], choices, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    allowed = ", ".join(map(repr, choices))
    raise UserError(f"`{name}` must be one of {allowed}, got {shown(value)}{hint}")


def array_like(name: str, array: Any) -> None:
    """Raise unless `array` has a shape and a dtype."""
    if not hasattr(array, "shape") or not hasattr(array, "dtype"):
        hint = "; jnp.asarray makes one" if isinstance(array, list | tuple) else ""
        raise UserError(f"`{name}` must be an array, got {type(array).__name__}{hint}")


def integers(name: str, array: Any) -> None:
    """Raise unless `array` holds integers, signed or not."""
    array_like(name, array)
    expect(array.dtype.kind in "iu", name, "integers", str(array.dtype))


def floats(name: str, array: Any) -> None:
    """Raise unless `array` holds floats, of any width: no integers, booleans, complex.

    What is meant for floats is never computed in another type: integers round,
    overflow and saturate without a sign.
    """
    array_like(name, array)
    expect("float" in str(array.dtype), name, "floats", str(array.dtype))


def booleans(name: str, array: Any) -> None:
    """Raise unless `array` holds booleans, or integers in place of them."""
    array_like(name, array)
    expect(array.dtype.kind in "biu", name, "booleans", str(array.dtype))


def rank(name: str, array: Any, axes: tuple[str, ...]) -> None:
    """Raise unless `array` has one dimension for each name in `axes`."""
    array_like(name, array)
    expect_shape(len(array.shape) == len(axes), name, f"({', '.join(axes)})", array)


def shape(name: str, array: Any, expected: tuple[int | None, ...]) -> None:
    """Raise unless `array` has the shape `expected`, where None allows any size."""
    array_like(name, array)
    fits = len(array.shape) == len(expected) and all(
        want is None or have == want
        for have, want in zip(array.shape, expected, strict=True)
    )
    words = ["any" if size is None else str(size) for size in expected]
    expect_shape(fits, name, f"({', '.join(words)}{',' * (len(words) == 1)})", array)


def expect_shape(condition: bool, name: str, expected: str, array: Any) -> None:
    """Raise "`name` must have shape <expected>, got <its shape>" unless true."""
    if not condition:
        raise UserError(
            f"`{name}` must have shape {expected}, got {tuple(array.shape)}"
        )


def _is_int(value: Any) -> bool:
    if type(value).__name__ == "bool":  # NumPy's too, an index to its older versions
        return False
    try:
        index(value)
    except TypeError:  # arrays of several numbers have an `__index__` as well
        return False
    return True
