"""A lock that one process holds on a directory and that ends with the process."""

import os
import weakref
from pathlib import Path

from seqconv_jax._checks import UserError

try:
    import fcntl
except ImportError:  # Windows has no flock: there the lock only records its holder
    fcntl = None


class DirectoryLock:
    """An exclusive lock on a directory, which is made if it is not there.

    The system drops it when the process ends, however it ends: none is ever stale.

    Args:
        directory: what to lock.
        name: the file in it that carries the lock and the holder's process id.

    Raises:
        UserError: if another holds it, or the directory cannot be written.
    """

    def __init__(self, directory: Path, name: str) -> None:
        """Take the lock."""
        path = directory / name
        try:
            directory.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise UserError(
                f"cannot write in {directory}: {error.strerror}; choose another "
                "directory or fix its permissions"
            ) from error
        self.release = weakref.finalize(self, os.close, descriptor)
        try:
            if fcntl is not None:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = path.read_text().strip() or "unknown"
            self.release()
            raise UserError(
                f"{directory} is in use by process {holder}; wait until it ends or "
                "choose another directory"
            ) from None
        except OSError:
            pass  # some network file systems know no locks; better to run without
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
