"""Bins against counting by hand, and errors that are known."""

import numpy as np
import pytest

from seqconv_jax import UserError, calibration
from seqconv_jax.data import Classes

RNG = np.random.default_rng(0)
SURE = RNG.uniform(0.3, 1, size=997)
RIGHT = RNG.uniform(size=997) < SURE**2


@pytest.mark.parametrize("bins", [1, 7, 15])
def test_bins_of_equal_width_are_those_of_the_paper(bins):
    want, total = 0.0, 0
    for b in range(bins):
        inside = (SURE > b / bins) & (SURE <= (b + 1) / bins)
        if inside.any():
            gap = abs(RIGHT[inside].mean() - SURE[inside].mean())
            want += inside.mean() * gap
            total += inside.sum()
    found = calibration.reliability(SURE, RIGHT, bins=bins)
    assert found.counts.sum() == total == 997
    assert found.error == pytest.approx(want, abs=1e-12)


@pytest.mark.parametrize("bins", [1, 7, 15, 2000])
def test_bins_of_equal_mass_differ_by_one(bins):
    found = calibration.reliability(SURE, RIGHT, bins=bins, binning="mass")
    assert found.counts.sum() == 997 and np.ptp(found.counts) <= 1
    assert (found.edges[:-1, 1] <= found.edges[1:, 0]).all()
    assert (found.accuracy * found.counts).sum() == pytest.approx(RIGHT.sum())
    error = calibration.expected_calibration_error(
        SURE, RIGHT, bins=bins, binning="mass"
    )
    assert error == found.error <= found.largest_error


def test_answers_as_often_right_as_they_say_have_hardly_an_error():
    sure = np.random.default_rng(1).uniform(0.5, 1, 200_000)
    right = np.random.default_rng(2).uniform(size=200_000) < sure
    assert calibration.expected_calibration_error(sure, right) < 0.005
    too_sure = calibration.expected_calibration_error(np.minimum(sure + 0.1, 1), right)
    assert too_sure == pytest.approx(0.09, abs=0.005)


def test_probabilities_of_0_and_1_lie_in_the_outer_bins():
    found = calibration.reliability([0.0, 1.0], [False, True], bins=10)
    assert found.edges.tolist() == [[0, 0.1], [0.9, 1.0]] and found.error == 0


def test_several_labels_are_answers_of_their_own():
    several = Classes(("a", "b"), several=True)
    logits, truth = [[2.0, -1.0], [0.5, 3.0]], [[1.0, 1.0], [1.0, 1.0]]
    sure, right = calibration.answer_confidence(several, logits, truth)
    assert right.tolist() == [True, False, True, True]
    assert sure == pytest.approx(1 / (1 + np.exp(-np.array([2, 1, 0.5, 3]))))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"right": [True]}, r"must both have shape \(n,\), n at least 1, got \(2,\)"),
        ({"confidence": [], "right": []}, "n at least 1"),
        ({"confidence": [0.5, 1.5]}, "`confidence` must be probabilities"),
        ({"confidence": [0.5, np.nan]}, "`confidence` must be probabilities"),
        ({"bins": 0}, "`bins` must be a positive integer"),
        ({"binning": "size"}, "`binning` must be one of 'width', 'mass'"),
    ],
)
def test_mistakes(changes, message):
    options = {"confidence": [0.5, 0.6], "right": [True, False]} | changes
    with pytest.raises(UserError, match=message):
        calibration.reliability(**options)
