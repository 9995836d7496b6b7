"""The one place that words argument, shape and range errors.

Every error says which argument, what was expected and what came. Shapes are static
under `jax.jit`, so a shape check costs nothing at run time.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from numbers import Real
from typing import Any


class UserError(ValueError):
    """An error whose message is meant for the person who called.

    The experiments print it as one line and exit with status 2; any other exception
    is a defect of the library and keeps its traceback.
    """


def expect(condition: bool, name: str, expected: str, got: Any) -> None:
    """Raise `UserError` worded "`name` must be <expected>, got <got>" unless true."""
    if not condition:
        shown = got if isinstance(got, str) and got.startswith("shape ") else repr(got)
        raise UserError(f"`{name}` must be {expected}, got {shown}")


def positive_int(name: str, value: Any) -> int:
    """Return `value` if it is an integer of at least 1, else raise `UserError`."""
    expect(_is_int(value) and value >= 1, name, "a positive integer", value)
    return int(value)


def non_negative_int(name: str, value: Any) -> int:
    """Return `value` if it is an integer of at least 0, else raise `UserError`."""
    expect(_is_int(value) and value >= 0, name, "an integer of at least 0", value)
    return int(value)


def dropout_rate(name: str, value: Any) -> float:
    """Return `value` if it lies in [0, 1), else raise `UserError` (NaN included)."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    expect(number and 0.0 <= float(value) < 1.0, name, "a number in [0, 1)", value)
    return float(value)


def one_of(name: str, value: Any, choices: Iterable[str]) -> str:
    """Return `value` if it is among `choices`, else raise with the nearest one."""
    choices = list(choices)
    if value in choices:
        return value
    near = get_close_matches(str(value), choices, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise UserError(
        f"`{name}` must be one of {', '.join(map(repr, choices))}, got {value!r}{hint}"
    )


def integers(name: str, array: Any) -> None:
    """Raise unless `array` holds integers, signed or not."""
    expect(array.dtype.kind in "iu", name, "integers", str(array.dtype))


def floats(name: str, array: Any) -> None:
    """Raise unless `array` holds floats, of any width: no integers, booleans, complex.

    What is meant for floats is never computed in another type: integers round,
    overflow and saturate without a sign.
    """
    expect("float" in str(array.dtype), name, "floats", str(array.dtype))


def booleans(name: str, array: Any) -> None:
    """Raise unless `array` holds booleans, or integers in place of them."""
    expect(array.dtype.kind in "biu", name, "booleans", str(array.dtype))


def rank(name: str, array: Any, axes: tuple[str, ...]) -> None:
    """Raise unless `array` has one dimension for each name in `axes`."""
    expect_shape(len(array.shape) == len(axes), name, f"({', '.join(axes)})", array)


def shape(name: str, array: Any, expected: tuple[int | None, ...]) -> None:
    """Raise unless `array` has the shape `expected`, where None allows any size."""
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
    return hasattr(value, "__index__") and not isinstance(value, bool)
