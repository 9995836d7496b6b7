"""Tasks of labelled series: scale, padding, splits, baselines."""

import numpy as np
import pytest

from seqconv_jax import UserError
from seqconv_jax.data import (
    PADDING,
    classification_task,
    load_classification,
)
from seqconv_jax.data.classification import nearest_neighbour

RNG = np.random.default_rng(0)
X = RNG.normal(3, 2, (12, 5, 2))
Y = list("aabbbbccccaa")


def test_each_series_by_its_own_scale():
    task = classification_task(X, Y, scale="series")
    np.testing.assert_allclose(task.inputs.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(task.inputs.std(axis=1), 1, atol=1e-5)
    assert task.inputs.dtype == np.float32 and task.mask_value is None
    assert task.targets.dtype == np.int32 and task.targets.shape == (12, 1)


def test_channels_by_the_training_series_alone():
    other = X[:2] + 1e6
    task = classification_task(X, Y, test=(other, ["a", "b"]), validation=0.25)
    train = X[task.train].reshape(-1, 2)
    expected = (X - train.mean(axis=0)) / train.std(axis=0)
    np.testing.assert_allclose(task.inputs[:12], expected, rtol=1e-5, atol=1e-5)
    again = classification_task(X, Y, test=(other * 9, ["a", "b"]), validation=0.25)
    np.testing.assert_array_equal(task.inputs[:12], again.inputs[:12])


def test_a_flat_series_is_zeros():
    task = classification_task([[5.0, 5, 5], [1.0, 2, 3]], ["a", "b"])
    assert task.inputs[0].tolist() == [[0], [0], [0]]


def test_several_lengths_are_padded_behind():
    task = classification_task([[1.0, 3], [1.0, 2, 3, 4]], [0, 1])
    assert task.inputs[0, :, 0].tolist() == [-1, 1, *[np.float32(PADDING)] * 2]
    assert task.mask_value == PADDING and task.lengths.tolist() == [2, 4]
    assert task.targets.tolist() == [[0.0], [1.0]]


def test_missing_values():
    x = [[1.0, np.nan, 3.0, np.nan], [np.nan, 2.0, 2.0, 0.0]]
    with pytest.raises(UserError, match="example 0 has 1 missing values.*interpolate"):
        classification_task(x, [0, 1])
    task = classification_task(x, [0, 1], missing="interpolate", scale="none")
    assert task.inputs[0, :3, 0].tolist() == [1, 2, 3] and task.lengths[0] == 3
    assert task.inputs[1, :, 0].tolist() == [2, 2, 2, 0]


def test_splits_keep_the_classes():
    task = classification_task(X, Y, test=0.25, validation=0.25, seed=3)
    everything = np.concatenate([task.train, task.validation, task.test])
    assert sorted(everything) == list(range(12))
    assert task.counts("test") == task.counts("validation") == {"a": 1, "b": 1, "c": 1}
    again = classification_task(X, Y, test=0.25, validation=0.25, seed=3)
    np.testing.assert_array_equal(task.test, again.test)


def test_baselines():
    task = classification_task(X[:4], list("aaab"), test=(X[[0, 3]] + 1e-3, ["a", "b"]))
    assert task.baseline() == 0.5 and task.neighbour_baseline() == 1.0
    assert task.repeated() == 0
    assert classification_task(X[:2], ["a", "b"], test=(X[:1], ["a"])).repeated() == 1
    short, long = np.arange(3.0)[:, None], np.arange(9.0)[:, None] / 4
    assert nearest_neighbour([np.zeros((9, 1)), long], [short]).tolist() == [1]


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (X, Y[:3], {}, "a label for each of 12 series, got 3"),
        (X, None, {}, "`y` must be labels"),
        (X, [None] * 12, {}, "a label for each series, got 'None' for example 0"),
        (X, np.eye(12), {}, r"shape \(n,\).*argmax"),
        (X, ["a"] * 12, {}, "at least 2 classes"),
        ([[1.0], ["u"]], [0, 1], {}, "example 1 must hold numbers"),
        ([[1.0], [[1.0, 2.0]]], [0, 1], {}, "1 channels in each.*2 in example 1"),
        ([[1.0], [np.inf]], [0, 1], {}, "example 1 must be finite"),
        ([[1.0], [np.nan]], [0, 1], {}, "example 1 has no value"),
        ([[1e300], [2.0]], [0, 1], {"scale": "none"}, "below 1e\\+15"),
        (X, Y, {"scale": "both"}, "`scale` must be one of 'series'"),
        (X, Y, {"missing": "drop"}, "`missing` must be one of"),
        (X, Y, {"validation": 1.0}, r"`validation` must be a rate in \[0, 1\)"),
        (X, Y, {"test": "x"}, "`test` must be a rate"),
        (X, Y, {"test": (X[:1], ["z"])}, "of the classes 'a', 'b', 'c', got 'z'"),
        (X, Y, {"test": (X[:1, :, :1], ["a"])}, "`test` must have 2 channels"),
    ],
)
def test_what_is_no_labelled_series(x, y, options, message):
    with pytest.raises(UserError, match=message):
        classification_task(x, y, **options)


def test_the_test_file_beside_the_training_file(tmp_path):
    head = "@classLabel true a b c\n@data\n"
    train, test = tmp_path / "p_TRAIN.ts", tmp_path / "p_TEST.ts"
    train.write_text(f"{head}1,2:a\n2,1:b\n3,1:b\n4,1:b\n1,5:a\n")
    alone = load_classification(tmp_path)
    assert (len(alone.train), len(alone.test)) == (3, 2)
    test.write_text(f"{head}1,3:c\n")
    both = load_classification(train)
    assert (len(both.train), len(both.test)) == (5, 1)
    assert both.classes.names == ("a", "b", "c") and both.test_origin is not None
    assert both.describe().splitlines()[2] == "3 classes; train: a 2, b 3, c 0"
    for path, message in [
        (test, "p_TEST.ts is a test file; give NAME_TRAIN.ts"),
        (tmp_path / "none.ts", "must be a file of labelled series"),
        (tmp_path.parent, "must hold one file NAME_TRAIN.ts"),
    ]:
        with pytest.raises(UserError, match=message):
            load_classification(path)
