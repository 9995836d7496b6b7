"""Objects sent to another process of the same Python, closures among them.

`pickle` sends functions by their name, and an optax optimiser is a pair of functions
that have none: they are made where they are called, and differ by what they close over.
So one that cannot be found by its name is sent as its code and its closure; what it
reads of its module it finds there. Of an array that is mapped from a file, which one.
"""

import importlib
import io
import marshal
import mmap
import os
import pickle
import sys
from types import CellType, FunctionType, ModuleType
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError, first_line

_EMPTY = "an empty cell of a closure"


def send(value: Any, name: str) -> bytes:
    """Return a value as bytes, for `receive` in another process.

    Args:
        value: what to send.
        name: what to call it in an error.

    Raises:
        UserError: for what cannot be sent.

    Example:
        >>> add = (lambda n: lambda x: x + n)(2)
        >>> receive(send(add, "add"))(3)
        5
    """
    file = io.BytesIO()
    try:
        _Pickler(file, protocol=5).dump(value)
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"`{name}` must be sent to other processes, got what cannot be: "
            f"{first_line(error)}"
        ) from error
    return file.getvalue()


def receive(content: bytes) -> Any:
    """Return what `send` was given."""
    return pickle.loads(content)


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, ModuleType):
            return importlib.import_module, (value.__name__,)
        if isinstance(value, np.memmap):
            return _file_of(value)
        home, name = (getattr(value, n, None) for n in ("__module__", "__qualname__"))
        if not (isinstance(home, str) and isinstance(name, str) and callable(value)):
            return NotImplemented
        if home == "__main__" and not _in_a_file(sys.modules[home]):
            raise UserError(
                f"{name} must be defined in a file, for other processes to find it, "
                "got one of an interactive session"
            )
        if _named(home, name) is value:
            return NotImplemented if isinstance(value, (type, FunctionType)) else name
        short = name.split(".")[-1]
        if _named(home, short) is value:  # an extension's, shown elsewhere
            return getattr, (sys.modules[home], short)
        if not isinstance(value, FunctionType):
            return NotImplemented
        cells = tuple(map(_content, value.__closure__ or ()))
        made = marshal.dumps(value.__code__), home, len(cells)
        kept = value.__name__, name, value.__defaults__, value.__kwdefaults__
        state = kept, vars(value), cells
        return _empty_function, made, state, None, None, _fill


def _file_of(array: np.memmap) -> Any:
    """Return how to map a file again, which may be larger than any memory."""
    whole = isinstance(array.base, mmap.mmap)  # a part does not know where it begins
    if not whole or array.flags.writeable or not array.flags.c_contiguous:
        return NotImplemented
    options = str(array.filename), array.dtype, "r", array.offset, array.shape
    return np.memmap, options


def _in_a_file(module: ModuleType) -> bool:
    return os.path.isfile(getattr(module, "__file__", None) or "")


def _named(home: str, name: str) -> Any:
    """Return what has a name in a module, or None."""
    found: Any = sys.modules.get(home)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return _EMPTY


def _empty_function(code: bytes, home: str, cells: int) -> FunctionType:
    """Return a function whose closure, which may hold the function, is still empty."""
    module = importlib.import_module(home)
    closure = tuple(CellType() for _ in range(cells))
    return FunctionType(marshal.loads(code), vars(module), closure=closure)


def _fill(function: FunctionType, state: Any) -> None:
    (name, qualname, defaults, kwdefaults), attributes, cells = state
    function.__name__, function.__qualname__ = name, qualname
    function.__defaults__, function.__kwdefaults__ = defaults, kwdefaults
    vars(function).update(attributes)
    for cell, content in zip(function.__closure__ or (), cells, strict=True):
        if not (isinstance(content, str) and content == _EMPTY):
            cell.cell_contents = content
