"""What happens to a process: killed, signalled, out of disk, out of permissions."""

import errno
import signal
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from soaking.processes import Moment, name_of
from soaking.programs import Program


class Fault(NamedTuple):
    """One fault of one process.

    Attributes:
        how: in words.
        moment: when to send the signals.
        signals: what to send.
        gap: seconds between them.
        inject: what `inject/sitecustomize.py` is told.
        arguments: more words of the command, for programs that report.
        room: bytes of a small disk to run on, and so much is full.
        must_stop: the exit status that has to come of it.
        is_signal: whether an orderly stop is what was asked for.
    """

    how: str
    moment: Moment | None = None
    signals: tuple[int, ...] = ()
    gap: float = 0.0
    inject: dict[str, Any] | None = None
    arguments: tuple[str, ...] = ()
    room: int | None = None
    must_stop: int | None = None
    is_signal: bool = False


class Usual(NamedTuple):
    """What an uninterrupted run of a program takes."""

    seconds: float
    changes: int
    reads: int
    bytes: int


def kill(rng: Random, program: Program, usual: Usual, out: Path) -> Fault:
    """Kill -9: at any time, inside a write, or before any change of a file."""
    signals = (signal.SIGKILL,)
    choice = rng.random()
    if choice < 0.25:
        at = rng.uniform(0.3, 1.0) * usual.seconds
        return Fault(f"killed after {at:.2f} s", lambda t: t > at, signals)
    if choice < 0.7:
        moment = _Writing(out, 1 + rng.randrange(program.epochs), rng.uniform(0, 0.08))
        return Fault(f"killed in write {moment.count}", moment, signals)
    which = 1 + rng.randrange(usual.changes)
    inject = {"first": which, "last": which, "action": "kill"}
    return Fault(f"killed before change {which}", inject=inject)


def stop(rng: Random, program: Program, usual: Usual, out: Path) -> Fault:
    """SIGTERM or SIGINT, once or twice: at any time, or told by a reporter."""
    signum = rng.choice((signal.SIGTERM, signal.SIGINT))
    name, times = name_of(signum), rng.choice((1, 1, 2))
    choice = rng.random()
    if program.reports and choice < 0.5:
        phase = rng.choice(("begin", "advance", "end"))
        most = 6 * program.epochs if phase == "advance" else program.epochs
        count = most if rng.random() < 0.4 else 1 + rng.randrange(most)
        arguments = (phase, str(count), str(int(signum)), str(times))
        how = f"{times} {name} in {phase} {count} of {most}"
        return Fault(how, arguments=arguments, must_stop=128 + signum, is_signal=True)
    if choice < 0.75:
        which = 1 + rng.randrange(usual.changes)
        inject = {"first": which, "last": which, "action": "signal"}
        inject["number"] = int(signum)
        return Fault(f"{name} at change {which}", inject=inject, is_signal=True)
    moment = _Epochs(out, rng.randrange(program.epochs + 1), rng.uniform(0, 0.1))
    gap = rng.choice((0.0, 0.001, 0.05))
    return Fault(
        f"{times} {name} after epoch {moment.count}",
        *(moment, (signum,) * times, gap),
        is_signal=True,
    )


def full_disk(rng: Random, program: Program, usual: Usual, out: Path) -> Fault:
    """No space: on a small disk, by a limit of a file's size, or at any change."""
    if rng.random() < 0.5:
        room = int(rng.uniform(0.1, 1.0) * usual.bytes) // 4096 * 4096
        return Fault(f"a disk of {room:,} bytes", room=max(room, 8192))
    return _errors(rng, usual.changes, errno.ENOSPC, reads=False)


def no_permission(rng: Random, program: Program, usual: Usual, out: Path) -> Fault:
    """Permission lost, or the disk gone, for reading or for changing files."""
    number = rng.choice((errno.EACCES, errno.EROFS, errno.EIO, errno.EPERM))
    reads = number != errno.EROFS and rng.random() < 0.5
    return _errors(rng, usual.reads if reads else usual.changes, number, reads)


def _errors(rng: Random, most: int, number: int, reads: bool) -> Fault:
    first = 1 + rng.randrange(most)
    last = first + rng.choice((0, 0, 1, 10, 10**6))
    inject = {"first": first, "last": last, "action": "error", "number": number}
    what = "read" if reads else "change"
    how = f"{errno.errorcode[number]} at {what} {first} to {last}"
    return Fault(how, inject=inject | {"reads": reads})


class _Writing:
    """The moment, or a little later, when a checkpoint is written once more."""

    def __init__(self, out: Path, count: int, later: float):
        self._out, self.count, self._later = out, count, later
        self._seen: set[str] = set()
        self._due: float | None = None

    def __call__(self, seconds: float) -> bool:
        if self._due is None:
            hidden = self._out.glob("checkpoints/.writing-*")
            self._seen |= {path.name for path in hidden}
            if len(self._seen) >= self.count:
                self._due = seconds + self._later
        return self._due is not None and seconds >= self._due


class _Epochs:
    """The moment, or a little later, when the history has so many lines."""

    def __init__(self, out: Path, count: int, later: float):
        self._out, self.count, self._later = out, count, later
        self._due: float | None = None

    def __call__(self, seconds: float) -> bool:
        if self._due is None and self._lines() >= self.count:
            self._due = seconds + self._later
        return self._due is not None and seconds >= self._due

    def _lines(self) -> int:
        try:
            return len((self._out / "history.jsonl").read_bytes().splitlines())
        except OSError:
            return -1


FAULTS_OF = {
    "kill": kill,
    "signal": stop,
    "disk": full_disk,
    "permission": no_permission,
}
