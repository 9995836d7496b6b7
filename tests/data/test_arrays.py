import numpy as np
import pytest

import seqconv_jax as sc
from seqconv_jax.data import arrays_task, class_weights

X = np.arange(240, dtype=np.float64).reshape(20, 6, 2)
Y = X[:, -1, 0]
IDS = np.arange(60).reshape(20, 3)


def rows(task):
    return [sorted(getattr(task, n).tolist()) for n in ("train", "validation", "test")]


def test_arrays_become_a_task_as_they_are():
    task = arrays_task(X, Y)
    assert rows(task) == [list(range(20)), [], []]
    x, y = task.gather(np.array([3]))
    np.testing.assert_array_equal(x[0], X[3])
    assert y.tolist() == [[Y[3]]] and task.weights is None
    assert (task.inputs.dtype, task.targets.dtype) == (np.float32, np.float32)
    assert arrays_task(IDS, Y > 9).inputs.dtype == IDS.dtype
    assert arrays_task(IDS, Y > 9).targets.dtype == np.float32
    assert arrays_task(X.tolist(), Y.tolist()).inputs.shape == (20, 6, 2)


def test_rates_split_every_example_into_one_part():
    task = arrays_task(X, Y, validation=0.2, test=0.1, seed=1)
    assert [len(part) for part in rows(task)] == [14, 4, 2]
    assert sorted(sum(rows(task), [])) == list(range(20))
    assert rows(task) == rows(arrays_task(X, Y, validation=0.2, test=0.1, seed=1))
    assert rows(task) != rows(arrays_task(X, Y, validation=0.2, test=0.1, seed=2))
    late = arrays_task(X, Y, validation=0.2, test=0.1, seed=None)
    assert rows(late) == [list(range(14)), [14, 15, 16, 17], [18, 19]]


def test_examples_of_their_own_stand_behind_with_weight_one():
    given = {"validation": (X[:3] + 1, Y[:3]), "weights": np.full(20, 2.0)}
    task = arrays_task(X, Y, test=0.1, seed=None, **given)
    assert rows(task) == [list(range(18)), [20, 21, 22], [18, 19]]
    np.testing.assert_array_equal(task.inputs[20:], X[:3] + 1)
    assert task.weights is not None and task.weights.tolist() == [2.0] * 20 + [1.0] * 3


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (
            X[..., 0],
            Y,
            {},
            r"`x` must be of shape \(n, time, features\), got shape .*; x",
        ),
        (
            IDS[:, 0],
            Y,
            {},
            r"`x` must be of shape \(n, time\) or \(n, time, features\)",
        ),
        (X, Y[:3], {}, r"`y` must be of 20 examples as x, got shape \(3,\)"),
        (X, X, {}, r"`y` must be of shape \(n,\) or \(n, outputs\), got"),
        (X, ["pos"] * 20, {}, "`y` must hold numbers, got <U3; np.unique"),
        ([[1, 2], [1]], [0, 1], {}, "`x` must have rows of one length, .* data.pad"),
        ((x for x in X), Y, {}, "`x` must be an array, got 'generator'"),
        (X * 1j, Y, {}, "`x` must hold numbers, got complex128"),
        (np.ma.masked_array(X), Y, {}, "`x` must be an array, got numpy.ma.MaskedA"),
        (X, Y, {"validation": 1.5}, r"`validation` must be a rate in \[0, 1\) or"),
        (X, Y, {"validation": -0.1}, r"`validation` must be a rate in \[0, 1\) or"),
        (X, Y, {"test": 5}, r"`test` must be a rate in \[0, 1\) or \(x, y\), got 5"),
        (X, Y, {"test": True}, r"`test` must be a rate in \[0, 1\) or"),
        (X, Y, {"test": 0.001}, "`test` must be a rate of some of 20 examples"),
        (X, Y, {"validation": 0.6, "test": 0.6}, "rates that leave some of 20"),
        (X, Y, {"validation": (X,)}, r"`validation` must be a rate or a pair \(x, y\)"),
        (X, Y, {"test": (X, Y[:2])}, "`test: y` must be of 20 examples as x"),
        (X, Y, {"test": (X[:, :3], Y)}, "`test` must have x like the training exampl"),
        (X, Y, {"test": (IDS, Y)}, "`test` must have x like the training examples'"),
        (X, Y, {"weights": np.ones(3)}, r"`weights` must be of shape \(20,\), got"),
        (X, Y, {"weights": [-1] * 20}, "`weights` must be finite and at least 0"),
        (
            X,
            Y,
            {"validation": 0.1, "seed": -1},
            "`seed` must be an integer of at least",
        ),
        (X, Y, {"validation": 0.1, "seed": "a"}, "`seed` must be an integer of at"),
    ],
)
def test_what_is_no_array_of_examples(x, y, options, message):
    with pytest.raises(sc.UserError, match=message):
        arrays_task(x, y, **options)


def test_balanced_classes_count_alike():
    labels = np.array([0, 1, 1, 1, 2, 2])
    weights = class_weights(labels)
    sums = [weights[labels == name].sum() for name in range(3)]
    np.testing.assert_allclose(sums, 2.0, rtol=1e-6)


@pytest.mark.parametrize(
    ("labels", "weights", "message"),
    [
        ([0, 1], {0: 1.0}, "`weights` must have the classes of `labels`, 0, 1, got 0"),
        ([0, 1], {"0": 1.0, "1": 2.0}, "classes of `labels`, 0, 1, got '0', '1'"),
        ([0, 1], {0: 1, 1: 1, 2: 1}, "classes of `labels`, 0, 1, got 0, 1, 2"),
        ([0, 1], {0: 1, 1: -1}, "`weights` must be finite and at least 0, got -1"),
        ([0, 1], {0: 1, 1: "a"}, "`weights` must hold numbers, got <U"),
        ([0, 1], "balance", '`weights` must be a mapping of classes or "balanced"'),
        ([0, 1], [1, 2], '`weights` must be a mapping of classes or "balanced"'),
        (["a", "b"], "balanced", "`labels` must hold numbers, got <U1"),
        (
            np.eye(2),
            "balanced",
            r"`labels` must be of shape \(n,\), got shape \(2, 2\)",
        ),
        ([], "balanced", r"`labels` must be of shape \(n,\), got shape \(0,\)"),
    ],
)
def test_classes_that_are_none(labels, weights, message):
    with pytest.raises(sc.UserError, match=message):
        class_weights(labels, weights)


def test_a_task_of_arrays_is_a_task_like_any_other():
    assert isinstance(arrays_task(X, Y), sc.data.Task)
