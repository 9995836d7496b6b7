"""New series through the preprocessor of a task."""

import json

import numpy as np
import pytest

from seqconv_jax import UserError
from seqconv_jax.data import LabelledSeries, classification_task
from seqconv_jax.data.preprocessor import preprocessor_of

X = np.random.default_rng(0).normal(size=(6, 4, 2))
EQUAL = classification_task(X, list("abcabc"))
UNEQUAL = classification_task([x[: 2 + i % 3] for i, x in enumerate(X)], list("ababab"))


@pytest.mark.parametrize("task", [EQUAL, UNEQUAL])
def test_settings_are_json_and_give_the_same_numbers(task):
    settings = json.loads(json.dumps(task.preprocessor.settings(), allow_nan=False))
    made = preprocessor_of(settings)
    assert made == task.preprocessor and settings["kind"] == "series"
    bare = [x[:length] for x, length in zip(X, task.lengths, strict=True)]
    again = made.task(bare)
    np.testing.assert_array_equal(again.inputs, task.inputs)
    assert again.test.tolist() == list(range(6)) and np.isnan(again.targets).all()


def test_labels_where_they_are_scored():
    task = UNEQUAL.preprocessor.task((X[:2, :3], ["b", "a"]), targets=True)
    assert task.targets.tolist() == [[1.0], [0.0]]
    with pytest.raises(UserError, match="must have labels"):
        UNEQUAL.preprocessor.task(X[:2], targets=True)


def test_longer_series_than_in_training():
    assert UNEQUAL.preprocessor.task([X[0], np.ones((9, 2))]).inputs.shape == (2, 9, 2)


def test_answers_are_names_and_probabilities():
    table = EQUAL.preprocessor.answers(np.eye(3) * 50, EQUAL)
    assert table["label"].tolist() == ["a", "b", "c"]
    assert table["p(b)"].tolist() == pytest.approx([0, 1, 0])


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (X[..., :1], "must have 2 channels, as those of training, got 1"),
        (X[:, :3], "must have 4 steps, as those of training, got 3 in example 0"),
        ([], "`x` must be series"),
        (LabelledSeries.of(X * 1e20), "below 1e"),
    ],
)
def test_other_series(x, message):
    with pytest.raises(UserError, match=message):
        EQUAL.preprocessor.task(x)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scale": "x"}, "`scale`"),
        ({"std": [1.0, 0.0]}, "`std`"),
        ({"mean": None}, "`mean`"),
        ({"length": 0}, "`length`"),
        ({"unequal": "no"}, "`unequal`"),
        ({"classes": ["a"]}, "at least 2"),
        ({"more": 1}, "`settings`"),
    ],
)
def test_other_settings(change, message):
    with pytest.raises(UserError, match=message):
        preprocessor_of({**EQUAL.preprocessor.settings(), **change})


def test_a_file_of_other_channels(tmp_path):
    path = tmp_path / "p.ts"
    path.write_text("@classLabel false\n@data\n1,2,3,4\n")
    with pytest.raises(UserError, match="must have 2 channels"):
        EQUAL.preprocessor.read(path)
