"""The n-grams that a layer knows, counted on the training texts of a task."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from seqconv_jax._checks import UserError, expect, is_number, positive_int
from seqconv_jax.baselines.contract import fitted_rows
from seqconv_jax.baselines.labels import label_signs
from seqconv_jax.baselines.ngrams import NGrams

__all__ = ["Counted", "NGramTable", "count_ngrams", "nb_log_ratio", "ngram_table"]

_MOST = 62  # of two words, in the bits that an n-gram's number has


class NGramTable(NamedTuple):
    """Known n-grams and how much each tells of an output, for `nn.NGramLinear`.

    Attributes:
        tokens: the last token of each n-gram, `(count,)` int32.
        first: where the children of each node of the tree begin, `(count + 2,)` int32.
        ratio: the log-ratios, `(count, outputs)` float32.
    """

    tokens: np.ndarray
    first: np.ndarray
    ratio: np.ndarray

    @property
    def count(self) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        """How many n-grams there are."""
        return len(self.tokens)

    def variables(self) -> dict[str, np.ndarray]:
        """Return the layer's batch statistics."""
        return self._asdict()


def ngram_table(
    task: Any,
    *,
    order: int = 3,
    least: int = 2,
    smoothing: float = 1.0,
    padding_id: int = 0,
) -> NGramTable:
    """Count the n-grams of the training texts, for `nn.NGramLinear`.

    Args:
        task: sequences of ids, and labels as `nb_svm` takes them.
        order: the most tokens of an n-gram.
        least: in how many training sequences an n-gram must occur.
        smoothing: what is added to each count before the ratio; see `nb_log_ratio`.
        padding_id: the id that is no token.

    Raises:
        UserError: for inputs that are no ids, for labels of one class, and where no
            n-gram is left.

    Example:
        >>> from seqconv_jax.data import arrays_task
        >>> x = np.array([[4, 5], [4, 6], [6, 4], [5, 4]] * 5)
        >>> task = arrays_task(x, np.array([0.0, 0, 1, 1] * 5))
        >>> table = ngram_table(task, order=2)
        >>> table.count, table.ratio.shape
        (7, (7, 1))

    Reference:
        Wang and Manning, "Baselines and Bigrams", ACL 2012.
    """
    expect(positive_int("order", order) <= _MOST, "order", f"at most {_MOST}", order)
    orders = tuple(range(1, order + 1))
    counted = count_ngrams(task, orders, least, smoothing, padding_id)
    ratio = counted.ratio.astype(np.float32)
    return NGramTable(*counted.ngrams.tree(), ratio)


class Counted(NamedTuple):
    """The n-grams of the training texts.

    Attributes:
        ngrams: which there are.
        features: which of them each text has, `(n, count)` of 0 and 1.
        signs: `(rows, outputs)` of 1 and -1, of all rows of the task.
        ratio: the log-ratios, `(count, outputs)` float64.
    """

    ngrams: NGrams
    features: sparse.csr_array
    signs: np.ndarray
    ratio: np.ndarray


def count_ngrams(
    task: Any, orders: Sequence[int], least: int, smoothing: float, padding_id: int
) -> Counted:
    """Count n-grams as `nb_svm` and `ngram_table` say."""
    rows, inputs = fitted_rows(task), np.asarray(task.inputs)
    ids = inputs.dtype.kind in "iu" and inputs.ndim == 2 and task.offsets is None
    expect(ids, "task.inputs", "ids of shape (rows, length)", f"shape {inputs.shape}")
    above_0 = is_number(smoothing) and 0 < float(smoothing) < 1e30
    expect(above_0, "smoothing", "above 0", smoothing)
    signs = label_signs(task)
    if (signs[rows] == signs[rows[0]]).all():
        raise UserError("`task.targets` must have two classes in `train`, got one")
    ngrams = NGrams.of(
        inputs[rows],
        orders=orders,
        vocabulary=int(inputs.max(initial=0)) + 1,
        padding_id=padding_id,
        least=least,
    )
    expect(ngrams.count > 0, "least", "small enough to leave an n-gram", least)
    features = ngrams.matrix(inputs[rows])
    ratio = nb_log_ratio(features, signs[rows], smoothing)
    return Counted(ngrams, features, signs, ratio)


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
