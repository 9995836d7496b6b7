"""Files that are read only if regular, and written so that no part is ever seen."""

import contextlib
import errno
import os
import stat
from pathlib import Path

from seqconv_jax._checks import UserError


def replace_file(path: Path, content: str | bytes) -> None:
    """Write a file so that a crash leaves the old content or the new, never a part.

    Args:
        path: the file; its directory exists.
        content: the whole of it; text is written as UTF-8.

    Raises:
        UserError: if it cannot be written; what was there before is untouched.
    """
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()  # a link there must not lead the writing elsewhere
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync_directory(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise UserError(
            f"could not write {path}: {error.strerror or error}; what it held before "
            "is untouched. Free some space or fix the permissions, then try again"
        ) from error


def open_regular(path: Path, flags: int, *, remedy: str = "remove it") -> int:
    """Open a regular file as `os.open` does, never a link, a pipe or a directory.

    Args:
        path: the file.
        flags: as of `os.open`.
        remedy: what to do about a pipe or a directory, for the message.

    Raises:
        OSError: if the system does not open it.
        UserError: if it is anything else.
    """
    with contextlib.suppress(FileNotFoundError):
        _check_regular(path, os.lstat(path).st_mode, remedy)
    # What it is may change before it is opened: these neither follow nor wait.
    descriptor = os.open(path, flags | _NOFOLLOW | _NONBLOCK, 0o644)
    try:
        _check_regular(path, os.fstat(descriptor).st_mode, remedy)
    except UserError:
        os.close(descriptor)
        raise
    return descriptor


def read_file(path: Path, *, at_most: int = 2**26, remedy: str = "remove it") -> bytes:
    """Return what a regular file holds.

    Args:
        path: the file; a link is not followed.
        at_most: bytes; the default is far more than any JSON that a run writes.
        remedy: as of `open_regular`.

    Raises:
        FileNotFoundError: if there is none.
        UserError: if it is no regular file, too long, or cannot be read.
    """
    try:
        with os.fdopen(open_regular(path, os.O_RDONLY, remedy=remedy), "rb") as file:
            content = file.read(at_most + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise cannot_read(path, error) from error
    if len(content) > at_most:
        raise UserError(f"{path} must have at most {at_most:,} bytes, got more")
    return content


def cannot_read(path: str | os.PathLike[str], error: OSError) -> UserError:
    """Return the error that says why the system does not give out a file.

    What the file holds may be whole, so nothing here calls it damaged.
    """
    denied = error.errno in (errno.EACCES, errno.EPERM)
    remedy = "; fix its permissions, then try again" if denied else ""
    return UserError(f"cannot read {path}: {error.strerror or error}{remedy}")


def link_error(path: Path, kind: str) -> UserError:
    """Return the error for a link where a run has a file or a directory itself."""
    return UserError(
        f"{path} is a link to {os.readlink(path)}, expected a {kind}: links are not "
        f"followed, so put the {kind} itself there"
    )


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable, where the file system knows how."""
    with contextlib.suppress(OSError):  # Windows cannot open a directory
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)  # neither is there on Windows
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)


def _check_regular(path: Path, mode: int, remedy: str) -> None:
    if stat.S_ISLNK(mode):
        raise link_error(path, "regular file")
    if not stat.S_ISREG(mode):
        kind = "a directory" if stat.S_ISDIR(mode) else "a pipe or a device"
        raise UserError(f"{path} is {kind}, expected a regular file; {remedy}")
