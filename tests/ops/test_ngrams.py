"""Look-up of n-grams in a tree against sets of tuples, and the sum of their rows."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.test_util import check_grads
from numerics import quick_jit

from seqconv_jax import UserError, ops
from seqconv_jax.baselines import NGrams

ORDER, WORDS = 3, 5
look_up = quick_jit(ops.distinct_ngrams, static_argnames="order")


def tree_of(rows, least=1):
    orders = tuple(range(1, ORDER + 1))
    return NGrams.of(np.array(rows), orders=orders, vocabulary=WORDS, least=least)


def padded(tree, size=40):
    """The tree with n-grams that nothing leads to: one shape for all examples."""
    tokens, first = tree
    more = size - len(tokens)
    return np.pad(tokens, (0, more)), np.pad(first, (0, more), mode="edge")


def names(ngrams):
    """Each n-gram as a tuple, in the order of their numbers."""
    for order, codes in zip(ngrams.orders, ngrams.codes, strict=True):
        for code in codes.tolist():
            yield tuple(code // WORDS**k % WORDS for k in reversed(range(order)))


def sets(row):
    windows = (row[i : i + n] for n in range(1, ORDER + 1) for i in range(len(row)))
    return {tuple(w) for w in windows if 0 not in w}


row = st.lists(st.integers(0, WORDS - 1), min_size=6, max_size=6)


@given(st.lists(row, min_size=1, max_size=3), row, st.integers(1, 2))
def test_numbers_are_those_of_the_known_tuples_each_once(rows, text, least):
    known = tree_of(rows, least)
    tokens, first = padded(known.tree())
    found = look_up(np.array([text]), tokens, first, order=ORDER)[0].tolist()
    expected = [j for j, gram in enumerate(names(known)) if gram in sets(text)]
    assert [j for j in found if j < len(tokens)] == expected
    assert len(found) == sum(len(text) - n for n in range(ORDER))


def test_numbers_are_the_columns_of_the_baseline():
    ids = np.random.default_rng(0).integers(0, WORDS, size=(20, 9))
    known = tree_of(ids[:10], least=2)
    found = look_up(ids, *known.tree(), order=ORDER)
    counts = (np.asarray(found)[..., None] == np.arange(known.count)).sum(axis=1)
    np.testing.assert_array_equal(counts, known.matrix(ids).toarray())


def test_ids_of_a_narrow_type_and_of_any_value():
    tokens, first = tree_of([[1, 2, 4]]).tree()
    ids = np.array([[1, 2, 4, 250]], np.uint8)
    assert sorted(look_up(ids, tokens, first, order=3)[0].tolist())[:7] == [
        *range(6),
        6,
    ]


def test_a_tree_of_nothing_and_texts_shorter_than_its_order():
    unknown = np.zeros(3, np.int32), np.zeros(5, np.int32)
    assert look_up(np.zeros((1, 2), int), *unknown, order=1).tolist() == [[3, 3]]
    tree = tree_of([[1, 2, 4]]).tree()
    assert sorted(look_up(np.array([[2]]), *tree, order=3)[0].tolist()) == [1]


def test_a_sum_of_rows_is_a_product_with_ones_and_its_derivative(x64):
    numbers = jnp.array([[0, 2, 5, 5], [1, 2, 0, -1]])
    table = np.random.default_rng(1).normal(size=(5, 2))
    expected = np.array([[1, 0, 1, 0, 0], [1, 1, 1, 0, 0]]) @ table
    np.testing.assert_allclose(ops.sum_rows(numbers, jnp.asarray(table)), expected)
    check_grads(lambda t: ops.sum_rows(numbers, t), (table,), order=2, modes="rev")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ids": np.zeros(3, int)}, r"`ids` must have shape \(batch, time\)"),
        ({"ids": np.zeros((1, 3))}, "`ids` must"),
        ({"first": np.zeros(3, int)}, r"`first` must have shape \(5,\)"),
        ({"tokens": np.zeros(0, int)}, "`tokens` must be of one n-gram at least"),
        ({"order": 0}, "`order` must be a positive integer, got 0"),
    ],
)
def test_errors(change, message):
    given = {"ids": np.zeros((1, 4), int), "tokens": np.zeros(3, int)}
    given |= {"first": np.zeros(5, int), "order": 2} | change
    with pytest.raises(UserError, match=message):
        ops.distinct_ngrams(**given)
