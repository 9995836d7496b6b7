"""The answer that is right most often, whatever the input."""

from typing import Any, NamedTuple

import numpy as np

from seqconv_jax.baselines.contract import fitted_rows
from seqconv_jax.baselines.labels import label_signs

__all__ = ["Majority", "majority"]


class Majority(NamedTuple):
    """The same logits for every example: how frequent each class is in training.

    Attributes:
        logits: `(outputs,)` float64.
    """

    logits: np.ndarray

    def outputs(self, task: Any, rows: np.ndarray) -> np.ndarray:
        """Return `(n, outputs)` float64; see `contract.Baseline`."""
        return np.tile(self.logits, (len(rows), 1))


def majority(task: Any) -> Majority:
    """Return the most frequent class of training, for every example.

    Its probabilities are the classes' rates in training, so that a cross-entropy is
    their entropy; a class that training lacks counts as half an example.

    Args:
        task: one of labels, as `label_signs` takes them.

    Raises:
        UserError: for targets that are no labels.

    Example:
        >>> from seqconv_jax.data import arrays_task
        >>> task = arrays_task(np.zeros((5, 3, 1)), np.array([2, 1, 1, 1, 0]))
        >>> majority(task).outputs(task, task.train[:1]).argmax()
        np.int64(1)
    """
    rows = fitted_rows(task)
    signs = label_signs(task)[rows]
    count, total = (signs > 0).sum(axis=0), len(rows)
    counts, others = np.maximum(count, 0.5), np.maximum(total - count, 0.5)
    one_of_many = signs.shape[1] > 1 and task.targets.shape[1] == 1
    return Majority(np.log(counts) - np.log(total if one_of_many else others))
