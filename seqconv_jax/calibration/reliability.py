"""How often answers are right, beside how sure they are: bins, and their error."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from seqconv_jax._checks import UserError, expect, one_of, positive_int

__all__ = ["Binning", "Reliability", "expected_calibration_error", "reliability"]

Binning = Literal["width", "mass"]


@dataclass(frozen=True, eq=False)
class Reliability:
    """Answers in bins of how sure they are; empty bins are left out.

    Attributes:
        edges: `(bins, 2)` the lower and the upper end of each.
        confidence: `(bins,)` how sure its answers are, on average.
        accuracy: `(bins,)` how many of them are right, in [0, 1].
        counts: `(bins,)` int64, how many there are.
    """

    edges: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray
    counts: np.ndarray

    @property
    def error(self) -> float:
        """The expected calibration error: the mean gap, weighted by the counts."""
        gaps = np.abs(self.accuracy - self.confidence)
        return float((gaps * self.counts).sum() / self.counts.sum())

    @property
    def largest_error(self) -> float:
        """The gap of the worst bin."""
        return float(np.abs(self.accuracy - self.confidence).max())


def reliability(
    confidence: Any, right: Any, *, bins: int = 15, binning: Binning = "width"
) -> Reliability:
    """Return how often answers are right, in bins of how sure they are.

    Args:
        confidence: `(n,)` the probability of each answer; see `answer_confidence`.
        right: `(n,)` whether it is right.
        bins: how many.
        binning: of equal "width", from 0 to 1, or of equal "mass": as many answers in
            each, to one; those of equal confidence may then lie in two.

    Raises:
        UserError: for other shapes, numbers that are no probabilities, and no answers.

    Example:
        >>> found = reliability([0.95, 0.95, 0.55, 0.55], [True, False, True, False])
        >>> found.accuracy.tolist(), found.counts.tolist(), round(found.error, 3)
        ([0.5, 0.5], [2, 2], 0.25)
    """
    positive_int("bins", bins)
    one_of("binning", binning, ("width", "mass"))
    sure, hit = np.asarray(confidence, np.float64), np.asarray(right)
    fits = sure.ndim == 1 and len(sure) > 0 and hit.shape == sure.shape
    if not fits:
        raise UserError(
            "`confidence` and `right` must both have shape (n,), n at least 1, got "
            f"{sure.shape} and {hit.shape}"
        )
    inside = bool(((sure >= 0) & (sure <= 1)).all())  # NaN compares as false
    expect(inside, "confidence", "probabilities", "numbers outside [0, 1], or NaN")
    order = np.argsort(sure, kind="stable")
    sure, hit = sure[order], hit[order].astype(np.float64)
    if binning == "width":
        # (low, high], so that a probability of 1 lies in the last; 0 in the first
        upper = np.arange(1, bins + 1) / bins
        ends = np.searchsorted(sure, upper, side="right")
        low = np.arange(bins) / bins
    else:
        ends = np.round(np.linspace(0, len(sure), bins + 1)).astype(int)[1:]
        low = upper = np.zeros(bins)
    starts = np.concatenate([[0], ends[:-1]])
    filled = np.flatnonzero(ends > starts)
    starts, ends = starts[filled], ends[filled]
    if binning == "width":
        edges = np.stack([low[filled], upper[filled]], axis=1)
    else:
        edges = np.stack([sure[starts], sure[ends - 1]], axis=1)
    counts = ends - starts
    return Reliability(
        edges=edges,
        confidence=np.add.reduceat(sure, starts) / counts,
        accuracy=np.add.reduceat(hit, starts) / counts,
        counts=counts,
    )


def expected_calibration_error(
    confidence: Any, right: Any, *, bins: int = 15, binning: Binning = "width"
) -> float:
    r"""Return $\sum_b \frac{n_b}{n} |a_b - c_b|$, the mean gap of the bins.

    $a_b$ is the rate of right answers of a bin, $c_b$ how sure they are on average. The
    number depends on the bins, and of few examples it is too large by chance.

    Args:
        confidence: as in `reliability`.
        right: as in `reliability`.
        bins: as in `reliability`.
        binning: as in `reliability`.

    Reference:
        C. Guo et al., "On Calibration of Modern Neural Networks", arXiv:1706.04599; of
        equal mass, J. Nixon et al., arXiv:1904.01685.

    Example:
        >>> expected_calibration_error([0.75] * 4, [True, True, True, False])
        0.0
    """
    return reliability(confidence, right, bins=bins, binning=binning).error
