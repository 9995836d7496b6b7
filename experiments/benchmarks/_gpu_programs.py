"""The compiled programs of `gpu.py`, several made at once, each made once."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

from _data import Problem
from _machine import JAX_PRECISIONS
from _workloads import WORKLOADS

MAX_THREADS = 8


class Key(NamedTuple):
    """What a program is: training steps, or a GRU alone.

    Attributes:
        workload: its name.
        seeds: trained at once.
        implementation: of a GRU's loop; None where there is none.
        precision: of the products of a GRU alone; None for training steps.
    """

    workload: str
    seeds: int = 1
    implementation: str | None = None
    precision: str | None = None


class Programs:
    """Programs by their keys.

    Args:
        problem: returns the examples of a workload by its name.
        steps: of a call of a program.
        together: whether to compile several at once.
    """

    def __init__(self, problem: Callable[[str], Problem], steps: int, together: bool):
        """Make nothing yet."""
        self._problem, self._steps = problem, steps
        threads = min(MAX_THREADS, os.cpu_count() or 1) if together else 1
        self._pool = ThreadPoolExecutor(threads)
        self._made: dict[Key, Future[Any]] = {}

    def make(self, keys: Iterable[Key]) -> int:
        """Make those that are not made, and return how many that were."""
        new = [key for key in keys if key not in self._made]
        for name in {key.workload for key in new}:
            self._problem(name)  # here, not in several threads at once
        self._made |= {key: self._pool.submit(self._program, key) for key in new}
        for key in new:
            self._made[key].exception()
        return len(new)

    def __getitem__(self, key: Key) -> Any:
        """Return a program that was made, or raise why it could not be."""
        return self._made[key].result()

    def forget(self, key: Key) -> None:
        """Free its memory."""
        self._made.pop(key, None)

    def _program(self, key: Key) -> Any:
        from _stretch import GRUStretch, Stretch

        workload = WORKLOADS[key.workload]
        if key.precision is None:
            return Stretch(
                workload,
                self._problem(key.workload),
                steps=self._steps,
                seeds=key.seeds,
                implementation=key.implementation,
            )
        return GRUStretch(
            workload,
            steps=self._steps,
            implementation=key.implementation or "xla",
            precision=JAX_PRECISIONS[key.precision],
        )
