"""Runs that differ by their seed alone: their folders, and what they say together."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Interval(NamedTuple):
    """A mean and the 95 % interval around it; without one, where one value is all."""

    mean: float
    low: float | None
    high: float | None


def mean_interval(values: Sequence[float]) -> Interval:
    """Return the mean of some seeds' scores and its 95 % interval by Student's t.

    `mean ± t(0.975, n - 1) s / sqrt(n)`, the seeds taken as a sample of all seeds.

    Example:
        >>> [round(each, 4) for each in mean_interval([1.0, 2.0, 3.0])]
        [2.0, -0.4841, 4.4841]
    """
    mean = statistics.fmean(values)
    if len(values) < 2:
        return Interval(mean, None, None)
    from scipy.special import stdtrit

    spread = statistics.stdev(values) / math.sqrt(len(values))
    half = float(stdtrit(len(values) - 1, 0.975)) * spread
    return Interval(mean, mean - half, mean + half)


def seed_folder(seed: int) -> str:
    """Return the name of the folder of a seed's run."""
    return f"seed-{seed}"


def seeds_summary(
    scores: Mapping[int, Mapping[str, Any]], without: Mapping[int, str]
) -> dict[str, Any]:
    """Return what the runs of several seeds say together, as their summary.

    Args:
        scores: by seed, what its run ended with; what is no number is left out.
        without: by seed, why its run has no scores.

    Example:
        >>> summary = seeds_summary({0: {"test_mae": 1.0}, 1: {"test_mae": 3.0}}, {})
        >>> summary["seeds"], summary["scores"]["test_mae"]["mean"]
        ([0, 1], 2.0)
    """
    numbers = [
        {name: value for name, value in each.items() if _is_number(value)}
        for each in scores.values()
    ]
    shared = [name for name in (numbers or [{}])[0] if all(name in n for n in numbers)]
    found = {name: [float(each[name]) for each in numbers] for name in shared}
    return {
        "seeds": list(scores),
        "without_scores": {str(seed): why for seed, why in without.items()},
        "scores": {
            name: {**mean_interval(values)._asdict(), "values": values}
            for name, values in found.items()
        },
    }


def _is_number(value: Any) -> bool:
    kind = isinstance(value, (int, float)) and not isinstance(value, bool)
    return kind and math.isfinite(value)
