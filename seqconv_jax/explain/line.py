"""What the n-grams of a line add, each at the places where a text has it."""

from typing import Any

import jax
import numpy as np
from flax import linen as nn

from seqconv_jax import ops
from seqconv_jax.explain.structure import lines_of
from seqconv_jax.explain.subject import Subject

__all__ = ["line_parts"]

_ngram_numbers = jax.jit(ops.ngram_numbers, static_argnames="order")


def line_parts(
    subject: Subject, ids: np.ndarray, direction: np.ndarray
) -> tuple[np.ndarray, float]:
    """Return what the lines beside a network add at each place, and their biases.

    An n-gram counts once, however often the text has it: its weight is shared evenly by
    the places of its tokens, and by the times that it is there.

    Args:
        subject: the network.
        ids: `(time,)`.
        direction: `(outputs,)`.

    Returns:
        `(time,)` float64, and the sum of the biases; zeros without a line.
    """
    parts, rest = np.zeros(len(ids)), 0.0

    def gather(bound):
        return [
            (line.share, line.layer.order, _arrays(line.layer))
            for line in lines_of(bound)
        ]

    for share, order, (tokens, first, table, bias) in nn.apply(
        gather, subject.held.model
    )(subject.variables):
        numbers = _ngram_numbers(ids[None], tokens, first, order=order)
        values = share * (table @ direction.astype(np.float64))
        parts += _places([np.asarray(each)[0] for each in numbers], values)
        rest += share * float(bias @ direction)
    return parts, rest


def _arrays(layer: Any) -> tuple[jax.Array, jax.Array, np.ndarray, np.ndarray]:
    """Return the tree of n-grams, the weight of each, and the bias."""
    tokens, first, ratio = (
        layer.get_variable("batch_stats", name) for name in ("tokens", "first", "ratio")
    )
    kernel, bias = (layer.get_variable("params", name) for name in ("kernel", "bias"))
    table = np.asarray(kernel, np.float64) * np.asarray(ratio, np.float64)
    return tokens, first, table, np.asarray(bias, np.float64)


def _places(numbers: list[np.ndarray], values: np.ndarray) -> np.ndarray:
    """Return what n-grams add at each place of a text.

    Args:
        numbers: for n-grams of 1, 2, ... tokens, the number of the one that begins at
            each place; `len(values)` for none.
        values: `(ngrams,)` what each adds.

    >>> _places([np.array([0, 2, 0]), np.array([1, 2])], np.array([4.0, 1.0])).tolist()
    [2.5, 0.5, 2.0]
    """
    parts = np.zeros(len(numbers[0]))
    times = np.bincount(np.concatenate(numbers), minlength=len(values) + 1)
    each = np.append(values, 0.0) / np.maximum(times, 1)
    for size, found in enumerate(numbers, 1):
        for k in range(size):
            parts[k : k + len(found)] += each[found] / size
    return parts
