"""Intervals of a mean over runs with other seeds, and of the difference of two."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import special

from seqconv_jax._checks import expect, is_number

__all__ = [
    "Interval",
    "Spread",
    "bootstrap_of_mean",
    "check_confidence",
    "difference_spread",
    "expanded_percentiles",
    "mean_spread",
]


@dataclass(frozen=True)
class Interval:
    """Where a number lies with some confidence.

    Attributes:
        low: its lower end.
        high: its upper end.
    """

    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether it lies above or below 0."""
        return self.low > 0 or self.high < 0

    def __neg__(self) -> "Interval":
        """Return the interval of the number with the other sign."""
        return Interval(-self.high, -self.low)


class Spread(NamedTuple):
    """What is known of a mean, or of a difference of two, from its runs.

    Attributes:
        interval: by Student's t distribution.
        bootstrap: by the bootstrap.
        p_value: how probable so large a number is where the true one is 0.
    """

    interval: Interval
    bootstrap: Interval
    p_value: float


def mean_spread(
    values: Sequence[float] | np.ndarray,
    *,
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> Spread | None:
    r"""Return the intervals of a mean: $\bar x \pm t_{n-1} s / \sqrt n$, and bootstrap.

    Args:
        values: `(n,)` the scores of runs with other seeds.
        confidence: of both intervals.
        resamples: how often the bootstrap draws.
        seed: of its draws.

    Returns:
        The intervals; None for fewer than two runs, which tell nothing of others.

    Example:
        >>> spread = mean_spread([1.0, 2.0, 3.0])
        >>> round(spread.interval.low, 3), round(spread.interval.high, 3)
        (-0.484, 4.484)
    """
    values = np.asarray(values, np.float64)
    if len(values) < 2:
        return None
    freedom = len(values) - 1.0
    error = _standard_error(values)
    draws = bootstrap_of_mean(values, resamples, np.random.default_rng(seed))
    return _spread(float(values.mean()), error, freedom, draws, confidence)


def difference_spread(
    a: Sequence[float] | np.ndarray,
    b: Sequence[float] | np.ndarray,
    *,
    paired: bool = False,
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> Spread | None:
    """Return the intervals of the difference of two means, a's less b's.

    Welch's, which lets the two spread differently; or, `paired`, that of the mean of
    the differences. A side of one run is taken as it is, as if it had no spread: so it
    is with what has no seed, such as a ridge regression.

    Args:
        a: `(n,)` scores of one side.
        b: `(m,)` scores of the other.
        paired: whether run i of a belongs to run i of b.
        confidence: of both intervals.
        resamples: how often the bootstrap draws.
        seed: of its draws.

    Returns:
        The intervals; None where both sides have one run.

    Reference:
        B. L. Welch, "The generalization of Student's problem when several different
        population variances are involved", Biometrika 34 (1947).

    Example:
        >>> spread = difference_spread([3.0, 4.0, 5.0], [1.0, 1.1, 1.2])
        >>> round(spread.interval.low, 2), round(spread.p_value, 4)
        (0.45, 0.0363)
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    options = {"confidence": confidence, "resamples": resamples, "seed": seed}
    if paired:
        expect(len(a) == len(b), "paired", "False for sides of other sizes", True)
        return mean_spread(a - b, **options)
    if len(a) < 2 and len(b) < 2:
        return None
    rng = np.random.default_rng(seed)
    errors = [_standard_error(side) for side in (a, b)]
    draws = bootstrap_of_mean(a, resamples, rng) - bootstrap_of_mean(b, resamples, rng)
    error = math.hypot(*errors)
    # Of a side of one run the error is 0, which leaves Student's own degrees.
    weighed = [
        (each / error) ** 4 / (len(side) - 1)
        for each, side in zip(errors, (a, b), strict=True)
        if each > 0
    ]
    freedom = 1 / sum(weighed) if weighed else math.inf
    return _spread(float(a.mean() - b.mean()), error, freedom, draws, confidence)


def bootstrap_of_mean(
    values: np.ndarray, resamples: int, rng: np.random.Generator
) -> np.ndarray:
    r"""Return `(resamples,)` means of draws with replacement, of the right spread.

    The plain bootstrap's is too small by $\sqrt{(n - 1) / n}$, which for five runs is a
    tenth; the deviations are widened by as much.
    """
    count = len(values)
    if count < 2:
        return np.full(resamples, values.mean())
    drawn = values[rng.integers(count, size=(resamples, count))].mean(axis=1)
    mean = values.mean()
    return mean + (drawn - mean) * math.sqrt(count / (count - 1))


def expanded_percentiles(
    draws: np.ndarray, freedom: float, confidence: float
) -> Interval:
    r"""Return the percentiles $\Phi(\pm t)$ of bootstrap draws.

    With $t$ the quantile of Student's distribution: of few runs, the plain percentiles
    make an interval that is too short, as $\pm 1.96$ standard errors are.

    Args:
        draws: `(resamples,)`, of the right spread.
        freedom: the degrees of freedom of $t$.
        confidence: of the interval.

    Reference:
        T. Hesterberg, "What Teachers Should Know About the Bootstrap", arXiv
        1411.5279, section 4.1.
    """
    tail = float(special.ndtr(_quantile(freedom, (1 - confidence) / 2)))
    low, high = np.quantile(draws, [tail, 1 - tail])
    return Interval(float(low), float(high))


def check_confidence(confidence: float) -> float:
    """Return a confidence that lies between 0 and 1."""
    inside = is_number(confidence) and 0 < confidence < 1
    expect(inside, "confidence", "a number in (0, 1), such as 0.95", confidence)
    return float(confidence)


def _spread(
    mean: float, error: float, freedom: float, draws: np.ndarray, confidence: float
) -> Spread:
    check_confidence(confidence)
    if error == 0:  # every run has the same score
        same = Interval(mean, mean)
        return Spread(same, same, 1.0 if mean == 0 else 0.0)
    half = -_quantile(freedom, (1 - confidence) / 2) * error
    p_value = 2 * float(special.stdtr(freedom, -abs(mean) / error))
    bootstrap = expanded_percentiles(draws, freedom, confidence)
    return Spread(Interval(mean - half, mean + half), bootstrap, p_value)


def _quantile(freedom: float, level: float) -> float:
    if math.isinf(freedom):
        return float(special.ndtri(level))
    return float(special.stdtrit(freedom, level))


def _standard_error(values: np.ndarray) -> float:
    if len(values) < 2 or (values == values[0]).all():
        return 0.0
    return float(values.std(ddof=1)) / math.sqrt(len(values))
