"""How well each class is told from the others: a confusion table and its rates."""

from typing import Any

import numpy as np

from seqconv_jax._checks import expect
from seqconv_jax.data.classes import Classes

__all__ = ["class_scores", "confusion"]


def confusion(classes: Classes, outputs: Any, targets: Any) -> np.ndarray:
    """Return how often each class was taken for each: rows the truth, columns answers.

    Args:
        classes: of which an example has one.
        outputs: `(n, outputs)` logits.
        targets: as `Classes.targets` makes them.

    Returns:
        `(classes, classes)` int64.

    Raises:
        UserError: where an example may have several classes.

    Example:
        >>> two = Classes(("bad", "good"))
        >>> confusion(two, [[2.0], [-1.0], [1.0]], [[1.0], [0.0], [0.0]]).tolist()
        [[1, 1], [0, 1]]
    """
    expect(not classes.several, "classes", "one an example", classes)
    answers = classes.probabilities(outputs).argmax(axis=1)
    truth = np.asarray(targets)[:, 0].astype(int)
    count = len(classes.names)
    pairs = np.bincount(truth * count + answers, minlength=count * count)
    return pairs.reshape(count, count)


def class_scores(
    classes: Classes, outputs: Any, targets: Any
) -> dict[str, dict[str, float | int | None]]:
    """Return precision, recall, their harmonic mean F1, and the examples of each class.

    Precision is the rate of answers that are right, recall that of examples found, and
    `F1 = 2 precision recall / (precision + recall)`. One that has nothing to count is
    None.

    Args:
        classes: the classes.
        outputs: `(n, outputs)` logits.
        targets: as `Classes.targets` makes them.

    Example:
        >>> two = Classes(("bad", "good"))
        >>> scores = class_scores(two, [[2.0], [-1.0], [1.0]], [[1.0], [0.0], [0.0]])
        >>> scores["bad"]
        {'precision': 1.0, 'recall': 0.5, 'f1': 0.6666666666666666, 'examples': 2}
    """
    if classes.several:
        answers = classes.probabilities(outputs) > 0.5
        truth = np.asarray(targets) > 0.5
        right = (answers & truth).sum(axis=0)
        answered, there = answers.sum(axis=0), truth.sum(axis=0)
    else:
        table = confusion(classes, outputs, targets)
        right, answered, there = table.diagonal(), table.sum(axis=0), table.sum(axis=1)
    return {
        name: {
            "precision": _rate(right[i], answered[i]),
            "recall": _rate(right[i], there[i]),
            "f1": _rate(2 * right[i], answered[i] + there[i]),
            "examples": int(there[i]),
        }
        for i, name in enumerate(classes.names)
    }


def _rate(part: Any, whole: Any) -> float | None:
    return float(part / whole) if whole else None
