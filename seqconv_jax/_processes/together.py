"""Several commands at once, each in a place of its own, none of which outlives us.

A command that is stopped may save first: it gets the signal that we got, once, for a
second one would end it at once. So each has a session of its own, out of the reach of
a terminal's Ctrl-C, and watches the pipe that is its standard input: that closes when
this process ends, however it ends.
"""

import queue
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from seqconv_jax._processes.command import Command, Ended, Job
from seqconv_jax._processes.places import Place
from seqconv_jax._processes.within import PATIENCE
from seqconv_jax._signals import stop_on_signals

_TICK = 0.05  # seconds between two looks at signals and at who has ended


class Listener(Protocol):
    """Told what becomes of commands."""

    def line(self, name: str, line: str, is_error: bool) -> None:
        """A command has printed a line, on the standard error or the output."""

    def ended(self, name: str, end: Ended) -> None:
        """A command has ended."""


class Outcome(NamedTuple):
    """How each command that was begun ended, and the signal that stopped them all."""

    ended: dict[str, Ended]
    signum: int | None


def run_together(
    jobs: Sequence[Job],
    places: Sequence[Place],
    listener: Listener,
    environ: Mapping[str, str] | None = None,
) -> Outcome:
    """Run commands, one at a time in each place, until the last has ended.

    A place that is not needed any more leaves its cores to the commands that still run.
    XLA shares out work, and so rounds, by the number of cores that it believes it has:
    a command is told all of them, so that it gives the bits of one that has them.

    Args:
        jobs: the commands, the first ones first.
        places: where to run them.
        listener: told of lines and ends, in this thread.
        environ: variables of the environment of all.

    Returns:
        How each ended, and SIGINT or SIGTERM where one stopped them: those that ran
        got it as well, and the others were not begun.
    """
    waiting, running, ended = list(jobs), {}, {}
    free, lines = list(places), queue.SimpleQueue()
    forwarded = False
    with stop_on_signals() as request:
        try:
            while running or (waiting and request.signum is None):
                while free and waiting and request.signum is None:
                    child = Command(waiting.pop(0), free.pop(0), lines, environ or {})
                    running[child.job.name] = child
                if free and running and not waiting:
                    _give_cores(free, list(running.values()))
                _pass_on(lines, listener)
                if request.signum is not None and not forwarded:
                    forwarded = True
                    for child in running.values():
                        child.stop(request.signum)
                over = [child for child in running.values() if child.has_ended()]
                if over:
                    _pass_on(lines, listener)
                for child in over:
                    name = child.job.name
                    ended[name] = child.close()
                    free.append(running.pop(name).place)
                    listener.ended(name, ended[name])
        finally:
            _end(list(running.values()))
    return Outcome(ended, request.signum)


def _give_cores(free: list[Place], running: list[Command]) -> None:
    """Leave the cores of places that nobody needs to the commands that still run."""
    for number, place in enumerate(free):
        child = running[number % len(running)]
        if place.cores and child.place.cores:
            child.place = Place((*child.place.cores, *place.cores), child.place.environ)
            child.pin(child.place.cores)
    free.clear()


def _pass_on(lines: Any, listener: Listener) -> None:
    """Pass on the lines that are there, or those of the next moment."""
    wait = _TICK
    with suppress(queue.Empty):
        while True:
            child, line, is_error = lines.get(timeout=wait)
            child.hear(line, is_error)
            listener.line(child.job.name, line, is_error)
            wait = 0.0


def _end(running: list[Command]) -> None:
    """End commands that nobody waits for any more."""
    for child in running:
        child.stop(signal.SIGTERM)
    for child in running:
        try:
            child.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            child.process.kill()
        child.close()
