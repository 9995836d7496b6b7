"""The examples that all peers get: real ones where there are, the same for everyone.

They are prepared once and written to a file, so that no worker's memory holds traces of
the preparation.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from _workloads import Workload

import seqconv_jax as sc

DELAY = 144  # rows from a window's end to its target


class Problem(NamedTuple):
    """Training examples; that of row `r` is `inputs[r]` or `inputs[r + offsets]`.

    Attributes:
        inputs: `(rows, length)` token ids, or `(rows, columns)` float32.
        targets: `(rows, 1)` float32.
        rows: `(n,)` int32, the training rows.
        offsets: `(length,)` int32 for a series; None for a text.
    """

    inputs: np.ndarray
    targets: np.ndarray
    rows: np.ndarray
    offsets: np.ndarray | None

    def gather(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return `(x, y)` of the given rows: int32 or float32, and float32."""
        if self.offsets is None:
            return self.inputs[rows].astype(np.int32), self.targets[rows]
        return self.inputs[rows[:, None] + self.offsets], self.targets[rows]

    def batches(self, count: int, size: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return some batches, the same in every process."""
        rng = np.random.default_rng(0)
        return [self.gather(rng.choice(self.rows, size)) for _ in range(count)]

    def task(self) -> sc.data.Task:
        """Return the task of training on the rows, drawn with replacement."""
        none = self.rows[:0]
        return sc.data.Task(
            inputs=self.inputs,
            targets=self.targets,
            offsets=self.offsets,
            train=self.rows,
            validation=none,
            test=none,
            replacement=True,
        )

    def save(self, path: Path) -> None:
        """Write to an .npz file."""
        arrays = {name: a for name, a in self._asdict().items() if a is not None}
        np.savez(path, **arrays)

    @classmethod
    def load(cls, path: Path) -> "Problem":
        """Read what `save` wrote."""
        with np.load(path) as arrays:
            return cls(**{name: arrays.get(name) for name in cls._fields})


def load(workload: Workload) -> tuple[Problem, str]:
    """Return the workload's examples and where they are from, in words.

    Files are searched as by the experiments: `$SEQCONV_DATA`, the cache, a download.
    """
    return _reviews(workload) if workload.is_text else _climate(workload)


def made_up(workload: Workload, rows: int = 2_000, seed: int = 0) -> Problem:
    """Return examples without any file: ids by Zipf's law, or noise."""
    rng = np.random.default_rng(seed)
    if workload.is_text:
        frequency = 1 / np.arange(1, workload.vocabulary + 1)
        edges = np.cumsum(frequency / frequency.sum())
        ids = edges.searchsorted(rng.random((rows, workload.length)))
        dtype = np.uint16 if workload.vocabulary <= 1 << 16 else np.int32
        inputs = np.minimum(ids, workload.vocabulary - 1).astype(dtype)
        targets = rng.integers(0, 2, (rows, 1)).astype(np.float32)
        return Problem(inputs, targets, np.arange(rows, dtype=np.int32), None)
    offsets = np.arange(-workload.length, 0, dtype=np.int32)
    length = rows + workload.length
    table = rng.standard_normal((length, workload.columns), dtype=np.float32)
    targets = rng.standard_normal((length, 1), dtype=np.float32)
    first = np.arange(workload.length, length, dtype=np.int32)
    return Problem(table, targets, first, offsets)


def _reviews(workload: Workload) -> tuple[Problem, str]:
    found = sc.data.find(sc.data.IMDB)
    if found.path is None:
        return made_up(workload, rows=25_000), "word ids drawn by Zipf's law"
    task = sc.data.load_imdb(
        found.path, num_words=workload.vocabulary, maxlen=workload.length
    )
    rows = task.train
    problem = Problem(task.inputs[rows], task.targets[rows], np.arange(len(rows)), None)
    return problem._replace(rows=problem.rows.astype(np.int32)), "the IMDB reviews"


def _climate(workload: Workload) -> tuple[Problem, str]:
    series = _climate_series()
    generated = series.data_source == "generated"
    source = "the generated climate" if generated else "the Jena climate"
    task = sc.data.forecast_task(
        series,
        target=sc.data.JENA.target,
        inputs=series.columns[: workload.columns],
        lookback=workload.length * workload.every,
        every=workload.every,
        delay=DELAY,
        split=(0.5, 0.75),
    )
    return Problem(task.inputs, task.targets, task.train, task.offsets), source


@cache
def _climate_series() -> "sc.data.Series":
    found = sc.data.find(sc.data.JENA_FILE)
    if found.path is None:
        return sc.data.generated_climate()
    return sc.data.read_series(
        found,
        time=sc.data.JENA.time,
        missing="keep",
        duplicates="keep",
        unsorted="keep",
    )
