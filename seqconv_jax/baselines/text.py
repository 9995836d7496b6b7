"""A line through word pairs: what a network for texts has to beat."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from seqconv_jax import _examples
from seqconv_jax._checks import UserError
from seqconv_jax.baselines.contract import fitted_rows
from seqconv_jax.baselines.labels import accuracy_of
from seqconv_jax.baselines.linear import LinearModel, Loss, linear_classifier
from seqconv_jax.baselines.ngram_table import count_ngrams
from seqconv_jax.baselines.ngrams import NGrams

__all__ = ["COSTS", "NBSVM", "nb_svm"]

COSTS = (0.001, 0.01, 0.1, 1.0, 10.0)


class NBSVM(NamedTuple):
    """A linear classifier of n-grams, each scaled by how much it tells of a class.

    Attributes:
        ngrams: the n-grams and their columns.
        model: the weights of n-grams that occur; the ratios are in them.
        cost: what the weights were found with.
        tried: the validation accuracy of each cost that was tried.
    """

    ngrams: NGrams
    model: LinearModel
    cost: float
    tried: Mapping[float, float]

    def outputs(self, task: Any, rows: np.ndarray) -> np.ndarray:
        """Return the margin of each output, `(n, outputs)` float64.

        Those of the hinge loss have the sign and order of logits, but no probabilities
        belong to them: they are for an accuracy, not for a cross-entropy.

        Args:
            task: what holds the sequences.
            rows: `(n,)` integers.
        """
        rows = _examples.check_rows("rows", rows, task)
        return self.model(self.ngrams.matrix(task.inputs[rows]))


def nb_svm(
    task: Any,
    *,
    orders: Sequence[int] = (1, 2),
    cost: float | None = None,
    loss: Loss = "squared_hinge",
    least: int = 2,
    smoothing: float = 1.0,
    padding_id: int = 0,
) -> NBSVM:
    """Fit a support-vector machine on n-grams scaled by naive-Bayes log-ratios.

    Each n-gram of a sequence counts once. More than two classes are told apart one
    against the rest.

    Args:
        task: sequences of ids, and labels as `labels.label_signs` takes them.
        orders: how many tokens an n-gram has.
        cost: of the classifier (see `linear.linear_classifier`); None takes the one of
            `COSTS` with the best accuracy on the validation rows, rising until one is
            worse than one before.
        loss: "squared_hinge", a support-vector machine, or "logistic", whose outputs
            are logits.
        least: in how many training sequences an n-gram must occur.
        smoothing: what is added to each count before the ratio.
        padding_id: the id that is no token.

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
    rows = fitted_rows(task)
    if cost is None and not len(task.validation):
        raise UserError("`cost` must be given without validation rows, got None")
    ngrams, features, signs, scale = count_ngrams(
        task, orders, least, smoothing, padding_id
    )

    def fitted(cost: float, start: LinearModel | None = None) -> LinearModel:
        return linear_classifier(
            *(features, signs[rows]), cost=cost, loss=loss, scale=scale, start=start
        )

    if cost is not None:
        return NBSVM(ngrams, fitted(cost), float(cost), {})
    validation = ngrams.matrix(np.asarray(task.inputs)[task.validation])
    truth, one = signs[task.validation], task.targets.shape[1] == 1 < signs.shape[1]
    tried, model, best = {}, None, None
    for each in COSTS:
        model = fitted(each, model)
        tried[each] = accuracy_of(model(validation), truth, one)
        if best is None or tried[each] > tried[best.cost]:
            best = NBSVM(ngrams, model, each, tried)
        elif tried[each] < tried[best.cost]:
            break
    assert best is not None
    return best
