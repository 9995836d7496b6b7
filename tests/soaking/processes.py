"""A process that is run to its end, and perhaps sent signals on the way."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

LIMIT = 120.0  # seconds for a whole run, on a machine with other things to do
LIMIT_AFTER_SIGNAL = 30.0  # the last of them is to stop within its next step


class Ended(NamedTuple):
    """How a process ended.

    Attributes:
        code: its exit status, or minus the signal's number; None if it hung.
        error: what it wrote to standard error.
        seconds: how long it ran.
        memory: its peak, in bytes.
        sent: how many signals it was sent.
    """

    code: int | None
    error: str
    seconds: float
    memory: int
    sent: int

    @property
    def line(self) -> str:
        """The last line of what it wrote."""
        lines = self.error.strip().splitlines()
        return lines[-1] if lines else ""


Moment = Callable[[float], bool]


def run_process(
    command: list[str],
    environment: Mapping[str, str],
    folder: Path,
    *,
    moment: Moment | None = None,
    signals: tuple[int, ...] = (),
    gap: float = 0.0,
) -> Ended:
    """Run a process, and send it signals from a moment on.

    Args:
        command: what to run.
        environment: of the process.
        folder: where it runs and its output goes.
        moment: told the seconds since the start, says whether it has come.
        signals: what is sent then, one after the other.
        gap: seconds between two of them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "stderr.txt"
    with log.open("wb") as error, (folder / "stdout.txt").open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=output, stderr=error
        )
    started = time.monotonic()
    left, due, deadline = list(signals), None, started + LIMIT
    code, memory = None, 0
    while code is None:
        code, memory = _poll(process)
        now = time.monotonic()
        if code is None and now > deadline:
            process.kill()
            process.wait()
            break
        if due is None and left and moment is not None and moment(now - started):
            due = now
        if code is None and due is not None and left and now >= due:
            process.send_signal(left.pop(0))
            due, deadline = now + gap, now + LIMIT_AFTER_SIGNAL
        time.sleep(0.0005 if left else 0.005)
    return Ended(
        code,
        log.read_text(errors="replace")[-20_000:],
        time.monotonic() - started,
        memory,
        len(signals) - len(left),
    )


def _poll(process: "subprocess.Popen[bytes]") -> tuple[int | None, int]:
    """Return the exit status if there is one, and the peak of the memory."""
    pid, status, usage = os.wait4(process.pid, os.WNOHANG)
    if pid == 0:
        return None, 0
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss * 1024


def name_of(signum: int) -> str:
    """Return a signal's name."""
    return signal.Signals(signum).name
