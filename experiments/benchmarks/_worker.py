"""The near end of a worker: a peer in a process of its own, told what to do by pipe.

So no peer's threads, memory or compiled programs are in another's way, and its peak
memory is its own. It stays alive, so that rounds can go from peer to peer.
"""

import multiprocessing
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from _session import serve
from _workloads import Workload, plain

from seqconv_jax import UserError

PAUSE_SECONDS = 0.05  # until the threads of the one before have gone to sleep


class WorkerFailed(UserError):
    """A worker raised an error, died, or took too long; the message says which."""


class Worker:
    """The near end: starts the process, asks, and waits for the answer.

    Use it in a `with` statement, which ends the process.

    Args:
        peer: a key of `PEERS`.
        workload: what to build.
        path: the examples, as `Problem.save` wrote them.
        epoch_steps: the steps of an epoch.
        timeout: seconds that any answer may take; None for no limit.
        checkout: the folder whose `seqconv_jax` the process imports; None for ours.
    """

    def __init__(
        self,
        peer: str,
        workload: Workload,
        path: Path,
        *,
        epoch_steps: int = 1,
        timeout: float | None = None,
        checkout: Path | None = None,
    ):
        """Start the process, and wait until the network is built."""
        self.name = peer if checkout is None else f"{peer} of {checkout}"
        context = multiprocessing.get_context("spawn")
        self._pipe, far_end = context.Pipe()
        self._timeout = timeout
        self._process = context.Process(
            target=serve,
            args=(far_end, peer, workload, plain(workload.layers), path, epoch_steps),
            daemon=True,
        )
        with _first_to_import_from(checkout):
            self._process.start()
        far_end.close()
        self._answer()

    def ask(self, request: str, *arguments: Any) -> Any:
        """Return what the `Session`'s method of that name returns.

        Raises:
            WorkerFailed: with its error in words.
        """
        self._pipe.send((request, arguments))
        return self._answer()

    def _answer(self) -> Any:
        try:
            if not self._pipe.poll(self._timeout):
                raise WorkerFailed(f"{self.name}: no answer within {self._timeout:g} s")
            fine, value = self._pipe.recv()
        except EOFError:
            self._process.join()
            died = f"the process died with status {self._process.exitcode}"
            raise WorkerFailed(f"{self.name}: {died}") from None
        except WorkerFailed:
            self._process.kill()
            raise
        if not fine:
            raise WorkerFailed(f"{self.name}: {value}")
        return value

    def __enter__(self) -> "Worker":
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join(5)
        self._process.kill()
        self._process.join()


@contextmanager
def _first_to_import_from(folder: Path | None) -> Iterator[None]:
    """Put a folder in front of the path, which a process is started with."""
    before = sys.path[:]
    sys.path[:0] = [] if folder is None else [str(folder)]
    try:
        yield
    finally:
        sys.path[:] = before


def take_turns(
    workers: dict[str, Worker], rounds: int, *request: Any
) -> dict[str, list[Any]]:
    """Return what the workers answer to a request, of each an answer a round."""
    answers: dict[str, list[Any]] = {name: [] for name in workers}
    for _ in range(rounds):
        for name, worker in workers.items():
            time.sleep(PAUSE_SECONDS)
            answers[name].append(worker.ask(*request))
    return answers
