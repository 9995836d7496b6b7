"""What every baseline is: outputs for rows of a task, as a network's would be."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import numpy as np

from seqconv_jax import _examples, _windows
from seqconv_jax._checks import expect

__all__ = [
    "Baseline",
    "Metric",
    "blocks",
    "by_blocks",
    "fitted_rows",
    "rows_of",
    "scores",
]

Metric = Callable[[Any, Any], Any]
_AT_ONCE = 2**22  # numbers


class Baseline(Protocol):
    """What a baseline's `fit` function returns."""

    def outputs(self, task: Any, rows: np.ndarray) -> np.ndarray:
        """Return `(n, outputs)` float64, laid out as the outputs of a network.

        Args:
            task: the task that it was fitted on, or one of the same kind.
            rows: `(n,)` integers.
        """
        ...


def scores(
    baseline: Baseline,
    task: Any,
    rows: np.ndarray | str,
    metrics: Mapping[str, Metric],
) -> dict[str, float]:
    """Return the mean scores of a baseline, as `train.evaluate` has a network's.

    Args:
        baseline: what a `fit` function returned.
        task: the task.
        rows: `(n,)` integers, each scored once, or a split: "train", "validation" or
            "test".
        metrics: functions of predictions and targets to `(batch,)`, such as those of
            `losses`, by name.

    Raises:
        UserError: for rows that the task does not have, and for none.

    Example:
        >>> from seqconv_jax import losses
        >>> from seqconv_jax.baselines import majority
        >>> from seqconv_jax.data import arrays_task
        >>> task = arrays_task(np.zeros((5, 3, 1)), np.array([0.0, 1, 1, 1, 0]))
        >>> scores(majority(task), task, "train", {"accuracy": losses.accuracy})
        {'accuracy': 0.6}
    """
    rows = rows_of(task, rows)
    expect(len(rows) > 0, "rows", "at least one row", [])
    totals = dict.fromkeys(metrics, 0.0)
    for part in blocks(rows, _windows.outputs_of(task)):
        predictions = np.asarray(baseline.outputs(task, part), np.float32)
        truth = _windows.targets_at(task, part)
        for name, metric in metrics.items():
            each = np.asarray(metric(predictions, truth), np.float64)
            totals[name] += float(each.sum())
    return {name: total / len(rows) for name, total in totals.items()}


def rows_of(task: Any, rows: np.ndarray | str, name: str = "rows") -> np.ndarray:
    """Return rows, or those of a split by its name, after a look at them."""
    if isinstance(rows, str):
        known = rows in ("train", "validation", "test")
        expect(known, name, "'train', 'validation' or 'test'", rows)
        rows = getattr(task, rows)
    return _examples.check_rows(name, rows, task)


def fitted_rows(task: Any) -> np.ndarray:
    """Return the training rows, each once, of a task that is one.

    Raises:
        UserError: if it is no task, has no such rows, or uses NaN or infinity.
    """
    rows = np.unique(_examples.check_task(task)["train"])
    expect(len(rows) > 0, "task.train", "at least one row", [])
    _examples.check_finite(task, {"train": rows})
    return rows


def by_blocks(
    of_part: Callable[[np.ndarray], np.ndarray],
    task: Any,
    rows: np.ndarray | str,
    width: int,
) -> np.ndarray:
    """Return the outputs of rows, of which a part at a time is looked at.

    Args:
        of_part: the outputs of some rows, `(n, outputs)`.
        task: the task.
        rows: `(n,)` integers, or a split.
        width: how many numbers a row takes on the way.
    """
    rows = rows_of(task, rows)
    return np.concatenate([of_part(part) for part in blocks(rows, width)])


def blocks(rows: np.ndarray, width: int) -> Iterator[np.ndarray]:
    """Return rows in parts, one at least, of which each has few enough numbers.

    Args:
        rows: `(n,)`.
        width: how many numbers a row takes.
    """
    size = max(1, _AT_ONCE // max(width, 1))
    return (rows[at : at + size] for at in range(0, max(len(rows), 1), size))
