"""Folds as exact ranges, and what makes none."""

import pytest

from seqconv_jax import UserError
from seqconv_jax.backtesting import Fold, rolling_folds


def test_an_expanding_window():
    found = rolling_folds(100, test=10, validation=5, folds=3)
    assert found == [
        Fold(range(0, 65), range(65, 70), range(70, 80)),
        Fold(range(0, 75), range(75, 80), range(80, 90)),
        Fold(range(0, 85), range(85, 90), range(90, 100)),
    ]


def test_a_sliding_window_with_a_gap_and_a_stride():
    found = rolling_folds(
        100, test=10, validation=5, folds=2, stride=20, train=30, gap=2
    )
    assert found == [
        Fold(range(31, 61), range(63, 68), range(70, 80)),
        Fold(range(51, 81), range(83, 88), range(90, 100)),
    ]


@pytest.mark.parametrize("train", [None, 20])
@pytest.mark.parametrize("gap", [0, 3])
@pytest.mark.parametrize("stride", [None, 1, 25])
def test_parts_rise_and_never_overlap(train, gap, stride):
    for fold in rolling_folds(
        200, test=12, validation=7, folds=4, stride=stride, train=train, gap=gap
    ):
        assert fold.train.stop + gap == fold.validation.start
        assert fold.validation.stop + gap == fold.test.start
        assert (len(fold.validation), len(fold.test)) == (7, 12)
        assert train is None or len(fold.train) == train


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"folds": 9},
            "`folds` = 9 need 95 rows behind .* and 40 for that, got 100 in",
        ),
        ({"test": 0}, "`test` must be a positive integer, got 0"),
        ({"validation": 0}, "`validation` must be a positive integer, got 0"),
        ({"stride": 0}, "`stride` must be a positive integer, got 0"),
        ({"train": 0}, "`train` must be a positive integer, got 0"),
        ({"gap": -1}, "`gap` must be an integer of at least 0, got -1"),
    ],
)
def test_mistakes(changes, message):
    options = {"test": 10, "validation": 5, "folds": 2, "train": 40} | changes
    with pytest.raises(UserError, match=message):
        rolling_folds(100, **options)
