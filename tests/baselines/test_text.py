"""N-grams against sets, and NB-SVM against a dense solution of its own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from seqconv_jax import UserError, baselines, losses
from seqconv_jax.baselines.text import COSTS
from seqconv_jax.data import arrays_task


def grams(row, order):
    found = {tuple(row[i : i + order]) for i in range(len(row) - order + 1)}
    return {gram for gram in found if 0 not in gram}


@given(
    st.lists(
        st.lists(st.integers(0, 4), min_size=5, max_size=5), min_size=1, max_size=6
    ),
    st.integers(1, 2),
)
def test_ngrams_are_the_sets_of_neighbours(rows, least):
    ids = np.array(rows)
    known = baselines.NGrams.of(ids, orders=(1, 2, 3), vocabulary=5, least=least)
    table = known.matrix(ids).toarray()
    expected = []
    for order in (1, 2, 3):
        sets = [grams(row, order) for row in rows]
        names = sorted({gram for found in sets for gram in found})
        names = [g for g in names if sum(g in found for found in sets) >= least]
        expected.append([[float(g in found) for g in names] for found in sets])
    np.testing.assert_array_equal(table, np.concatenate(expected, axis=1))


def test_ngrams_are_found_a_part_at_a_time(monkeypatch):
    ids = np.random.default_rng(0).integers(0, 9, size=(20, 7))
    options = {"orders": (1, 2), "vocabulary": 9, "least": 2}
    whole = baselines.NGrams.of(ids, **options)
    table = whole.matrix(ids).toarray()
    monkeypatch.setattr("seqconv_jax.baselines.ngrams._AT_ONCE", 30)
    parts = baselines.NGrams.of(ids, **options)
    for one, other in zip(whole.codes, parts.codes, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(parts.matrix(ids).toarray(), table)
    assert parts.matrix(ids[:0]).shape == (0, whole.count)


def texts(classes=2, rows=120, seed=0):
    """Sequences in which a pair of words, not a word, tells the class."""
    key = np.random.default_rng(seed)
    ids = key.integers(10, 40, size=(rows, 12))
    labels = key.integers(0, classes, rows)
    for row, label in enumerate(labels):
        if key.random() < 0.9:
            ids[row, 3:5] = (5 + label, 5 + (label + 1) % classes)
    ids[::5, 9:] = 0
    y = labels.astype(np.float32 if classes == 2 else np.int32)
    return arrays_task(ids, y, validation=0.25, test=0.25)


def test_nb_svm_is_the_dense_solution():
    task = texts()
    line = baselines.nb_svm(task, cost=0.1)
    x = [
        [g for order in (1, 2) for g in grams(row, order)]
        for row in task.inputs.tolist()
    ]
    train = [set(x[row]) for row in task.train]
    names = sorted({g for row in train for g in row})
    names = [g for g in names if sum(g in row for row in train) >= 2]
    table = np.array([[float(g in set(row)) for g in names] for row in x])
    y = task.targets[task.train, 0] > 0.5
    p, q = (1 + table[task.train][of].sum(axis=0) for of in (y, ~y))
    ratio = np.log((p / p.sum()) / (q / q.sum()))
    z, sign = table[task.train] * ratio, np.where(y, 1, -1)

    def height(w):
        hinge = np.maximum(1 - sign * (z @ w[:-1] + w[-1]), 0)
        return 0.5 * w @ w + 0.1 * hinge @ hinge

    def slope(w):
        hinge = np.maximum(1 - sign * (z @ w[:-1] + w[-1]), 0)
        back = -2 * 0.1 * sign * hinge
        return w + np.append(z.T @ back, back.sum())

    w = optimize.minimize(height, np.zeros(len(names) + 1), jac=slope, tol=1e-10).x
    expected = (table * ratio) @ w[:-1] + w[-1]
    margins = line.outputs(task, np.arange(len(table)))[:, 0]
    np.testing.assert_allclose(margins, expected, atol=1e-3)


@pytest.mark.parametrize("classes", [2, 3])
def test_word_pairs_are_learnt_and_the_cost_is_the_best(classes):
    task = texts(classes)
    line = baselines.nb_svm(task)
    metric = losses.accuracy if classes == 2 else losses.categorical_accuracy
    found = {"accuracy": metric}
    validation = baselines.scores(line, task, "validation", found)["accuracy"]
    assert validation == pytest.approx(max(line.tried.values())) and validation > 0.8
    assert baselines.scores(line, task, "test", found)["accuracy"] > 0.8
    assert line.cost == max(line.tried, key=line.tried.__getitem__)
    assert list(line.tried) == list(COSTS[: len(line.tried)])
    assert line.outputs(task, task.test).shape == (
        len(task.test),
        classes - (classes == 2),
    )


def test_logistic_outputs_are_logits():
    task = texts()
    line = baselines.nb_svm(task, loss="logistic", orders=(1, 2, 3))
    loss = baselines.scores(line, task, "test", {"loss": losses.binary_cross_entropy})
    assert loss["loss"] < np.log(2) - 0.05


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"least": 0}, "`least` must be a positive integer"),
        ({"least": 1000}, "`least` must be small enough to leave an n-gram"),
        ({"orders": (0,)}, "`orders` must be a positive integer"),
        ({"orders": (40,)}, "`orders` must be at most 11"),
        ({"smoothing": 0}, "`smoothing` must be above 0"),
        ({"cost": -1.0}, "`cost` must be above 0"),
        ({"loss": "hinge"}, "must be one of 'squared_hinge', 'logistic'"),
        ({"padding_id": -1}, "`padding_id` must be"),
    ],
)
def test_options_that_are_none(options, message):
    with pytest.raises(UserError, match=message):
        baselines.nb_svm(texts(), **options)


def test_tasks_that_are_none():
    ids = np.tile(np.arange(1, 5), (4, 1))
    with pytest.raises(UserError, match="must have two classes in `train`, got one"):
        baselines.nb_svm(arrays_task(ids, np.ones(4)), cost=1.0)
    with pytest.raises(UserError, match="`cost` must be given without validation rows"):
        baselines.nb_svm(arrays_task(ids, np.array([0.0, 1, 0, 1])))
    floats = arrays_task(np.zeros((4, 3, 1)), np.array([0.0, 1, 0, 1]))
    with pytest.raises(UserError, match="`task.inputs` must be ids of shape"):
        baselines.nb_svm(floats, cost=1.0)
