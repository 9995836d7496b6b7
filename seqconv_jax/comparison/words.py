"""Scores and differences as a person reads them."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqconv_jax._checks import expect, non_negative_int
from seqconv_jax.comparison.intervals import Interval, mean_spread

if TYPE_CHECKING:
    from seqconv_jax.comparison.result import Comparison

__all__ = ["describe", "format_score"]

_FEW = 10  # blocks


def format_score(
    scores: Sequence[float] | np.ndarray,
    *,
    digits: int | None = None,
    confidence: float = 0.95,
) -> str:
    """Return a mean with half of its t interval over seeds: what tables show.

    Args:
        scores: `(n,)`, of runs with other seeds.
        digits: behind the point; None for four that count.
        confidence: of the interval.

    Returns:
        `"0.2661 ± 0.0008 (5 seeds)"`; of one run, without an interval,
        `"0.2764 (1 run)"`.

    Raises:
        UserError: for no score, NaN and infinity.

    Example:
        >>> format_score([0.91, 0.92, 0.93]), format_score([0.2764])
        ('0.9200 ± 0.0248 (3 seeds)', '0.2764 (1 run)')
    """
    values = np.asarray(scores, np.float64)
    fits = values.ndim == 1 and len(values) > 0 and bool(np.isfinite(values).all())
    expect(fits, "scores", "finite, (n,)", scores)
    mean = float(values.mean())
    digits = _digits(mean) if digits is None else non_negative_int("digits", digits)
    spread = mean_spread(values, confidence=confidence, resamples=1)
    if spread is None:
        return f"{mean:.{digits}f} (1 run)"
    half = (spread.interval.high - spread.interval.low) / 2
    return f"{mean:.{digits}f} ± {half:.{digits}f} ({len(values)} seeds)"


def describe(result: "Comparison") -> str:
    """Return what a comparison found: the scores, the difference, what it means."""
    a, b = result.a, result.b
    digits = _digits(max(abs(a.mean), abs(b.mean)))
    scores = [
        f"{side.name} has {format_score(side.scores, digits=digits)}" for side in (a, b)
    ]
    direction = "higher" if result.higher_is_better else "lower"
    head = f"{result.metric} ({direction} is better): {', '.join(scores)}."
    return " ".join([head, _difference(result, digits), *_notes(result)])


def _difference(result: "Comparison", digits: int) -> str:
    a, b = result.a, result.b
    if result.difference == 0:
        lead, flip = f"The two have the same mean on {_tests(result)}", False
    else:
        flip = (result.difference < 0) == result.higher_is_better
        best = b.name if flip else a.name
        size = f"{abs(result.difference):.{digits}f}"
        lead = f"{best} is better by {size} on {_tests(result)}"
    # Intervals are of what the better side is better by.
    turn = (not result.higher_is_better) != flip
    found = [
        (result.over_seeds, "over seeds"),
        (result.over_examples, _over_examples(result)),
    ]
    parts = [
        f"{_range(-each if turn else each, digits)} {what}"
        for each, what in found
        if each is not None
    ]
    if not parts:
        return f"{lead}; no interval can be given."
    level = f"{100 * result.confidence:g} %"
    return f"{lead}; {level} interval {', '.join(parts)}. {_verdict(result)}"


def _verdict(result: "Comparison") -> str:
    known = [
        None if each is None else each.excludes_zero
        for each in (result.over_seeds, result.over_examples)
    ]
    seeds, examples = known
    if result.better is not None:
        if None not in known:
            return "The difference is real: neither seeds nor test examples explain it."
        if examples is None:
            return "Seeds do not explain the difference, on these test examples."
        return "The difference of these runs is real; nothing is known of other seeds."
    words = "They cannot be told apart"
    if seeds and examples is False:
        return (
            f"{words}: the difference holds for other seeds on these test examples, "
            "which are too few to tell for others."
        )
    if examples and seeds is False:
        return f"{words}: these runs differ, but runs of other seeds may not."
    return f"{words}."


def _notes(result: "Comparison") -> list[str]:
    found = []
    one = [side.name for side in (result.a, result.b) if len(side.scores) == 1]
    if len(one) == 1 and result.over_seeds is not None:
        found.append(f"{one[0]} is taken as it is, without a spread.")
    if len(one) == 2 and result.over_examples is None:
        found.append("One run a side, and no score of each example is known.")
    if result.paired:
        found.append("Runs of the same seed are paired.")
    if result.mcnemar is not None:
        count = len(result.mcnemar.p_values)
        pairs = f"{count} pairs of runs" if count > 1 else "the two runs"
        found.append(f"McNemar's test, {pairs}: p {_p_value(result.mcnemar.p_value)}.")
    if result.block and result.block > 1 and result.examples:
        blocks = result.examples / result.block
        if blocks < _FEW:
            found.append(f"The test set is only {blocks:.1f} blocks long.")
    return found


def _p_value(value: float) -> str:
    """Return a p-value; one of many zeros is no measurement.

    >>> _p_value(0.0312), _p_value(1.7e-195)
    ('= 0.031', '< 1e-6')
    """
    return "< 1e-6" if value < 1e-6 else f"= {value:.2g}"


def _tests(result: "Comparison") -> str:
    if result.examples is None:
        return "this test set"
    return f"{result.examples:,} test examples"


def _over_examples(result: "Comparison") -> str:
    if result.dependent:
        return f"over test examples (blocks of {result.block:,})"
    return "over test examples"


def _range(interval: Interval, digits: int) -> str:
    return f"{interval.low:.{digits}f} to {interval.high:.{digits}f}"


def _digits(score: float) -> int:
    """Return how many digits behind the point show four that count.

    >>> [_digits(each) for each in (0.2661, 1.5, 23.0, 0.0)]
    [4, 4, 2, 4]
    """
    if score == 0 or 0.1 <= abs(score) < 10:
        return 4
    return min(max(0, 3 - math.floor(math.log10(abs(score)))), 12)
