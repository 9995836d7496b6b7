"""Opening files that others wrote."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from seqconv_jax._checks import UserError, one_line

REMEDY = "use another copy of the file"

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
        raise UserError(f"{path}: {one_line(str(error))}") from error.__cause__
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error
    except _DAMAGE as error:
        reason = one_line(f"{type(error).__name__}: {error}")
        raise UserError(
            f"{path} is damaged: a part is missing or no such thing ({reason})"
        ) from error


def _open_at_once(path: str, flags: int) -> int:
    """Open without waiting for somebody to write, as a FIFO would have it."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
