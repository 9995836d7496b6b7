"""A peer in a process of its own, which does what it is told over a pipe.

So no peer's threads, memory or compiled programs are in another's way, and its peak
memory is its own. It stays alive, so that rounds can go from peer to peer.
"""

import multiprocessing
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from _data import Problem
from _machine import peak_megabytes
from _peers import PEERS
from _workloads import PlainLayer, Workload, plain

import seqconv_jax as sc

PAUSE_SECONDS = 0.05  # until the threads of the one before have gone to sleep


class WorkerFailed(sc.UserError):
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


def serve(pipe: Connection, *arguments: Any) -> None:
    """Build a session, then answer requests until the pipe is closed."""
    session = _reply(pipe, lambda: Session(*arguments), show=False)
    while session is not None:
        try:
            request, values = pipe.recv()
        except EOFError:
            return
        method = getattr(session, request)
        _reply(pipe, lambda m=method, v=values: m(*v))


def _reply(pipe: Connection, call: Any, *, show: bool = True) -> Any:
    """Send the result, or None where it is not to be shown, or the error in words."""
    try:
        result = call()
    except Exception as error:
        pipe.send((False, f"{type(error).__name__}: {error}"))
        return None
    pipe.send((True, result if show else None))
    return result


class Session:
    """The far end: one peer and one workload."""

    def __init__(
        self,
        peer: str,
        workload: Workload,
        layers: tuple[PlainLayer, ...],
        path: Path,
        epoch_steps: int,
    ):
        """Import the library, read the examples and build the network."""
        started = time.perf_counter()
        module = PEERS[peer].import_module()
        self._import_seconds = time.perf_counter() - started
        self._imported = peak_megabytes()
        self._workload, self._problem = workload, Problem.load(path)
        self._peer = module.Peer(workload, layers, self._problem, epoch_steps)

    def reference(
        self, reset_after: bool
    ) -> tuple[np.ndarray, list[dict[str, Any]], np.ndarray]:
        """Return a batch, random weights and their outputs; ours alone can tell."""
        ((x, _),) = self._problem.batches(1, self._workload.batch_size)
        return x, *self._peer.reference(reset_after, x)

    def outputs(self, weights: list[dict[str, Any]], x: np.ndarray) -> np.ndarray:
        """Return what the peer makes of `x` with our weights."""
        self._peer.load(weights)
        return self._peer.predict(x)

    def train(self, steps: int) -> float:
        """Return the seconds of a training step."""
        return self._seconds(lambda: self._peer.train(steps)) / steps

    def infer(self, batch_size: int, calls: int) -> float:
        """Return the seconds of a forward pass, from host to host."""
        ((x, _),) = self._problem.batches(1, batch_size)
        self._peer.predict(x)
        total = self._seconds(lambda: [self._peer.predict(x) for _ in range(calls)])
        return total / calls

    def epoch(self) -> float:
        """Return the seconds of an epoch."""
        return self._seconds(self._peer.epoch)

    def memory(self) -> dict[str, float]:
        """Return the peak so far in MB, and how far above the imports' it is."""
        peak = peak_megabytes()
        return {"peak": peak, "rise": peak - self._imported}

    def device(self) -> str:
        """Return what JAX computes on."""
        import jax

        return jax.devices()[0].device_kind

    def checkout(self) -> Path:
        """Return the folder whose `seqconv_jax` this is."""
        return Path(sc.__file__).parents[1]

    def import_seconds(self) -> float:
        """Return what importing the library took."""
        return self._import_seconds

    @staticmethod
    def _seconds(call: Any) -> float:
        started = time.perf_counter()
        call()
        return time.perf_counter() - started
