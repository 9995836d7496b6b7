"""Ridge regression on signs as a classifier, its penalty by leave-one-out."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import linalg

from seqconv_jax.baselines.linear import LinearModel

__all__ = ["PENALTIES", "RidgeClassifier", "ridge_classifier"]

PENALTIES = tuple(np.logspace(-3, 3, 10).tolist())


class RidgeClassifier(NamedTuple):
    """A linear model whose greatest output, or whose sign, is the class.

    Attributes:
        model: the weights.
        penalty: what they were found with.
        tried: the mean squared error of each penalty when each example is left out.
    """

    model: LinearModel
    penalty: float
    tried: Mapping[float, float]


def ridge_classifier(
    features: np.ndarray, signs: np.ndarray, penalties: Sequence[float] = PENALTIES
) -> RidgeClassifier:
    r"""Fit signs by ridge regression on standardised features, with a free constant.

    The penalty is that of the least squared error of examples, each by the model of all
    others. No model is fitted for that: with the eigenvectors $U$ and eigenvalues $s$
    of the matrix of products of the examples, $e_i / (1 - h_{ii})$ is that error, where
    $h = 1/n + \sum_k U_{ik}^2 s_k / (s_k + \lambda)$.

    Args:
        features: `(n, features)`, of which there may be many more than examples.
        signs: `(n, outputs)`, 1 for the examples of an output and -1 for all others.
        penalties: what to choose from, above 0.

    Reference:
        R. Rifkin and R. Lippert, *Notes on Regularized Least Squares*, 2007; as
        scikit-learn's `RidgeClassifierCV` has it.

    Example:
        >>> x = np.array([[0.0], [1.0], [2.0], [3.0]])
        >>> found = ridge_classifier(x, np.array([[-1], [-1], [1], [1]]))
        >>> np.sign(found.model(x)).ravel().tolist()
        [-1.0, -1.0, 1.0, 1.0]
    """
    x, y = np.array(features, np.float64), np.asarray(signs, np.float64)
    mean, std, bias = x.mean(axis=0), x.std(axis=0), y.mean(axis=0)
    std = np.where(std > 1e-12 * (1 + np.abs(mean)), std, 1.0)
    x -= mean
    x /= std
    y = y - bias
    count, width = x.shape
    if count <= width:
        values, vectors = linalg.eigh(x @ x.T)
        values = np.maximum(values, 0)
    else:
        values, turned = linalg.eigh(x.T @ x)
        values = np.maximum(values, 1e-30)
        vectors = x @ turned / np.sqrt(values)
    inner, weights = vectors.T @ y, vectors**2
    tried = {}
    for penalty in penalties:
        rates = values / (values + penalty)
        errors = y - vectors @ (rates[:, None] * inner)
        left = np.maximum(1 - 1 / count - weights @ rates, 1e-12)
        tried[penalty] = float(np.square(errors / left[:, None]).mean())
    best = min(tried, key=tried.__getitem__)
    duals = vectors @ (inner / (values + best)[:, None])
    kernel = (x.T @ duals) / std[:, None]
    return RidgeClassifier(LinearModel(kernel, bias - mean @ kernel), best, tried)
