"""Intervals that widen where they have lately missed: adaptive conformal inference."""

import numpy as np

from seqconv_jax._checks import expect, is_number, non_negative_int
from seqconv_jax.conformal.margins import check_level, conformal_rank

__all__ = ["adaptive_margins"]


def adaptive_margins(
    calibration: np.ndarray,
    scores: np.ndarray,
    *,
    level: float = 0.9,
    rate: float = 0.005,
    delay: np.ndarray | int = 1,
) -> np.ndarray:
    r"""Return the margin of each forecast in turn, from what is known when it is made.

    $\alpha_{t+1} = \alpha_t + \gamma (\alpha - e_t)$ for each output, where $e_t$ is 1
    if the interval of step $t$ missed and 0 if it held, $\alpha = 1 - L$, and the
    margin of step $t$ is that of the level $1 - \alpha_t$. What became of a forecast is
    known `delay` steps later only. Whatever the drift, the rate of misses then comes to
    $\alpha$ in the long run, as far as the scores of calibration reach: where more than
    the largest of them is asked for, the largest is taken.

    Args:
        calibration: `(m, outputs)` scores, of `absolute_scores` or `quantile_scores`.
        scores: `(n, outputs)` those of later examples, in order of time.
        level: $L$.
        rate: $\gamma$: 0 keeps the margins of `conformal_margins`; larger follows a
            drift sooner, and is less steady.
        delay: after how many examples the truth of a forecast is known, at least 1: for
            all outputs, or `(outputs,)` of each. Of a task whose windows follow each
            other it is `numpy.repeat(task.ahead_rows, targets)`.

    Returns:
        `(n, outputs)`; an example is inside where its score is at most its margin.

    Raises:
        UserError: for other shapes, too few scores, and options out of range.

    Reference:
        I. Gibbs and E. Candès, "Adaptive Conformal Inference Under Distribution Shift",
        arXiv:2106.00263.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> before = np.abs(rng.normal(size=(500, 1)))
        >>> later = np.abs(rng.normal(scale=1.5, size=(4000, 1)))
        >>> for rate in (0.0, 0.02):
        ...     margins = adaptive_margins(before, later, level=0.9, rate=rate)
        ...     print(f"{(later <= margins).mean():.3f}")
        0.679
        0.899
    """
    alpha = 1 - check_level(level)
    expect(is_number(rate) and 0 <= rate < 1, "rate", "a number in [0, 1)", rate)
    known = np.sort(np.asarray(calibration, np.float64), axis=0)
    scores = np.asarray(scores, np.float64)
    fits = scores.ndim == known.ndim == 2 and scores.shape[1] == known.shape[1]
    words = f"(n, {known.shape[-1]})"
    expect(fits, "scores", f"of shape {words}, as in calibration", scores.shape)
    finite = np.isfinite(known).all() and np.isfinite(scores).all()
    expect(bool(finite), "scores", "finite", "NaN or infinity")
    count, (length, outputs) = len(known), scores.shape
    delays = np.broadcast_to(delay, outputs)
    for each in np.unique(delays).tolist():
        expect(non_negative_int("delay", each) > 0, "delay", "at least 1", each)
    plain = conformal_rank(count, level)
    asked, margins = np.full(outputs, alpha), np.empty_like(scores)
    every, missed = np.arange(outputs), np.zeros_like(scores)
    for step in range(length):
        # The rank that was asked for is exact; the others need not be.
        rank = np.ceil((count + 1) * (1 - asked))
        rank = np.where(asked == alpha, plain, rank)
        at = np.clip(rank, 1, count).astype(int) - 1
        margins[step] = known[at, every]
        missed[step] = scores[step] > margins[step]
        told = step + 1 - delays  # whose truth is known before the next step
        errors = missed[np.maximum(told, 0), every]
        asked = np.where(told >= 0, asked + rate * (alpha - errors), asked)
    return margins
