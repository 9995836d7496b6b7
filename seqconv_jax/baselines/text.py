"""A line through word pairs: what a text network has to beat."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from seqconv_jax._checks import UserError, expect, is_number
from seqconv_jax.baselines.linear import LinearModel, linear_svm
from seqconv_jax.baselines.ngrams import NGrams

__all__ = ["COSTS", "NBSVM", "nb_log_ratio", "nb_svm"]

COSTS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


class NBSVM(NamedTuple):
    """A linear classifier of n-grams, each scaled by how much it tells of a class.

    Attributes:
        ngrams: the n-grams and their columns.
        ratio: `(features, outputs)`, see `nb_log_ratio`.
        models: for each output the weights of its scaled n-grams.
        cost: what the weights were found with.
    """

    ngrams: NGrams
    ratio: np.ndarray
    models: tuple[LinearModel, ...]
    cost: float

    def outputs(self, task: Any, rows: np.ndarray) -> np.ndarray:
        """Return the margin of each output, `(n, outputs)` float64.

        Margins have the sign and order of logits, but no probabilities belong to them:
        they are for `accuracy`, not for a cross-entropy.

        Args:
            task: what holds the sequences.
            rows: `(n,)` integers.
        """
        features = self.ngrams.matrix(task.inputs[rows])
        margins = [
            model.outputs(_scaled(features, ratio))
            for model, ratio in zip(self.models, self.ratio.T, strict=True)
        ]
        return np.concatenate(margins, axis=1)


def nb_svm(
    task: Any,
    *,
    orders: Sequence[int] = (1, 2),
    cost: float | None = None,
    least: int = 2,
    smoothing: float = 1.0,
    padding_id: int = 0,
) -> NBSVM:
    """Fit a support-vector machine on n-grams scaled by naive-Bayes log-ratios.

    Each n-gram of a sequence counts once. More than two classes are told apart one
    against the rest.

    Args:
        task: sequences of ids, and labels: `(rows, 1)` 0 or 1, `(rows, 1)` integers of
            more classes, or `(rows, outputs)` 0 or 1 of several labels.
        orders: how many tokens an n-gram has.
        cost: of the support-vector machine (see `linear.linear_svm`); None takes the
            one of `COSTS` with the best accuracy on the validation rows.
        least: in how many training sequences an n-gram must occur.
        smoothing: what is added to each count before the ratio.
        padding_id: the id that is no token.

    Returns:
        The classifier; `scores` gives its accuracy.

    Raises:
        UserError: for inputs that are no ids, for one class, and for a cost to choose
            without validation rows.

    Reference:
        Wang and Manning, "Baselines and Bigrams", ACL 2012.

    Example:
        >>> from seqconv_jax.data import arrays_task
        >>> x = np.array([[4, 5, 6], [4, 6, 5], [6, 5, 4], [5, 6, 4]] * 5)
        >>> task = arrays_task(x, np.array([0.0, 0, 1, 1] * 5))
        >>> line = nb_svm(task, cost=1.0)
        >>> (line.outputs(task, np.arange(4))[:, 0] > 0).tolist()
        [False, False, True, True]
    """
    inputs, rows = np.asarray(task.inputs), np.asarray(task.train)
    ids = inputs.dtype.kind in "iu" and inputs.ndim == 2
    expect(ids, "task.inputs", "ids of shape (rows, length)", f"shape {inputs.shape}")
    signs = _signs(np.asarray(task.targets), rows)
    if cost is None:
        expect(len(task.validation) > 0, "cost", "given without validation rows", None)
    else:
        expect(is_number(cost) and float(cost) > 0, "cost", "above 0", cost)
    vocabulary = int(inputs.max(initial=0)) + 1
    ngrams = NGrams.of(
        *(inputs[rows],),
        orders=orders,
        vocabulary=vocabulary,
        padding_id=padding_id,
        least=least,
    )
    expect(ngrams.count > 0, "least", "at most the sequences of an n-gram", least)
    features = ngrams.matrix(inputs[rows])
    ratio = nb_log_ratio(features, signs[rows], smoothing)

    def fitted(cost: float) -> NBSVM:
        models = tuple(
            linear_svm(_scaled(features, ratio[:, k]), signs[rows, k : k + 1], cost=cost)
            for k in range(signs.shape[1])
        )
        return NBSVM(ngrams, ratio, models, cost)

    if cost is not None:
        return fitted(cost)
    tried = [fitted(each) for each in COSTS]
    return max(tried, key=lambda line: _rate(line, task, signs))


def nb_log_ratio(
    features: sparse.csr_array, signs: np.ndarray, smoothing: float = 1.0
) -> np.ndarray:
    r"""Return how much more often a feature occurs with an output than without.

    $r = \log \frac{p / |p|_1}{q / |q|_1}$ with $p$ the smoothing plus the count among
    the examples of the output, and $q$ the same among all others.

    Args:
        features: `(n, features)` of 0 and 1.
        signs: `(n, outputs)`, 1 for the examples of an output and -1 for all others.
        smoothing: above 0.

    Returns:
        `(features, outputs)` float64.

    Example:
        >>> x = sparse.csr_array(np.array([[1.0, 0.0], [0.0, 1.0]]))
        >>> nb_log_ratio(x, np.array([[1], [-1]])).round(3).tolist()
        [[0.693], [-0.693]]
    """
    p = smoothing + features.T @ (signs > 0).astype(float)
    q = smoothing + features.T @ (signs <= 0).astype(float)
    return np.log(p / p.sum(axis=0)) - np.log(q / q.sum(axis=0))


def _scaled(features: sparse.csr_array, ratio: np.ndarray) -> sparse.csr_array:
    return (features @ sparse.diags_array(ratio)).tocsr()


def _signs(targets: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return `(rows, outputs)` int8, 1 where an example belongs to an output."""
    used = targets[rows]
    if targets.shape[1] == 1 and targets.dtype.kind in "iu" and used.max() > 1:
        signs = targets == np.arange(targets.max() + 1)
    else:
        signs = targets > 0.5
    if len(np.unique(used, axis=0)) < 2:
        raise UserError("`task.targets` must have two classes in `train`, got one")
    return np.where(signs, 1, -1).astype(np.int8)


def _rate(line: NBSVM, task: Any, signs: np.ndarray) -> float:
    """Return the accuracy on the validation rows."""
    margins, truth = line.outputs(task, task.validation), signs[task.validation]
    if task.targets.shape[1] == 1 and truth.shape[1] > 1:
        return float((margins.argmax(axis=1) == truth.argmax(axis=1)).mean())
    return float(((margins > 0) == (truth > 0)).mean())
