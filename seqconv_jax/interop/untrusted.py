"""Opening files that others wrote."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from seqconv_jax._checks import UserError
from seqconv_jax._files import cannot_read

REMEDY = "use another copy of the file"

# What reading something that is not what it claims to be has been seen to end in.
_DAMAGE = (
    *(OSError, RuntimeError, LookupError, ValueError, TypeError, AttributeError),
    *(OverflowError, MemoryError, AssertionError),
)


@contextmanager
def open_untrusted(path: Path) -> Iterator[BinaryIO]:
    """Open a file to read it; anything but a regular file is an error, not waited for.

    A link is followed: unlike a run's, such a file may lie anywhere.

    Raises:
        UserError: for whatever goes wrong until the `with` block is left; the message
            is one line and names `path`.
    """
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UserError("it is not a regular file")
            yield file
    except UserError as error:
        raise UserError(f"{path}: {error}") from error.__cause__
    except OSError as error:
        raise cannot_read(path, error) from error
    except _DAMAGE as error:
        raise UserError(
            f"{path} is damaged: a part is missing or no such thing "
            f"({type(error).__name__}: {error})"
        ) from error


def _open_at_once(path: str, flags: int) -> int:
    """Open without waiting for somebody to write, as a FIFO would have it."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
