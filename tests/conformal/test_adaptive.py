"""Adaptive margins: a plain loop, causality, and coverage under drift."""

import numpy as np
import pytest

from seqconv_jax import UserError, conformal

RNG = np.random.default_rng(0)
BEFORE = np.abs(RNG.normal(size=(200, 2)))


def by_hand(before, scores, level, rate, delay):
    """One output, its errors told `delay` steps later."""
    known, count, alpha = sorted(before), len(before), 1 - level
    asked, margins, errors = alpha, [], []
    for step, score in enumerate(scores):
        if step >= delay:
            asked = asked + rate * (alpha - errors[step - delay])
        rank = int(np.ceil((count + 1) * (1 - asked) - 1e-9))
        margins.append(known[min(max(rank, 1), count) - 1])
        errors.append(float(score > margins[-1]))
    return margins


def test_it_is_the_loop_of_the_paper_with_errors_told_later():
    scores = np.abs(RNG.normal(scale=2, size=(60, 2)))
    found = conformal.adaptive_margins(
        BEFORE, scores, level=0.9, rate=0.05, delay=np.array([1, 7])
    )
    for output, delay in enumerate((1, 7)):
        want = by_hand(BEFORE[:, output], scores[:, output], 0.9, 0.05, delay)
        assert found[:, output].tolist() == want


def test_without_a_rate_margins_are_those_of_the_split():
    scores = np.abs(RNG.normal(size=(5, 2)))
    found = conformal.adaptive_margins(BEFORE, scores, rate=0.0)
    want = conformal.conformal_margins(BEFORE, 0.9)
    assert found.tolist() == [want.tolist()] * 5


def test_no_margin_knows_what_comes_later():
    scores = np.abs(RNG.normal(scale=2, size=(40, 2)))
    changed = scores.copy()
    changed[20:] = 1e9
    first, other = (
        conformal.adaptive_margins(BEFORE, each, rate=0.05, delay=3)
        for each in (scores, changed)
    )
    assert (first[:23] == other[:23]).all() and (first[23:] != other[23:]).any()


def test_a_growing_spread_is_followed():
    """What grows by half, within the reach of what calibration has seen."""
    spread = np.linspace(1, 1.5, 4000)[:, None]
    later = np.abs(RNG.normal(size=(4000, 2))) * spread
    before = np.abs(RNG.normal(size=(2000, 2)))
    fixed, adapted = (
        (later <= conformal.adaptive_margins(before, later, rate=rate)).mean()
        for rate in (0.0, 0.02)
    )
    assert fixed < 0.84 and adapted == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rate": 1}, "`rate` must be a number in"),
        ({"delay": 0}, "`delay` must be at least 1"),
        ({"level": 0.999}, "needs at least 999 examples"),
        ({"scores": np.zeros((3, 1))}, r"`scores` must be of shape \(n, 2\)"),
        ({"scores": np.full((3, 2), np.nan)}, "`scores` must be finite"),
    ],
)
def test_mistakes(changes, message):
    options = {"calibration": BEFORE, "scores": BEFORE[:3]} | changes
    with pytest.raises(UserError, match=message):
        conformal.adaptive_margins(**options)
