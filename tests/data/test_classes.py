"""Class names, the targets of labels, and what outputs say."""

import numpy as np
import pytest

from seqconv_jax import UserError
from seqconv_jax.data.classes import Classes

THREE = Classes(("a", "b", "c"))


def test_probabilities_are_those_of_the_logits():
    logits = np.array([[0.0, 1.0, 2.0]])
    want = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(THREE.probabilities(logits), want)
    two = Classes(("no", "yes")).probabilities([[1.5], [1000.0], [-1000.0]])
    np.testing.assert_allclose(two[:, 1], [1 / (1 + np.exp(-1.5)), 1, 0])
    several = Classes(("a", "b"), several=True).probabilities([[1.5, -1000.0]])
    np.testing.assert_allclose(several, [[1 / (1 + np.exp(-1.5)), 0]])


def test_answers_name_the_classes():
    table = THREE.answers([[0.0, 3.0, 1.0], [9.0, 0.0, 0.0]])
    assert table["label"].tolist() == ["b", "a"]
    assert list(table) == ["label", "p(a)", "p(b)", "p(c)"]
    several = Classes(("a", "b", "c"), several=True).answers([[1, -1, 2], [-1, -1, -1]])
    assert several["label"].tolist() == ["a;c", ""]


@pytest.mark.parametrize("labels", [[2, 10, 1], ["x", "y", "10"], [True, False]])
def test_targets_lead_back_to_the_labels(labels):
    classes = Classes.of(labels)
    numbers = classes.targets(labels)[:, 0].astype(int)
    assert [classes.names[number] for number in numbers] == list(map(str, labels))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Classes(("a",)), "at least 2"),
        (lambda: Classes(("a", "a")), "different"),
        (lambda: Classes("ab"), "tuple"),  # pyright: ignore[reportArgumentType]
        (lambda: Classes(("a", "")), "texts"),
        (lambda: THREE.targets(["a", "d"]), "got 'd' for example 1"),
        (lambda: THREE.probabilities(np.zeros((2, 1))), "(n, 3)"),
    ],
)
def test_errors(call, words):
    with pytest.raises(UserError, match=words.replace("(", r"\(").replace(")", r"\)")):
        call()
