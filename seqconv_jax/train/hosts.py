"""Several processes, on one machine or many, that train one model together.

Each has devices of its own and the whole data; all run the same program. The first
alone keeps the run: what it restores is sent to the others, so they need no disk of
its. Nothing else in the package knows of processes.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np

from seqconv_jax import _checks
from seqconv_jax._checks import UserError, first_line
from seqconv_jax.train.selection import Best
from seqconv_jax.train.store import NullStore

HEARTBEAT = 30  # seconds without a sign of life until a process counts as lost
_CALLS = 8  # after so many calls the processes ask each other whether one is to stop
_STARTED_BY = ("SLURM_STEP_NUM_TASKS", "OMPI_COMM_WORLD_SIZE")


class ProcessLostError(RuntimeError):
    """One of the processes that train together is gone; the run can be resumed."""


def join_hosts(
    coordinator: str | None = None,
    processes: int | None = None,
    process: int | None = None,
) -> None:
    """Make this process one of several that train together; before JAX is used.

    Under SLURM's `srun` and Open MPI's `mpirun` nothing need be given. Alone, and where
    nothing is given, this does nothing.

    Args:
        coordinator: `host:port` of the first process, the same for all.
        processes: how many there are.
        process: which one this is, from 0.

    Raises:
        UserError: if only some of them are given, or the others do not come.
    """
    given = {"coordinator": coordinator, "processes": processes, "process": process}
    missing = [name for name, value in given.items() if value is None]
    if len(missing) == len(given):
        if not started_together():
            return
    elif missing:
        known = next(name for name, value in given.items() if value is not None)
        raise UserError(f"`{missing[0]}` must be given where `{known}` is, got None")
    else:
        _checks.positive_int("processes", processes)
        _checks.non_negative_int("process", process)
        assert processes is not None and process is not None
        below = f"below the {processes} processes"
        _checks.expect(process < processes, "process", below, process)
        port = str(coordinator).rpartition(":")[2]
        _checks.expect(port.isdigit(), "coordinator", "HOST:PORT", coordinator)
    try:
        jax.distributed.initialize(
            coordinator,
            processes,
            process,
            heartbeat_timeout_seconds=HEARTBEAT,
            initialization_timeout=120,
        )
    except RuntimeError as error:
        raise UserError(f"the processes do not meet: {first_line(error)}") from error


def started_together() -> bool:
    """Return whether `srun` or `mpirun` started this process as one of several."""
    return any(int(os.environ.get(name, "1")) > 1 for name in _STARTED_BY)


def is_first() -> bool:
    """Return whether this process is the one that keeps the run; it is where alone."""
    return jax.process_index() == 0


def count_processes() -> int:
    """Return how many processes train together; 1 where this is alone.

    Of one alone it makes JAX look for no devices: how many there are may still be said.
    """
    return jax.process_count() if jax.distributed.is_initialized() else 1


def agreed(stopped: Callable[[], bool], mesh: Any) -> Callable[[], bool]:
    """Return whether any process is to stop, at the same call in all of them.

    They ask each other at every eighth call, since it takes a message.
    """
    if mesh is None or not mesh.is_multi_process:
        return stopped
    calls, found = 0, False

    def ask() -> bool:
        nonlocal calls, found
        calls += 1
        if not found and calls % _CALLS == 0:
            found = bool(largest(int(stopped()), mesh))
        return found

    return ask


def largest(number: int | None, mesh: Any) -> int | None:
    """Return the largest number of all processes, where None is 0."""
    if mesh is None or not mesh.is_multi_process:
        return number
    from jax.experimental import multihost_utils

    numbers = multihost_utils.process_allgather(np.int32(number or 0))
    return int(np.max(numbers)) or None


@contextmanager
def wording_lost_processes(mesh: Any) -> Iterator[None]:
    """Word what JAX says where another process does not answer.

    Raises:
        ProcessLostError: in its place.
    """
    try:
        yield
    except jax.errors.JaxRuntimeError as error:
        if mesh is None or not mesh.is_multi_process:
            raise
        raise ProcessLostError(
            f"another process was lost ({first_line(error)[:120]}); start all of them "
            "again to resume from the last checkpoint"
        ) from error


class FirstStore(NullStore):
    """What the first process keeps, told to the others where they need it.

    Args:
        store: what keeps the run; used in the first process only.
        placed: puts arrays on every device.
    """

    def __init__(self, store: Any, placed: Callable[[Any], Any]):
        """Keep the parts."""
        self._store, self._placed = store, placed

    def restore(self, state: Any, totals: Any):
        """Return what the first process restores."""

        def found():
            restored = self._store.restore(*jax.device_get((state, totals)))
            return restored[:2], restored[2]

        arrays, history = _told(found, lambda _: (state, totals))
        return *self._placed(arrays), history

    def best(self, state: Any, history: list[Any]) -> Best | None:
        """Return the best epoch that the first process knows."""

        def found():
            best = self._store.best(jax.device_get(state), history)
            return (None, None) if best is None else (best[1:], best.record)

        like = (state.eval_params, state.batch_stats)
        arrays, record = _told(found, lambda record: None if record is None else like)
        return None if record is None else Best(record, *self._placed(arrays))

    def save(self, state: Any, totals: Any, history: list[Any]) -> None:
        """Save, in the first process."""
        if is_first():
            self._store.save(state, totals, history)

    def wait(self) -> None:
        """Wait, in the first process."""
        if is_first():
            self._store.wait()


def _told(find: Callable[[], tuple[Any, Any]], like: Callable[[Any], Any]):
    """Return arrays and plain values of the first process, or raise its mistake."""
    from jax.experimental.multihost_utils import broadcast_one_to_all

    arrays, said = None, {}
    if is_first():
        try:
            arrays, plain = find()
            said = {"plain": plain}
        except UserError as error:
            said = {"error": str(error)}
    text = np.frombuffer(json.dumps(said).encode(), np.uint8)
    length = int(broadcast_one_to_all(np.int32(len(text))))
    text = text if is_first() else np.zeros(length, np.uint8)
    said = json.loads(np.asarray(broadcast_one_to_all(text), np.uint8).tobytes())
    if "error" in said:
        raise UserError(said["error"])
    example = like(said["plain"])
    if example is None:
        return None, said["plain"]
    host = jax.device_get(arrays if is_first() else example)
    return broadcast_one_to_all(host), said["plain"]
