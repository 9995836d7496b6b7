"""Labels as signs: whether an example belongs to an output of a network, or not."""

from typing import Any

import numpy as np

from seqconv_jax._checks import UserError

__all__ = ["accuracy_of", "label_signs"]


def label_signs(task: Any) -> np.ndarray:
    """Return 1 where an example belongs to an output and -1 elsewhere.

    Args:
        task: labels `(rows, 1)` 0 or 1 (one output), `(rows, 1)` integers of more
            classes (an output each), or `(rows, outputs)` 0 or 1 of several labels.

    Returns:
        `(rows, outputs)` int8.

    Raises:
        UserError: for targets that are no labels.

    Example:
        >>> from seqconv_jax.data import arrays_task
        >>> label_signs(arrays_task(np.zeros((3, 2, 1)), np.array([2, 0, 1]))).tolist()
        [[-1, -1, 1], [1, -1, -1], [-1, 1, -1]]
    """
    targets = np.asarray(task.targets)
    if targets.ndim == 2 and np.isin(targets, (0, 1)).all() and not _many(task):
        return np.where(targets > 0.5, 1, -1).astype(np.int8)
    whole = targets.dtype.kind in "iu" and targets.shape[1:] == (1,)
    if not whole or targets.min() < 0:
        raise UserError(
            "`task.targets` must be labels, 0 or 1 or the number of a class, got "
            f"{targets.dtype} of shape {targets.shape}"
        )
    outputs = max(int(targets.max()) + 1, _many(task))
    return np.where(targets == np.arange(outputs), 1, -1).astype(np.int8)


def accuracy_of(outputs: np.ndarray, signs: np.ndarray, one_of_many: bool) -> float:
    """Return how often outputs are right: the greatest, or each on its side of 0.

    Args:
        outputs: `(n, outputs)`.
        signs: `(n, outputs)`, as `label_signs` has them.
        one_of_many: whether an example belongs to just one output.
    """
    if one_of_many:
        return float((outputs.argmax(axis=1) == signs.argmax(axis=1)).mean())
    return float(((outputs > 0) == (signs > 0)).mean())


def _many(task: Any) -> int:
    """Return how many classes, of which an example has one, a task names; 0 for none.

    A split may lack the last class of three.
    """
    classes = getattr(task, "classes", None)
    if classes is None or classes.several or len(classes.names) == 2:
        return 0
    return len(classes.names)
