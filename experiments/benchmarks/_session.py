"""The far end of a worker's pipe: one peer, one workload, and what they are asked."""

import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from _data import Problem
from _peers import PEERS
from _workloads import PlainLayer, Workload

import seqconv_jax as sc


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
    """A peer that is built for a workload; its methods are the requests."""

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
        self._imported = sc.runs.peak_memory() / 2**20
        self._workload, self._problem = workload, Problem.load(path)
        started = time.perf_counter()
        self._peer = module.Peer(workload, layers, self._problem, epoch_steps)
        self._build_seconds = time.perf_counter() - started

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

    def train(self, steps: int, within: float | None = None) -> float:
        """Return the seconds of a training step, of fewer where they take too long."""
        steps = self._fitting(lambda: self._peer.train(1), steps, within)
        return self._seconds(lambda: self._peer.train(steps)) / steps

    def infer(self, batch_size: int, calls: int, within: float | None = None) -> float:
        """Return the seconds of a forward pass, from host to host; as `train`."""
        ((x, _),) = self._problem.batches(1, batch_size)
        self._peer.predict(x)
        calls = self._fitting(lambda: self._peer.predict(x), calls, within)
        total = self._seconds(lambda: [self._peer.predict(x) for _ in range(calls)])
        return total / calls

    def epoch(self) -> float:
        """Return the seconds of an epoch."""
        return self._seconds(self._peer.epoch)

    def memory(self) -> dict[str, float]:
        """Return the peak so far in MB, and how far above the imports' it is."""
        peak = sc.runs.peak_memory() / 2**20
        return {"peak": peak, "rise": peak - self._imported}

    def device(self) -> str:
        """Return what JAX computes on."""
        import jax

        return jax.devices()[0].device_kind

    def checkout(self) -> Path:
        """Return the folder whose `seqconv_jax` this is."""
        return Path(sc.__file__).parents[1]

    def build_seconds(self) -> float:
        """Return what building the network took: some draw its weights here."""
        return self._build_seconds

    def import_seconds(self) -> float:
        """Return what importing the library took."""
        return self._import_seconds

    def _fitting(self, call: Any, count: int, within: float | None) -> int:
        """Return how often to call: `count`, or what one call says of the time."""
        if within is None:
            return count
        return max(1, min(count, int(within / self._seconds(call))))

    @staticmethod
    def _seconds(call: Any) -> float:
        started = time.perf_counter()
        call()
        return time.perf_counter() - started
