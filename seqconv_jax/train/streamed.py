"""Data that stays on the host: threads gather what each call reads, ahead of it.

A call is given a small `DeviceData` that holds just the rows that its batches read, one
example behind the other, and rows and offsets renumbered to match. So it runs the very
program that runs on data that lies on the device, and gives the same numbers.
"""

import math
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from seqconv_jax._windows import option_of
from seqconv_jax.train.batches import PADDING_ROW, Dataset, DeviceData

Calls = Generator[tuple[DeviceData, jax.Array], None, None]
Parts = Generator[tuple[DeviceData, jax.Array, int], None, None]

THREADS = 2  # a copy of rows is soon bound by memory, and the device may be the CPU
CALL_BYTES = 2**26
GATHERED_AHEAD = 3  # calls whose data waits on the host; each holds memory


class _Gathered(NamedTuple):
    """What some batches read, on the host.

    Attributes:
        inputs: `(examples * span, ...)`.
        targets: likewise.
        weights: `(examples * span,)`, or None.
        rows: of the shape that was asked for: where each example begins in them.
    """

    inputs: np.ndarray
    targets: np.ndarray
    weights: np.ndarray | None
    rows: np.ndarray


class StreamedData:
    """A task's arrays on the host or in files; see `feed.Feed`.

    Example:
        >>> from seqconv_jax.data import Task
        >>> from seqconv_jax.train.batches import gather
        >>> table, rows = np.arange(9.0)[:, None], np.arange(2, 9, dtype=np.int32)
        >>> split = {"train": rows, "validation": rows, "test": rows}
        >>> offsets = np.array([-2, 0], np.int32)
        >>> task = Task(inputs=table, targets=table, offsets=offsets, **split)
        >>> feed = StreamedData(task)
        >>> data, rows = feed.take(np.array([7, 3], np.int32))
        >>> data.inputs.shape, rows.tolist(), gather(data, rows).x[:, :, 0].tolist()
        ((6, 1), [0, 3], [[5.0, 7.0], [1.0, 3.0]])
    """

    def __init__(self, task: Dataset):
        """Read nothing yet."""
        self._inputs, self._targets = np.asarray(task.inputs), np.asarray(task.targets)
        weights = option_of(task, "weights")
        self._weights = None if weights is None else np.asarray(weights)
        ahead, reference = (
            option_of(task, name) for name in ("target_offsets", "reference")
        )
        # Of each example the row itself, the reference, then the window: in this order
        # in inputs and targets, so that the first two have the same place in both.
        first = [0] if reference is None else [0, int(reference)]
        self._reads = {
            name: np.concatenate([first, np.asarray(offsets, np.intp)]).astype(np.intp)
            for name, offsets in (
                ("inputs", [] if task.offsets is None else task.offsets),
                ("targets", [] if ahead is None else ahead),
            )
        }
        self._span = max(map(len, self._reads.values()))

        def places(offsets):
            if offsets is None:
                return None
            return jnp.arange(len(first), len(first) + len(offsets), dtype=jnp.int32)

        def flags(name):
            value = option_of(task, name)
            return None if value is None else jnp.asarray(value, jnp.bool_)

        self._options: dict[str, Any] = {
            "offsets": places(task.offsets),
            "target_offsets": places(ahead),
            "reference": None if reference is None else jnp.int32(1),
            "relative": flags("relative"),
            "visible": flags("visible"),
        }

    def take(self, rows: Any) -> tuple[DeviceData, jax.Array]:
        """Return what some rows read, and the rows in that."""
        return self._on_device(self._gather(np.asarray(rows)))

    def each(self, batches: Iterable[Any]) -> Calls:
        """Yield what `take` returns of each, gathered ahead."""
        batches = iter(batches)
        with ThreadPoolExecutor(THREADS, "gather") as pool:
            begun = deque(
                pool.submit(self._gather, np.asarray(rows))
                for rows in islice(batches, GATHERED_AHEAD)
            )
            try:
                while begun:
                    gathered = begun.popleft().result()
                    for rows in islice(batches, 1):
                        begun.append(pool.submit(self._gather, np.asarray(rows)))
                    yield self._on_device(gathered)
            finally:
                for left in begun:
                    left.cancel()

    def parts(self, order: np.ndarray, whole: bool) -> Parts:
        """Yield the data and the order of each batch of an order, and 0."""
        batches = (order[at : at + 1] for at in range(len(order)))
        for data, rows in self.each(batches):
            yield data, rows, 0

    def calls(self, order: jax.Array, begin: int, steps: int, per_call: int) -> Calls:
        """Yield the data of each call, and an order that holds the call's steps.

        Args:
            order: the epoch's rows, `(steps of an epoch, batch)`.
            begin: the step to begin with.
            steps: how many are left in the epoch.
            per_call: steps of one call.
        """
        rows = np.asarray(order)
        slots = min(per_call, len(rows))

        def of_calls():
            for first in range(begin, begin + steps, per_call):
                at = np.arange(first, min(first + per_call, begin + steps))
                chosen = np.full((slots, rows.shape[1]), PADDING_ROW, rows.dtype)
                chosen[at % slots] = rows[at % len(rows)]  # as the step looks it up
                yield chosen

        return self.each(of_calls())

    def steps_per_call(self, default: int, batch_size: int) -> int:
        """Return how many steps' data one call should hold."""
        row = sum(
            array.dtype.itemsize * math.prod(array.shape[1:])
            for array in (self._inputs, self._targets)
        )
        return max(1, min(default, CALL_BYTES // (batch_size * self._span * row)))

    def shapes(
        self, steps: int, batch_size: int, per_call: int
    ) -> tuple[Any, jax.ShapeDtypeStruct]:
        """Return the shapes of what `calls` yields."""
        order = min(per_call, steps), batch_size
        count = order[0] * order[1] * self._span
        arrays = {"inputs": self._inputs, "targets": self._targets}
        shapes: dict[str, Any] = {
            name: jax.ShapeDtypeStruct(
                (count, *array.shape[1:]), jax.dtypes.canonicalize_dtype(array.dtype)
            )
            for name, array in arrays.items()
        }
        if self._weights is not None:
            shapes["weights"] = jax.ShapeDtypeStruct((count,), jnp.float32)
        data = DeviceData(**shapes, **self._options)
        return data, jax.ShapeDtypeStruct(order, np.int32)

    def _gather(self, rows: np.ndarray) -> _Gathered:
        flat = rows.reshape(-1).astype(np.intp)
        real = flat != PADDING_ROW
        places = np.arange(len(flat), dtype=np.int32) * np.int32(self._span)
        # What a padding row would read is never looked at.
        flat = np.where(real, flat, flat[real.argmax()])
        weights = None
        if self._weights is not None:
            weights = np.zeros((len(flat), self._span), np.float32)
            weights[:, 0] = self._weights[flat]
            weights = weights.reshape(-1)
        return _Gathered(
            self._read("inputs", self._inputs, flat),
            self._read("targets", self._targets, flat),
            weights,
            np.where(real, places, np.int32(PADDING_ROW)).reshape(rows.shape),
        )

    def _read(self, name: str, array: np.ndarray, rows: np.ndarray) -> np.ndarray:
        reads = self._reads[name]
        found = np.take(array, rows[:, None] + reads, axis=0)
        if len(reads) < self._span:  # the other array has more of each example
            short, shape = found, (len(rows), self._span, *array.shape[1:])
            found = np.zeros(shape, array.dtype)
            found[:, : len(reads)] = short
        return found.reshape(-1, *array.shape[1:])

    def _on_device(self, gathered: _Gathered) -> tuple[DeviceData, jax.Array]:
        inputs, targets, weights, rows = jax.device_put(gathered)
        return DeviceData(inputs, targets, weights=weights, **self._options), rows
