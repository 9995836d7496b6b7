"""One number that makes a classifier as sure as it is right."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from scipy import optimize, special

from seqconv_jax._checks import UserError, expect, is_number
from seqconv_jax.calibration.confidence import labels_of_targets
from seqconv_jax.data.classes import Classes

__all__ = ["Temperature", "fit_temperature", "negative_log_likelihood"]

_LOG_LIMIT = np.log(1e3)


@dataclass(frozen=True)
class Temperature:
    """What the logits of a classifier are divided by.

    No answer changes: the order of the classes is kept, and so is the sign of a logit.

    Attributes:
        value: above 1 for a classifier that was too sure.
        count: how many examples it was fitted on.
        before: their negative log likelihood with the logits as they were.
        after: with the logits divided.
    """

    value: float
    count: int
    before: float
    after: float

    def __call__(self, outputs: Any) -> np.ndarray:
        """Return logits divided by the temperature, `(n, outputs)` float64."""
        return np.asarray(outputs, np.float64) / self.value

    def settings(self) -> dict[str, Any]:
        """Return what `from_settings` makes an equal one of: strict JSON."""
        return asdict(self)

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Return the temperature that has these settings.

        Raises:
            UserError: for settings that none has.
        """
        try:
            made = cls(**settings)
        except TypeError as error:
            raise UserError(
                f"`settings` must be those of a temperature: {error}"
            ) from (error)
        fits = is_number(made.value) and 0 < made.value < np.inf
        expect(fits, "value", "a number above 0", made.value)
        return made


def fit_temperature(classes: Classes, outputs: Any, targets: Any) -> Temperature:
    r"""Return the temperature of least negative log likelihood, $\min_T L(z / T)$.

    $L$ is convex in $1 / T$, so there is one minimum; scipy's bounded search finds it.

    Args:
        classes: what the outputs stand for.
        outputs: `(n, outputs)` logits of examples that trained nothing, such as those
            of validation.
        targets: `(n, ...)` as `Classes.targets` makes them.

    Raises:
        UserError: for other shapes, and where no temperature is best: all answers are
            right, or the logits say nothing.

    Reference:
        C. Guo et al., "On Calibration of Modern Neural Networks", arXiv:1706.04599.

    Example:
        >>> two = Classes(("bad", "good"))
        >>> logits = [[4.0]] * 10  # sure of 98 %
        >>> targets = [[1.0]] * 8 + [[0.0]] * 2  # and right in 80 %
        >>> found = fit_temperature(two, logits, targets)
        >>> round(found.value, 3), two.probabilities(found([[4.0]])).round(3).tolist()
        (2.885, [[0.2, 0.8]])
    """
    logits = np.asarray(outputs, np.float64)
    before = negative_log_likelihood(classes, logits, targets)

    def after(log_temperature: float) -> float:
        scaled = logits * np.exp(-log_temperature)
        return negative_log_likelihood(classes, scaled, targets)

    found: Any = optimize.minimize_scalar(
        after,
        bounds=(-_LOG_LIMIT, _LOG_LIMIT),
        method="bounded",
        options={"xatol": 1e-7},
    )
    if abs(found.x) > _LOG_LIMIT - 0.01:
        why = "every answer is right" if found.x < 0 else "the logits tell nothing"
        raise UserError(
            f"`outputs` must leave a temperature to find, got {len(logits):,} examples "
            f"of which {why}; take more of them"
        )
    return Temperature(float(np.exp(found.x)), len(logits), before, float(found.fun))


def negative_log_likelihood(classes: Classes, outputs: Any, targets: Any) -> float:
    """Return the mean of `-log p` of what is true, in nats.

    Where an example may have several labels, it is the mean over them as well.

    Args:
        classes: what the outputs stand for.
        outputs: `(n, outputs)` logits.
        targets: `(n, ...)` as `Classes.targets` makes them.

    Example:
        >>> two = Classes(("bad", "good"))
        >>> round(negative_log_likelihood(two, [[0.0]], [[1.0]]), 4)
        0.6931
    """
    logits = np.asarray(outputs, np.float64)
    fits = logits.ndim == 2 and logits.shape[1] == classes.outputs
    what = f"of shape (n, {classes.outputs})"
    expect(fits, "outputs", what, f"shape {logits.shape}")
    expect(bool(np.isfinite(logits).all()), "outputs", "finite", "NaN or infinity")
    truth = labels_of_targets(classes, targets, len(logits))
    if classes.several or classes.outputs == 1:
        signs = 2 * truth.reshape(logits.shape) - 1
        return float(-special.log_expit(signs * logits).mean())
    logs = special.log_softmax(logits, axis=1)
    return float(-np.take_along_axis(logs, truth[:, None], axis=1).mean())
