"""Confusion and the rates of each class, against counting by hand."""

import numpy as np
import pytest

from seqconv_jax import UserError
from seqconv_jax.data import Classes, class_scores, confusion

THREE = Classes(("a", "b", "c"))
TRUTH, ANSWERS = [0, 0, 0, 1, 1], [0, 0, 1, 1, 0]


def test_confusion_and_rates():
    outputs, targets = np.eye(3)[ANSWERS], np.array(TRUTH)[:, None]
    assert confusion(THREE, outputs, targets).tolist() == [
        [2, 1, 0],
        [1, 1, 0],
        [0, 0, 0],
    ]
    scores = class_scores(THREE, outputs, targets)
    third = 2 / 3
    assert scores["a"] == {
        "precision": third,
        "recall": third,
        "f1": third,
        "examples": 3,
    }
    nothing = dict.fromkeys(("precision", "recall", "f1"))
    assert scores["c"] == {**nothing, "examples": 0}


def test_several_labels_count_each_by_itself():
    classes = Classes(("a", "b"), several=True)
    targets = np.array([[1, 1], [0, 1], [0, 0]], float)
    outputs = np.array([[3, 3], [3, -3], [-3, -3]], float)
    scores = class_scores(classes, outputs, targets)
    assert scores["a"] == {
        "precision": 0.5,
        "recall": 1.0,
        "f1": 2 / 3,
        "examples": 1,
    }
    assert scores["b"]["precision"] == 1.0 and scores["b"]["recall"] == 0.5
    with pytest.raises(UserError, match="one an example"):
        confusion(classes, outputs, targets)
