"""Opening and reading what others wrote: regular files, JSON that says one thing."""

import json
import os
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from seqconv_jax._checks import UserError

# What reading something that is not what it claims to be has been seen to end in.
_DAMAGE = (
    *(OSError, RuntimeError, LookupError, ValueError, TypeError, AttributeError),
    *(OverflowError, MemoryError, AssertionError),
)


@contextmanager
def open_regular(path: Path) -> Iterator[BinaryIO]:
    """Open a file to read it; anything but a regular file is an error, not waited for.

    Raises:
        UserError: for whatever goes wrong until the `with` block is left; the message
            is one line and begins with `path`.
    """
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UserError("it is not a regular file")
            yield file
    except UserError as error:
        raise UserError(f"{path}: {_shortened(str(error))}") from error.__cause__
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error
    except _DAMAGE as error:
        reason = _shortened(f"{type(error).__name__}: {error}")
        raise UserError(
            f"{path} is damaged: a part is missing or no such thing ({reason})"
        ) from error


def json_object(text: str | bytes, where: str) -> dict[str, Any]:
    """Return the JSON object in `text`, whose names are all different.

    Python would take the last of several values of one name without a word.

    Raises:
        UserError: if it is anything else, naming `where` it was read.
    """
    try:
        value = json.loads(text, object_pairs_hook=_unique)
    except UserError as error:
        raise UserError(f"{where} {error}") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{where} is damaged: {error}") from None
    if not isinstance(value, dict):
        raise UserError(f"{where} is damaged: expected a JSON object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(pairs)
    if len(named) < len(pairs):
        counted = Counter(name for name, _ in pairs)
        repeated = sorted(name for name, times in counted.items() if times > 1)
        raise UserError(f"names {repeated[:5]} more than once")
    return named


def _shortened(text: str) -> str:
    """Return a text as one line, without the middle if it is long."""
    line = " ".join(text.split())
    return line if len(line) <= 600 else f"{line[:400]} ... {line[-150:]}"


def _open_at_once(path: str, flags: int) -> int:
    """Open without waiting for somebody to write, as a FIFO would have it."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
