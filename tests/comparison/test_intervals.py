"""Intervals over seeds against scipy.stats, and how often they hold the truth."""

import numpy as np
import pytest
from scipy import stats

from seqconv_jax import UserError
from seqconv_jax.comparison import Spread, difference_spread, mean_spread

A, B = np.array([2.0, 2.5, 1.5, 3.0, 2.2]), np.array([1.0, 1.9, 2.1, 1.4, 1.1])


def difference(*sides, **options) -> Spread:
    found = difference_spread(*sides, **options)
    assert found is not None
    return found


def close(spread, result, shift=0.0):
    low, high = result.confidence_interval(0.9)
    got = spread.interval.low + shift, spread.interval.high + shift
    np.testing.assert_allclose([*got, spread.p_value], [low, high, result.pvalue])


def test_student_and_welch_are_scipys():
    close(mean_spread(A, confidence=0.9), stats.ttest_1samp(A, 0.0))
    welch = stats.ttest_ind(A, B[:3], equal_var=False)
    close(difference_spread(A, B[:3], confidence=0.9), welch)
    paired = stats.ttest_rel(A, B)
    close(difference_spread(A, B, paired=True, confidence=0.9), paired)
    alone = stats.ttest_1samp(A, 1.7)
    close(difference_spread(A, [1.7], confidence=0.9), alone, shift=1.7)


def test_the_bootstrap_is_near_and_repeats():
    spread = difference(A, B)
    low, high = spread.bootstrap.low, spread.bootstrap.high
    width = spread.interval.high - spread.interval.low
    assert (high - low) == pytest.approx(width, rel=0.2)
    assert difference(A, B) == spread
    assert difference(A, B, seed=1).bootstrap != spread.bootstrap


def test_intervals_of_five_seeds_hold_the_truth():
    rng, held = np.random.default_rng(0), np.zeros(2)
    for _ in range(400):
        spread = mean_spread(rng.normal(size=5), resamples=1000)
        assert spread is not None
        both = spread.interval, spread.bootstrap
        held += [not each.excludes_zero for each in both]
    assert np.all(np.abs(held / 400 - 0.95) < 0.035)


def test_swapped_sides_are_negated():
    there, back = difference(A, B), difference(B, A)
    assert there.interval == -back.interval and there.p_value == back.p_value


def test_one_run_and_runs_that_do_not_spread():
    assert mean_spread([1.0]) is difference_spread([1.0], [2.0]) is None
    same = difference([1.0, 1.0], [0.5, 0.5, 0.5])
    assert same.interval.low == same.interval.high == 0.5 and same.p_value == 0
    with pytest.raises(UserError, match="`confidence` must be a number in"):
        mean_spread(A, confidence=95)
    with pytest.raises(UserError, match="`paired` must be False for sides"):
        difference_spread(A, B[:2], paired=True)
