"""Ranks and margins against sorting by hand, and the guarantee by simulation."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from seqconv_jax import UserError, conformal


@pytest.mark.parametrize("count", [9, 10, 19, 99, 100, 999])
@pytest.mark.parametrize("percent", [50, 55, 58, 70, 90])
def test_the_rank_is_the_smallest_that_is_enough(count, percent):
    rank = conformal.conformal_rank(count, percent / 100)
    assert Fraction(rank, count + 1) >= Fraction(percent, 100)
    assert Fraction(rank - 1, count + 1) < Fraction(percent, 100)


@pytest.mark.parametrize(("level", "least"), [(0.9, 9), (0.95, 19), (0.99, 99)])
def test_too_few_examples_are_refused(level, least):
    assert conformal.conformal_rank(least, level) == least
    message = f"`level` = {level:g} needs at least {least} examples to calibrate on, "
    with pytest.raises(UserError, match=f"{message}got {least - 1}"):
        conformal.conformal_rank(least - 1, level)
    wrong: Any
    for wrong in (0, 1, 90, True, "0.9", float("nan")):
        with pytest.raises(UserError, match="`level` must be a number between 0 and"):
            conformal.conformal_rank(1000, wrong)


def test_each_output_has_the_margin_of_its_own_scores():
    scores = np.random.default_rng(0).normal(size=(40, 3)) * [1, 10, 100]
    rank = conformal.conformal_rank(40, 0.8)
    want = np.sort(scores, axis=0)[rank - 1]
    assert conformal.conformal_margins(scores, 0.8).tolist() == want.tolist()
    with pytest.raises(UserError, match="`scores` must be finite"):
        conformal.conformal_margins(np.full((40, 1), np.nan), 0.8)


def test_coverage_lies_between_the_level_and_its_upper_limit():
    """Over many calibrations of 19 exchangeable scores: 0.9 to 0.9 + 1 / 20."""
    rng = np.random.default_rng(1)
    scores = rng.standard_cauchy(size=(19, 40_000))
    new = rng.standard_cauchy(size=40_000)
    inside = (new <= conformal.conformal_margins(scores, 0.88)).mean()
    assert inside == pytest.approx(18 / 20, abs=0.005)  # the rank is 18 of 20


def test_scores_of_quantiles_are_how_far_outside():
    truth = np.array([[0.0, 3.0], [1.0, -1.0]])
    low, high = np.full((2, 2), 0.5), np.full((2, 2), 2.0)
    found = conformal.quantile_scores(low, high, truth)
    assert found.tolist() == [[0.5, 1.0], [-0.5, 1.5]]
    with pytest.raises(UserError, match=r"`truth` must be of shape \(2, 2\), got"):
        conformal.quantile_scores(low, high, truth[:1])
