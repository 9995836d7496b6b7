"""Linear classifiers of sparse features, solved to the end in float64."""

from typing import Any, Literal, NamedTuple

import numpy as np
from scipy import special
from scipy.sparse import linalg

from seqconv_jax._checks import UserError, expect, is_number, one_of

__all__ = ["LinearModel", "Loss", "linear_classifier"]

Loss = Literal["squared_hinge", "logistic"]
_TOLERANCE = 1e-4  # of the gradient at zero; scikit-learn's
_MOST_STEPS = 100


class LinearModel(NamedTuple):
    """A weight for each feature and output, and a constant.

    Attributes:
        kernel: `(features, outputs)` float64.
        bias: `(outputs,)` float64.
    """

    kernel: np.ndarray
    bias: np.ndarray

    def __call__(self, features: Any) -> np.ndarray:
        """Return `features @ kernel + bias`, `(n, outputs)` float64."""
        return features @ self.kernel + self.bias


def linear_classifier(
    features: Any,
    signs: np.ndarray,
    *,
    cost: float,
    loss: Loss = "squared_hinge",
    scale: np.ndarray | None = None,
    start: LinearModel | None = None,
) -> LinearModel:
    r"""Return the linear support-vector machine, or the logistic regression.

    For each output the minimum of $\tfrac12 (w^2 + b^2) + C \sum_i l(s_i (w x_i + b))$,
    of which there is one, with $l(m) = \max(0, 1 - m)^2$ or $\log(1 + e^{-m})$. These
    are LIBLINEAR's (scikit-learn's `LinearSVC`, and `LogisticRegression` with that
    solver): the constant is regularised like any weight.

    Args:
        features: `(n, features)`, a sparse or dense array.
        signs: `(n, outputs)`, 1 for the examples of an output and -1 for all others.
        cost: $C$; the smaller, the smaller the weights.
        loss: "squared_hinge" or "logistic".
        scale: `(features, outputs)` that the features of each output are multiplied
            with; the weights are those of the features as they came. None for ones.
        start: where to start the search, such as the minimum for another cost.

    Raises:
        UserError: for a cost that is not above 0, and where the minimum is not found.

    Reference:
        Fan et al., "LIBLINEAR", JMLR 9 (2008); by Newton's method with conjugate
        gradients, Lin et al., JMLR 9 (2008).

    Example:
        >>> x = np.array([[1.0, 0.0], [0.0, 1.0]])
        >>> model = linear_classifier(x, np.array([[1.0], [-1.0]]), cost=1.0)
        >>> model.kernel.round(3).ravel().tolist()
        [0.667, -0.667]
    """
    expect(is_number(cost) and 0 < float(cost) < 1e30, "cost", "above 0", cost)
    one_of("loss", loss, tuple(_LOSSES))
    squares = features.power(2) if hasattr(features, "power") else features**2
    count = features.shape[1]
    ones = np.ones((count, signs.shape[1]))
    scale = ones if scale is None else scale
    kernel, bias = np.zeros(scale.shape), np.zeros(signs.shape[1])
    for k, sign in enumerate(signs.T.astype(np.float64)):
        problem = _Problem(features, squares, scale[:, k], sign, float(cost), loss)
        weights = np.zeros(count + 1)
        if start is not None:
            used = scale[:, k] != 0
            np.divide(start.kernel[:, k], scale[:, k], weights[:-1], where=used)
            weights[-1] = start.bias[k]
        weights = problem.minimum(weights)
        kernel[:, k], bias[k] = weights[:-1] * scale[:, k], weights[-1]
    return LinearModel(kernel, bias)


class _Problem(NamedTuple):
    """The minimum of one output; the last weight is the constant."""

    features: Any
    squares: Any
    scale: np.ndarray
    sign: np.ndarray
    cost: float
    loss: Loss

    def minimum(self, weights: np.ndarray) -> np.ndarray:
        value_of, slope_of, curvature_of = _LOSSES[self.loss]
        flat = slope_of(np.zeros(len(self.sign)))
        enough = _TOLERANCE * np.linalg.norm(self._back(self.sign * flat))
        margin = self.sign * self._forth(weights)

        def height(weights: np.ndarray, margin: np.ndarray) -> float:
            return float(0.5 * weights @ weights + self.cost * value_of(margin).sum())

        value = height(weights, margin)
        for _ in range(_MOST_STEPS):
            gradient = weights + self._back(self.sign * slope_of(margin))
            if np.linalg.norm(gradient) <= enough:
                return weights
            step = self._newton_step(gradient, curvature_of(margin))
            change, slope, rate = self.sign * self._forth(step), gradient @ step, 1.0
            while True:
                tried, reached = weights + rate * step, margin + rate * change
                lower = height(tried, reached)
                if lower <= value + 1e-4 * rate * slope or rate < 1e-9:
                    break
                rate /= 2
            weights, margin, value = tried, reached, lower
        raise UserError(
            f"`cost` must be small enough for the minimum to be found in {_MOST_STEPS} "
            f"steps, got {self.cost}"
        )

    def _newton_step(self, gradient: np.ndarray, curvature: np.ndarray) -> np.ndarray:
        operator: Any = linalg.LinearOperator  # whose stub knows only a subclass's call
        shape = (len(gradient),) * 2
        diagonal = self.scale**2 * (self.squares.T @ curvature)
        diagonal = 1 + self.cost * np.append(diagonal, curvature.sum())
        hessian = operator(
            shape, matvec=lambda v: v + self._back(curvature * self._forth(v))
        )
        nearly = operator(shape, matvec=lambda v: v / diagonal)
        return linalg.cg(hessian, -gradient, rtol=0.1, M=nearly)[0]

    def _forth(self, weights: np.ndarray) -> np.ndarray:
        weights = np.ravel(weights)
        return self.features @ (self.scale * weights[:-1]) + weights[-1]

    def _back(self, of_each: np.ndarray) -> np.ndarray:
        sums = self.scale * (self.features.T @ of_each)
        return self.cost * np.append(sums, of_each.sum())


def _hinge(margin: np.ndarray) -> np.ndarray:
    return np.maximum(1 - margin, 0)


# of a margin: the loss, its slope and its curvature
_LOSSES = {
    "squared_hinge": (
        lambda margin: _hinge(margin) ** 2,
        lambda margin: -2 * _hinge(margin),
        lambda margin: 2.0 * (margin < 1),
    ),
    "logistic": (
        lambda margin: np.logaddexp(0, -margin),
        lambda margin: -special.expit(-margin),
        lambda margin: special.expit(margin) * special.expit(-margin),
    ),
}
