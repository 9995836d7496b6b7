"""What the example of a row reads of a task's arrays, in NumPy.

A task by hand need not have the attributes that have a default: `option_of` says None.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

CELLS_AT_A_TIME = 2**20  # what a pass over arrays that may lie in files holds of them


def row_blocks(rows: int, width: int = 1, cells: int | None = None) -> Iterator[slice]:
    """Yield slices that together are all rows, with some cells in each.

    >>> [(part.start, part.stop) for part in row_blocks(5, CELLS_AT_A_TIME // 2)]
    [(0, 2), (2, 4), (4, 5)]
    """
    count = max(1, (cells or CELLS_AT_A_TIME) // max(1, width))
    for start in range(0, rows, count):
        yield slice(start, min(start + count, rows))


def option_of(task: Any, name: str) -> Any:
    """Return an attribute that a task need not have; None where it has none."""
    return getattr(task, name, None)


def outputs_of(task: Any) -> int:
    """Return how many numbers the target of one example is."""
    ahead = option_of(task, "target_offsets")
    columns = int(np.prod(task.targets.shape[1:]))
    return columns if ahead is None else columns * len(ahead)


def inputs_at(task: Any, rows: np.ndarray) -> np.ndarray:
    """Return the inputs of some rows: what `train.batches.gather` does, in NumPy."""
    if task.offsets is None:
        return task.inputs[rows]
    x = task.inputs[rows[:, None] + task.offsets]
    relative, visible = option_of(task, "relative"), option_of(task, "visible")
    if relative is not None:
        newest = task.inputs[rows + task.reference]
        x = x - np.where(relative, newest, 0).astype(x.dtype)[:, None]
    return x if visible is None else np.where(visible, x, 0).astype(x.dtype)


def targets_at(task: Any, rows: np.ndarray) -> np.ndarray:
    """Return the targets of some rows: what `train.batches.gather` does, in NumPy."""
    ahead, reference = (option_of(task, "target_offsets"), option_of(task, "reference"))
    targets = np.asarray(task.targets)
    if ahead is None:
        return (
            targets[rows]
            if reference is None
            else (targets[rows] - targets[rows + reference])
        )
    y = targets[rows[:, None] + np.asarray(ahead)]
    if reference is not None:
        y = y - targets[rows + reference][:, None]
    return y.reshape(len(rows), int(np.prod(y.shape[1:])))


def read_offsets(task: Any) -> np.ndarray | None:
    """Return what is read relative to a row, inputs and targets; None for itself."""
    found = [task.offsets, option_of(task, "target_offsets")]
    if (reference := option_of(task, "reference")) is not None:
        found.append([reference])
    found = [np.asarray(offsets, int) for offsets in found if offsets is not None]
    return np.concatenate(found) if found else None


def uses_inputs(task: Any, rows: np.ndarray, bad: np.ndarray) -> np.ndarray:
    """Return for each of `rows` whether its inputs hold a bad cell: `(n,)` bool.

    Args:
        task: the task.
        rows: `(n,)`.
        bad: `(rows, columns)` bool.
    """
    if task.offsets is None:
        return np.any(bad, axis=1)[rows]
    used = np.zeros(len(rows), bool)
    offsets, visible = np.asarray(task.offsets), option_of(task, "visible")
    everything = np.ones((1, bad.shape[1]), bool)
    seen = everything if visible is None else np.asarray(visible)
    patterns, which = np.unique(
        seen.reshape(len(seen), -1), axis=0, return_inverse=True
    )
    which = np.broadcast_to(which.reshape(-1), len(offsets))
    for index, pattern in enumerate(patterns):
        in_row = np.any(bad & pattern, axis=1)
        for offset in offsets[which == index].tolist():
            used |= in_row[rows + offset]
    relative = option_of(task, "relative")
    if relative is not None:
        in_row = np.any(bad & np.asarray(relative), axis=1)
        used |= in_row[rows + task.reference]
    return used


def uses_targets(task: Any, rows: np.ndarray, bad: np.ndarray) -> np.ndarray:
    """Return for each of `rows` whether its targets hold a bad cell: `(n,)` bool."""
    in_row = np.any(bad, axis=1)
    ahead = option_of(task, "target_offsets")
    used = np.zeros(len(rows), bool)
    for offset in (0,) if ahead is None else np.asarray(ahead).tolist():
        used |= in_row[rows + offset]
    reference = option_of(task, "reference")
    return used if reference is None else used | in_row[rows + reference]
