"""A disk of a few kilobytes, where the system lets us have one."""

import subprocess
from pathlib import Path


class SmallDisk:
    """A file system in memory, mounted on a directory.

    Args:
        where: an empty directory; made if it is not there.
    """

    def __init__(self, where: Path):
        """Mount nothing yet."""
        self._where, self._mounted = where, False

    def mount(self, size: int) -> bool:
        """Mount it with so many bytes; return whether that was allowed."""
        self._where.mkdir(parents=True, exist_ok=True)
        self._mounted = self._call("mount", "-t", "tmpfs", "-o", f"size={size}", "none")
        return self._mounted

    def grow(self, size: int) -> None:
        """Make room."""
        if self._mounted:
            self._call("mount", "-o", f"remount,size={size}")

    def unmount(self) -> None:
        """Forget all that is on it."""
        if self._mounted:
            self._mounted = not self._call("umount")

    def _call(self, *command: str) -> bool:
        try:
            done = subprocess.run([*command, self._where], capture_output=True)
        except OSError:
            return False
        return done.returncode == 0
