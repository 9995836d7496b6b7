"""A command that runs in a place, and all that it prints."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

from seqconv_jax._processes.places import Place, cores


class Job(NamedTuple):
    """A command to run.

    Attributes:
        name: what tells it from the others.
        command: its arguments, the program first.
        log: the file that gets all that it prints; None for none.
    """

    name: str
    command: Sequence[str]
    log: Path | None = None


class Ended(NamedTuple):
    """How a command ended: exit status (128 + a signal's number) and last error."""

    status: int
    error: str


class Command:
    """A command that runs, with threads that read what it prints."""

    def __init__(self, job: Job, place: Place, lines: Any, environ: Mapping[str, str]):
        """Begin it.

        Args:
            job: what to run.
            place: where.
            lines: the queue for `(command, line, whether an error)`.
            environ: variables of its environment besides.
        """
        self.job, self.place = job, place
        self._files = ExitStack()
        log = job.log
        self._log = None if log is None else self._files.enter_context(_opened(log))
        self._last_error = ""
        self.process = subprocess.Popen(
            list(job.command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env={**os.environ, **_told(), **place.environ, **environ},
            start_new_session=True,
        )
        self.pin(place.cores)
        self._until: float | None = None

        def read(stream, is_error):
            with stream:
                for line in stream:
                    lines.put((self, line.rstrip(), is_error))

        self._readers = [
            threading.Thread(target=read, args=stream, daemon=True)
            for stream in ((self.process.stdout, False), (self.process.stderr, True))
        ]
        for reader in self._readers:
            reader.start()

    def pin(self, on: Sequence[int]) -> None:
        """Keep all its threads, and those to come, on some cores."""
        if not on or not hasattr(os, "sched_setaffinity"):
            return
        with suppress(OSError):  # it, or a thread of it, has just ended
            for thread in os.listdir(f"/proc/{self.process.pid}/task"):
                os.sched_setaffinity(int(thread), on)

    def hear(self, line: str, is_error: bool) -> None:
        """Keep a line that it has printed."""
        if self._log is not None:
            print(line, file=self._log, flush=True)
        if is_error and line:
            self._last_error = line

    def stop(self, signum: int) -> None:
        with suppress(OSError):
            self.process.send_signal(signum)

    def has_ended(self) -> bool:
        """Return whether it has, and all that it printed is read.

        A process that it has left behind may hold its pipes: that is not waited for.
        """
        if self.process.poll() is None:
            return False
        self._until = self._until or time.monotonic() + 2
        reading = any(reader.is_alive() for reader in self._readers)
        return not reading or time.monotonic() > self._until

    def close(self) -> Ended:
        """Return how it ended."""
        with suppress(OSError):
            assert self.process.stdin is not None
            self.process.stdin.close()
        self._files.close()
        status = self.process.returncode
        return Ended(128 - status if status < 0 else status, self._last_error)


def _opened(log: Path) -> IO[str]:
    log.parent.mkdir(parents=True, exist_ok=True)
    return log.open("w")


def _told() -> dict[str, str]:
    """Return what every command finds in its environment."""
    return {
        "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path),
        "PYTHONUNBUFFERED": "1",
        "NPROC": os.environ.get("NPROC", str(len(cores()))),
    }
