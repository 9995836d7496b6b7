"""What tells a value from others of its kind: functions, modules, arrays, numbers.

An optimiser or a loss is a function, and what makes two of them differ lies in their
closures: `optax.adam(1e-3)` and `optax.adam(1e-2)` are told apart by one number there.
So a description walks through closures, arguments and fields down to plain values.
"""

import dataclasses
import math
import types
import zlib
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import partial
from typing import Any

import jax
import numpy as np

DEEPEST = 20  # what lies deeper is not described
LONGEST_LIST = 16  # a longer one is told apart by its checksum
# Their functions are known by name; those of anybody else by their code as well.
_LIBRARIES = {"flax", "jax", "numpy", "optax", "seqconv_jax"}


def describe(value: Any, name: str) -> dict[str, Any]:
    """Return plain values by path, equal for values that act alike.

    Seen are numbers and text, arrays by content, dataclasses and Flax modules (fields
    that are not at their default), mappings, sequences, and functions: by name, by the
    code of a caller's own, and by what they close over. Not seen is what a function
    reads from elsewhere, except numbers and text in its module.

    Args:
        value: what to describe.
        name: the first part of every path.

    Example:
        >>> import optax
        >>> a, b = (describe(optax.sgd(rate), "tx") for rate in (0.1, 0.2))
        >>> [(a[path], b[path]) for path in a if a[path] != b[path]]
        [(-0.1, -0.2)]
    """
    return dict(_walk(value, name, ()))


def fingerprint(array: Any) -> str:
    """Return dtype, shape and checksum of an array in one word.

    The checksum finds accidents, not forgeries; it reads some 3 GB a second.

    Example:
        >>> fingerprint(np.zeros((2, 3), np.float32))
        'float32(2, 3) a3c1ca20'
    """
    if isinstance(array, jax.Array):
        if jax.numpy.issubdtype(array.dtype, jax.dtypes.prng_key):
            array = jax.random.key_data(array)
        array = jax.device_get(array)
    array = np.asarray(array)
    content: Any = np.ascontiguousarray(array).reshape(-1)
    if array.dtype.hasobject:
        content = repr(content.tolist()).encode()
    else:
        content = content.view(np.uint8)
    checksum = zlib.crc32(content)
    return f"{array.dtype}{array.shape} {checksum:08x}"


def _walk(value: Any, path: str, above: tuple[int, ...]) -> Iterator[tuple[str, Any]]:
    """Yield paths and plain values; `above` are the objects that this one lies in."""
    if isinstance(value, np.generic) and value.dtype.kind in "biuf":
        value = value.item()
    if isinstance(value, Enum):
        value = f"{type(value).__name__}.{value.name}"
    if value is None or isinstance(value, (bool, int, str)):
        yield path, value
    elif isinstance(value, float):
        yield path, value if math.isfinite(value) else str(value)
    elif isinstance(value, (np.ndarray, jax.Array)):
        yield path, fingerprint(value)
    elif isinstance(value, (type, np.dtype, types.ModuleType)):
        yield path, getattr(value, "__name__", str(value))
    elif id(value) in above or len(above) > DEEPEST:
        yield path, f"<{type(value).__name__}>"
    else:
        for name, part in _parts(value):
            below = f"{path}.{name}" if name else path
            yield from _walk(part, below, (*above, id(value)))


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the parts that a value is made of; one without a name stands for it."""
    if isinstance(value, Mapping):
        yield from sorted((str(key), part) for key, part in value.items())
    elif isinstance(value, (tuple, list)):
        yield from _items(value)
    elif isinstance(value, partial):
        yield "", value.func
        yield from _items(value.args)
        yield from sorted(value.keywords.items())
    elif isinstance(value, types.MethodType):
        yield "", value.__func__
        yield "self", value.__self__
    elif isinstance(value, types.FunctionType):
        yield from _function_parts(value)
    elif callable(getattr(value, "__wrapped__", None)):  # jitted, custom derivative
        yield "", value.__wrapped__
    elif dataclasses.is_dataclass(value):
        yield "", type(value).__qualname__
        yield from _fields(value)
    else:
        yield "", str(getattr(value, "__name__", type(value).__qualname__))
        yield from _attributes(value)


def _attributes(value: Any) -> list[tuple[str, Any]]:
    """Return an object's own attributes, private ones as well: settings lie in them."""
    held = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(value, name):
                held[name] = getattr(value, name)
    return sorted((k, v) for k, v in held.items() if not k.startswith("__"))


def _items(values: tuple | list) -> Iterator[tuple[str, Any]]:
    names = getattr(values, "_fields", map(str, range(len(values))))
    if len(values) > LONGEST_LIST:
        yield "", f"{len(values)} items {zlib.crc32(repr(values).encode()):08x}"
    else:
        yield from zip(names, values, strict=True)


def _fields(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield a dataclass's fields that are not at their default.

    So a field that a later version adds does not tell old values from new ones.
    """
    for field in dataclasses.fields(value):
        if field.name in ("parent", "name") or not hasattr(value, field.name):
            continue
        part, default = getattr(value, field.name), field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        if default is dataclasses.MISSING or describe(part, "") != describe(
            default, ""
        ):
            yield field.name, part


def _function_parts(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    own = (function.__module__ or "").split(".")[0] not in _LIBRARIES
    code = function.__code__
    checksum = f" {_code_checksum(code, function.__doc__):08x}" if own else ""
    yield "", function.__qualname__ + checksum
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not filled yet
            yield name, "<empty>"
    if own:
        names = sorted({*code.co_names} & function.__globals__.keys())
        for name in names:
            part = function.__globals__[name]
            if isinstance(part, (int, float, str)):
                yield name, part
        yield from _items(function.__defaults__ or ())
        yield from sorted((function.__kwdefaults__ or {}).items())


def _code_checksum(code: types.CodeType, doc: str | None = None) -> int:
    """Return that of what a function does, not of its lines, comments or docstring."""
    constants = [
        _code_checksum(part) if isinstance(part, types.CodeType) else repr(part)
        for part in code.co_consts
        if not isinstance(part, frozenset) and (doc is None or part != doc)
    ]
    return zlib.crc32(repr((code.co_code, constants, code.co_names)).encode())
