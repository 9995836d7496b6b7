"""Estimators learn, answer in their classes or unit, and say what is wrong."""

import subprocess
import sys

import numpy as np
import pytest

import seqconv_jax as sc
from seqconv_jax import UserError

WAVE = np.sin(np.arange(80) / 3)


def test_a_series_of_several_features_and_a_model_of_ones_own():
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 10, 2)) * [1, 500]
    y = np.array(["no", "yes", "perhaps"])[x[:, 3, 1].argsort().argsort() // 20]
    model = sc.nn.Sequential((sc.nn.BatchNorm(), sc.nn.Flatten(), sc.nn.Dense(3)))
    made = sc.estimators.SequenceClassifier(
        model, epochs=40, validation=0.1, random_state=0
    ).fit(x, y)
    table = made.predict_proba(x)
    assert made.classes_.tolist() == ["no", "perhaps", "yes"] and made.score(x, y) > 0.8
    np.testing.assert_allclose(table.sum(axis=1), 1)
    assert (made.classes_[table.argmax(axis=1)] == made.predict(x)).all()
    assert {"loss", "val_loss", "val_accuracy"} <= made.history_[-1].keys()
    # Each row alone is as among the others: batches have one size.
    np.testing.assert_array_equal(made.predict_proba(x[:1]), table[:1])
    with pytest.raises(ValueError, match="X must have 3 axes, got 2"):
        made.predict(x[:, :, 0])


def test_several_steps_in_their_unit_and_the_same_again():
    sklearn = pytest.importorskip("sklearn.base")
    x = np.lib.stride_tricks.sliding_window_view(100 + 5 * WAVE[:-2], 8)
    y = np.stack([100 + 5 * WAVE[8:-1], -WAVE[9:]], axis=1)[: len(x)]
    made = sc.estimators.SequenceForecaster(epochs=30, random_state=1).fit(x, y)
    got = made.predict(x)
    assert got.shape == y.shape and made.score(x, y) > 0.9
    assert abs(got[:, 0].mean() - 100) < 2
    again = sklearn.clone(made).fit(x, y)
    np.testing.assert_array_equal(again.predict(x), got)
    assert made.get_params()["epochs"] == 30
    assert made.set_params(epochs=3).epochs == 3


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros((4, 2, 2, 2)), [0, 1, 0, 1], "array with dim 4, expected"),
        (np.zeros((4, 3)), [1, 1, 1, 1], "y must have at least 2 classes, got one cl"),
        (np.zeros((4, 3)), [0.1, 0.2, 0.3, 0.4], "Unknown label type: continuous"),
    ],
)
def test_what_cannot_be_learnt(x, y, message):
    pytest.importorskip("sklearn")
    with pytest.raises(ValueError, match=message):
        sc.estimators.SequenceClassifier().fit(x, y)


def test_a_setting_that_is_none():
    pytest.importorskip("sklearn")
    with pytest.raises(UserError, match="`epochs` must be a positive integer, got 0"):
        sc.estimators.SequenceClassifier(epochs=0).fit(np.eye(4), [0, 1, 0, 1])


def test_without_scikit_learn_one_line_says_what_to_install():
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import seqconv_jax as sc\n"
        "try: sc.estimators.SequenceClassifier\n"
        "except sc.UserError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "needs scikit-learn: pip install 'seqconv-jax[sklearn]'" in done.stdout
