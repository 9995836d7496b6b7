"""A lock that one process holds on a directory and that ends with the process."""

import os
import time
import weakref
from pathlib import Path

from seqconv_jax._checks import UserError
from seqconv_jax._files import open_regular

try:
    import fcntl
except ImportError:  # Windows has no flock: there the lock only records its holder
    fcntl = None

_PATIENCE = 1.0  # seconds until a holder must have written who it is
_LONGEST = 32  # bytes; no process id has more


class DirectoryLock:
    """An exclusive lock on a directory, which is made if it is not there.

    The system drops it when the process ends, however it ends: none is ever stale.

    Args:
        directory: what to lock.
        name: the file in it that carries the lock and the holder's process id.

    Raises:
        UserError: if another holds it, the directory cannot be written, or the file is
            not one that a lock has made.
    """

    def __init__(self, directory: Path, name: str) -> None:
        """Take the lock."""
        path = directory / name
        try:
            directory.mkdir(parents=True, exist_ok=True)
            descriptor = open_regular(path, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise _cannot_write(directory, error) from error
        self.release = weakref.finalize(self, _release, descriptor, os.getpid())
        try:
            _lock(descriptor, directory)
            content = _content(descriptor)
            if len(content) > _LONGEST or not (content.strip() or b"0").isdigit():
                raise UserError(
                    f"{path} is not the lock of a run, expected a process id; remove "
                    "it or choose another directory"
                )
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        except OSError as error:
            self._leave(descriptor)
            raise _cannot_write(directory, error) from error
        except BaseException:
            self._leave(descriptor)
            raise

    def _leave(self, descriptor: int) -> None:
        """Close the file, and leave what it says."""
        self.release.detach()
        os.close(descriptor)


def _lock(descriptor: int, directory: Path) -> None:
    """Take the lock, or raise naming its holder.

    A holder empties the file at its end, so until it has written who it is there is
    nothing, or the number of a process that was killed.
    """
    if fcntl is None:
        return
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            holder = _content(descriptor).strip().decode("ascii", "replace")
        except OSError:
            return  # some network file systems know no locks; better to run without
        late = time.monotonic() > deadline
        if late or _is_alive(holder):
            who = f"process {holder}" if holder else "another process"
            raise UserError(
                f"{directory} is in use by {who}; wait until it ends or choose another "
                "directory"
            )
        time.sleep(0.002)


def _content(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.read(descriptor, _LONGEST + 1)


def _is_alive(process: str) -> bool:
    """Return whether a process is there; those of other machines are not."""
    try:
        os.kill(int(process), 0)
    except PermissionError:
        return True  # another user's
    except (ValueError, OSError, OverflowError):
        return False
    return True


def _release(descriptor: int, owner: int) -> None:
    try:
        if os.getpid() == owner:  # a forked child holds nothing
            os.ftruncate(descriptor, 0)
    except OSError:
        pass  # a read-only or full disk: it says who held it last
    finally:
        os.close(descriptor)


def _cannot_write(directory: Path, error: OSError) -> UserError:
    return UserError(
        f"cannot write in {directory}: {error.strerror}; choose another directory, or "
        "free some space or fix the permissions of this one"
    )
