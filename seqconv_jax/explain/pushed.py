"""Which class a filter pushes to, and which texts have that class."""

from typing import Any, NamedTuple

import numpy as np

from seqconv_jax.explain.subject import Subject
from seqconv_jax.explain.value import outputs_of

__all__ = ["Pushes", "agreement", "pushes_of"]

_AT_ONCE = 256


class Pushes(NamedTuple):
    """What filters push to.

    Attributes:
        classes: `(filters,)` the number of the class.
        weights: `(filters,)` how much, of one unit of activation.
        names: what each is called.
    """

    classes: np.ndarray
    weights: np.ndarray
    names: list[str]


def pushes_of(subject: Subject, weights: np.ndarray) -> Pushes:
    """Return the class whose weight is furthest above the mean of all classes'.

    Adding the same to all logits changes no probability, so the weight is the
    difference. Of two classes with one output it is the weight's sign that says which,
    and where an example may have several classes each weight is its own.

    Args:
        subject: with the classes.
        weights: `(filters, outputs)`.
    """
    names = _names(subject, weights.shape[1])
    if len(names) != weights.shape[1]:  # two classes, one output
        classes = (weights[:, 0] > 0).astype(int)
        sizes = np.abs(weights[:, 0])
    else:
        known = getattr(subject.preprocessor, "classes", None)
        if known is None or not known.several:
            weights = weights - weights.mean(axis=1, keepdims=True)
        classes = np.argmax(weights, axis=1)
        sizes = np.take_along_axis(weights, classes[:, None], axis=1)[:, 0]
    return Pushes(classes, sizes, [names[number] for number in classes])


def agreement(
    subject: Subject,
    task: Any,
    rows: np.ndarray | None,
    ids: np.ndarray,
    width: int,
) -> np.ndarray:
    """Return `(n, classes)` bool: which texts have which class.

    By their labels, where these are known, else by what the network answers.

    Args:
        subject: the network.
        task: the texts' task, or their array.
        rows: those of the task; None for an array.
        ids: `(n, time)`.
        width: of the outputs.
    """
    classes = getattr(subject.preprocessor, "classes", None)
    truth = None if rows is None else task.truth(rows)
    if truth is None or not np.isfinite(truth).all():
        outputs = _answers(subject, ids)
        several = classes is not None and classes.several
        if outputs.shape[1] > 1 and not several:
            return np.arange(outputs.shape[1])[None] == np.argmax(outputs, 1)[:, None]
        truth = outputs > 0
    if classes is not None and classes.several:
        return truth > 0
    if truth.shape[1] > 1:
        return truth > 0
    return np.arange(max(2, width))[None] == truth.astype(int)


def _answers(subject: Subject, ids: np.ndarray) -> np.ndarray:
    size = min(_AT_ONCE, len(ids))
    filled = np.concatenate([ids, np.repeat(ids[-1:], -len(ids) % size, axis=0)])
    parts = [
        outputs_of(subject, filled[first : first + size])
        for first in range(0, len(filled), size)
    ]
    return np.concatenate(parts)[: len(ids)]


def _names(subject: Subject, outputs: int) -> list[str]:
    classes = getattr(subject.preprocessor, "classes", None)
    if classes is not None and classes.outputs == outputs:
        return list(classes.names)
    if outputs == 1:
        return ["below 0", "above 0"]
    return [f"output {index}" for index in range(outputs)]
