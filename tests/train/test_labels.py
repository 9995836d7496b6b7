"""Targets that are labels of another kind than the scores take raise."""

from functools import partial
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
import pytest
from flax import linen

from seqconv_jax import UserError, data, losses, optim, train
from seqconv_jax.data.classes import Classes

ROWS = np.arange(12, dtype=np.int32)
X = np.random.default_rng(0).normal(size=(12, 4, 2)).astype(np.float32)
NUMBERS = (ROWS % 3)[:, None]
ONE_HOT = np.eye(3, dtype=np.float32)[NUMBERS[:, 0]]
MANY = (np.arange(36).reshape(12, 3) % 2).astype(np.float32)
CATEGORICAL: Any = {
    "loss": losses.categorical_cross_entropy,
    "metrics": {"accuracy": losses.categorical_accuracy},
}
BINARY = {
    "loss": losses.binary_cross_entropy,
    "metrics": {"accuracy": losses.accuracy},
}
SEVERAL = {
    "loss": partial(losses.binary_cross_entropy, several=True),
    "metrics": {"accuracy": partial(losses.accuracy, several=True)},
}


class Mean(linen.Module):
    outputs: int = 3

    @linen.compact
    def __call__(self, x, train=False):
        return linen.Dense(self.outputs)(x.mean(1))


def task(targets: Any, **changes: Any) -> data.Task:
    split = {"train": ROWS[:6], "validation": ROWS[6:9], "test": ROWS[9:]}
    return data.Task(inputs=X, targets=targets, **{**split, **changes})


def fit(targets, scores, outputs=3, epochs: Any = 1, **changes):
    return train.fit(
        Mean(outputs),
        task(targets, **changes),
        optimizer=optim.rmsprop(1e-2),
        epochs=epochs,
        batch_size=6,
        **scores,
    )


@pytest.mark.parametrize(
    "targets, scores, message",
    [
        (
            NUMBERS.astype(np.float32),
            BINARY,
            r"from 0 to 1, .* from 0.0 to 2.0 in rows of `task.train`; classes 0, 1, 2,"
            r" ... are for losses.categorical_cross_entropy and categorical_accuracy",
        ),
        (NUMBERS, SEVERAL, "labels from 0 to 1, .* got numbers from 0 to 2"),
        (ONE_HOT, BINARY, "got one of 3 classes in every row; give losses.categorical"),
        (
            ONE_HOT,
            {"loss": losses.mse, "metrics": {"accuracy": losses.accuracy}},
            r"several are meant: functools.partial\(losses.accuracy, several=True\)",
        ),
        (
            ONE_HOT.astype(int),
            {"loss": losses.mse, "metrics": {"a": jax.jit(losses.accuracy)}},
            "got one of 3 classes in every row",
        ),
        (NUMBERS + 1, CATEGORICAL, "classes from 0 to 2, since `model` has 3 outputs"),
        (NUMBERS - 1, CATEGORICAL, "got numbers from -1 to 1 in rows of `task.train`"),
        (
            np.where(ROWS[:, None] == 7, 9, NUMBERS),
            CATEGORICAL,
            "got numbers from 0 to 9 in rows of `task.validation`",
        ),
        (
            NUMBERS.astype(np.float32),
            CATEGORICAL,
            r"integers, .* got float32; targets.astype\(np.int32\) makes them",
        ),
        (MANY, CATEGORICAL, r"one-hot, .* got \[1.0, 0.0, 1.0\] \(3 of 6 rows"),
        (
            2 * ONE_HOT - 0.5,
            CATEGORICAL,
            r"sum to 1, .*, got \[1.5, -0.5, -0.5\] \(6 of 6 rows of `task.train`\)",
        ),
    ],
)
def test_labels_of_another_kind(targets, scores, message):
    with pytest.raises(UserError, match=f"`task.targets` must be.*{message}"):
        fit(targets, scores)


def passes(targets, scores, **changes):
    """Whether `fit` gets as far as its next argument."""
    with pytest.raises(UserError, match="`epochs`"):
        fit(targets, scores, epochs=0, **changes)
    return True


def test_several_labels_are_meant_or_known():
    assert passes(ONE_HOT, SEVERAL)
    assert passes(MANY, BINARY)  # no classes: a row has none, or two
    classes = Classes(("a", "b", "c"), several=True)
    made_by: Any = SimpleNamespace(classes=classes)
    assert passes(ONE_HOT, BINARY, preprocessor=made_by)
    one_column = (MANY[:, :1] > 0).astype(np.float32)
    assert passes(one_column, BINARY, outputs=1)
    assert passes(one_column.astype(np.int32), CATEGORICAL)
    smoothed = 0.9 * ONE_HOT + 0.1 / 3
    assert passes(smoothed, CATEGORICAL) and passes(smoothed, BINARY)


def test_scoring_looks_at_labels_as_well():
    params = Mean().init(jax.random.key(0), X[:1])["params"]
    scores = {"accuracy": losses.accuracy}
    with pytest.raises(UserError, match="got one of 3 classes in every row"):
        train.evaluate(Mean(), params, task(ONE_HOT), ROWS, scores)
    train.predict(Mean(), params, task(ONE_HOT), ROWS)  # looks at no target


def test_three_classes_train_with_weights_and_score_one_hot_alike():
    weights = data.class_weights(NUMBERS, {0: 1.0, 1: 2.0, 2: 0.5})
    result = fit(NUMBERS, CATEGORICAL, epochs=2, weights=weights)
    scores = {"loss": losses.categorical_cross_entropy, **CATEGORICAL["metrics"]}
    given = task(ONE_HOT)
    got = train.evaluate(Mean(), result.best.params, given, given.validation, scores)
    for name, value in got.items():
        assert value == pytest.approx(result.best.record[f"val_{name}"], rel=1e-6)
