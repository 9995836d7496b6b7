"""How sure each answer is, and whether it is right."""

from typing import Any

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.data.classes import Classes

__all__ = ["answer_confidence", "labels_of_targets"]


def answer_confidence(
    classes: Classes, outputs: Any, targets: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Return the probability of each answer, and whether the answer is right.

    The answer is the most probable class. Where an example may have several, each of
    its labels is an answer of its own: there, or not there.

    Args:
        classes: what the outputs stand for.
        outputs: `(n, outputs)` logits.
        targets: `(n, ...)` as `Classes.targets` makes them.

    Returns:
        `(n,)` float64 and `(n,)` bool; with several labels `(n * classes,)`.

    Example:
        >>> two = Classes(("bad", "good"))
        >>> confidence, right = answer_confidence(two, [[0.0], [-2.0]], [[1.0], [0.0]])
        >>> confidence.round(2).tolist(), right.tolist()
        ([0.5, 0.88], [False, True])
    """
    table = classes.probabilities(outputs)
    truth = labels_of_targets(classes, targets, len(table))
    if classes.several:
        confidence = np.maximum(table, 1 - table)
        return confidence.ravel(), ((table > 0.5) == (truth > 0)).ravel()
    return table.max(axis=1), table.argmax(axis=1) == truth


def labels_of_targets(classes: Classes, targets: Any, count: int) -> np.ndarray:
    """Return class numbers `(n,)`, or `(n, classes)` 0 and 1 where several may be.

    Raises:
        UserError: for another shape, and for numbers that are no classes.
    """
    array = np.asarray(targets)
    width = len(classes.names) if classes.several else 1
    if array.shape != (count, width) or not count:
        raise UserError(
            f"`targets` must have shape ({count or 'n'}, {width}), a row for each of "
            f"the outputs, got {array.shape}"
        )
    most = 1 if classes.several else len(classes.names) - 1
    known = np.isin(array, np.arange(most + 1)).all()
    if not known:
        raise UserError(f"`targets` must be whole numbers from 0 to {most}")
    return array.astype(int) if classes.several else array[:, 0].astype(int)
