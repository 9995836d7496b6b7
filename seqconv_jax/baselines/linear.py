"""Linear classifiers of sparse features, solved to the end in float64."""

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

from seqconv_jax._checks import UserError

__all__ = ["LinearModel", "linear_svm"]

_TOLERANCE = 1e-4  # of the gradient at zero; scikit-learn's


class LinearModel(NamedTuple):
    """A weight for each feature and output, and a constant.

    Attributes:
        kernel: `(features, outputs)` float64.
        bias: `(outputs,)` float64.
    """

    kernel: np.ndarray
    bias: np.ndarray

    def outputs(self, features: Any) -> np.ndarray:
        """Return `features @ kernel + bias`, `(n, outputs)` float64."""
        return features @ self.kernel + self.bias


def linear_svm(
    features: sparse.csr_array, signs: np.ndarray, *, cost: float
) -> LinearModel:
    r"""Return the linear support-vector machine with squared hinge loss.

    For each output, the minimum of $\tfrac12 (w^2 + b^2) + C \sum_i \max(0, 1 - s_i
    (w x_i + b))^2$, of which there is one. It is LIBLINEAR's (and so scikit-learn's
    `LinearSVC`), the constant regularised like any weight.

    Args:
        features: `(n, features)`.
        signs: `(n, outputs)`, 1 for the examples of an output and -1 for all others.
        cost: $C$; the smaller, the smaller the weights.

    Raises:
        UserError: for features so large that the minimum is not found.

    Reference:
        Fan et al., "LIBLINEAR", JMLR 9 (2008).

    Example:
        >>> x = sparse.csr_array(np.array([[1.0, 0.0], [0.0, 1.0]]))
        >>> model = linear_svm(x, np.array([[1.0], [-1.0]]), cost=1.0)
        >>> model.kernel.round(3).ravel().tolist()
        [0.667, -0.667]
    """
    ones = sparse.csr_array(np.ones((features.shape[0], 1)))
    with_one = sparse.hstack([features, ones], format="csr")
    transposed = with_one.T.tocsr()
    table = np.stack(
        [_solve(with_one, transposed, sign, cost) for sign in signs.T.astype(float)],
        axis=1,
    )
    return LinearModel(table[:-1], table[-1])


def _solve(x, transposed, sign: np.ndarray, cost: float) -> np.ndarray:
    """Return the minimum by Newton's method: the loss is quadratic between kinks."""
    weights = np.zeros(x.shape[1])
    squares = transposed.power(2)
    slack = 1 - sign * (x @ weights)
    value, first = _value(weights, slack, cost), None
    for _ in range(100):
        inside = slack > 0
        gradient = weights - 2 * cost * (transposed @ (sign * slack * inside))
        size = np.linalg.norm(gradient)
        first = first or size
        if size <= _TOLERANCE * first:
            return weights

        def curvature(v, inside=inside):
            return v + 2 * cost * (transposed @ (inside * (x @ v)))

        shape = (len(weights),) * 2
        hessian = linalg.LinearOperator(shape, matvec=curvature)
        scale = 1 / (1 + 2 * cost * (squares @ inside.astype(float)))
        nearly = linalg.LinearOperator(shape, matvec=lambda v, scale=scale: scale * v)
        step, _ = linalg.cg(hessian, -gradient, rtol=0.1, M=nearly)
        change, slope, rate = -sign * (x @ step), gradient @ step, 1.0
        while True:
            tried = weights + rate * step
            reached = _value(tried, slack + rate * change, cost)
            if reached <= value + 1e-4 * rate * slope or rate < 1e-9:
                break
            rate /= 2
        weights, slack, value = tried, slack + rate * change, reached
    raise UserError(
        f"`cost` must be small enough for the minimum to be found, got {cost}"
    )


def _value(weights: np.ndarray, slack: np.ndarray, cost: float) -> float:
    hinge = np.maximum(slack, 0)
    return float(0.5 * weights @ weights + cost * hinge @ hinge)
