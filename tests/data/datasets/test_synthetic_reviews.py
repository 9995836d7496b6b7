import hashlib

import numpy as np
import pytest

from seqconv_jax._checks import UserError
from seqconv_jax.data.datasets.imdb_file import checked_reviews
from seqconv_jax.data.datasets.synthetic_reviews import (
    generated_reviews,
    generated_word_index,
)

NEGATORS = [21, 48, 71, 110]


@pytest.fixture(scope="module")
def full():
    return generated_reviews()


def digest(splits):
    hashed = hashlib.sha256()
    for split in splits:
        for array in (split.tokens, split.offsets, split.labels):
            hashed.update(np.ascontiguousarray(array).tobytes())
    return hashed.hexdigest()[:16]


def test_the_form_is_that_of_the_real_reviews(full):
    for split in full:
        checked_reviews(split.tokens, split.offsets, split.labels, "generated")
        assert len(split) == 25_000
        assert split.tokens.dtype == np.int32 and split.offsets.dtype == np.int64
        assert split.labels.dtype == np.int64
        assert 1 <= split.tokens.min() and 80_000 < split.tokens.max() <= 88_584
        assert 10 <= split.lengths.min() and 2_000 < split.lengths.max() <= 2_500
        assert np.median(split.lengths) == pytest.approx(178, abs=4)
        assert len(split.tokens) == pytest.approx(5_900_000, rel=0.02)
        assert split.labels.mean() == pytest.approx(0.5, abs=0.01)


def test_words_follow_a_zipf_like_law(full):
    counts = np.bincount(full[0].tokens, minlength=88_585)[1:]
    assert counts[0] / counts.sum() == pytest.approx(0.056, abs=0.005)
    decades = [counts[10**k - 1 : 10 ** (k + 1) - 1].sum() for k in range(4)]
    assert all(count > 0.1 * counts.sum() for count in decades)
    assert counts[9_997:].sum() / counts.sum() == pytest.approx(0.06, abs=0.01)


def test_the_seed_decides_everything():
    first = generated_reviews(0, 20, 10)
    assert digest(first) == digest(generated_reviews(0, 20, 10))
    assert digest(first) != digest(generated_reviews(1, 20, 10))
    assert [len(split) for split in first] == [20, 10]
    assert digest(first[:1]) == digest(generated_reviews(0, 20, 500)[:1])
    assert digest(first[:1]) != digest(generated_reviews(0, 20, 20)[1:])


def test_the_reviews_of_a_seed_never_change():
    assert digest(generated_reviews(7, 200, 100)) == "23675309b0a40007"


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((-1,), "`seed` must be an integer of at least 0, got -1"),
        ((0, 0), "`n_train` must be a positive integer, got 0"),
        ((0, 10, 1.5), "`n_test` must be a positive integer, got 1.5"),
    ],
)
def test_bad_arguments_are_rejected(arguments, message):
    with pytest.raises(UserError, match=message):
        generated_reviews(*arguments)


def naive_bayes(splits, features):
    """Return the test accuracy of adding up each feature's log-odds in train."""
    train, test = splits
    size = 2 * 88_585

    def read(split):
        reviews = np.repeat(np.arange(len(split)), split.lengths)
        return features(split.tokens), reviews, split.labels

    kinds, reviews, labels = read(train)
    counts = [
        np.bincount(kinds[labels[reviews] == label], minlength=size) + 100.0
        for label in (0, 1)
    ]
    odds = np.log(counts[1] / counts[1].sum()) - np.log(counts[0] / counts[0].sum())
    kinds, reviews, labels = read(test)
    scores = np.bincount(reviews, odds[kinds], minlength=len(test))
    return np.mean((scores > 0) == labels)


def words_after_negators(tokens):
    """Give a word a second number where a negator is one or two places before it."""
    negators = np.isin(tokens, NEGATORS)
    negated = np.zeros(len(tokens), bool)
    negated[1:] |= negators[:-1]
    negated[2:] |= negators[:-2]
    return tokens + 88_585 * negated


def test_order_tells_more_than_words_alone(full):
    assert 0.6 < naive_bayes(full, lambda tokens: tokens) < 0.75
    assert 0.88 < naive_bayes(full, words_after_negators) < 0.94


def test_every_rank_has_a_readable_word_of_its_own():
    index = generated_word_index()
    assert sorted(index.values()) == list(range(1, 88_585))
    assert all(word.isascii() and word.isalpha() and word.islower() for word in index)
    kinds = {
        kind: [rank for word, rank in index.items() if word.startswith(kind)]
        for kind in ("glad", "grim", "isnt")
    }
    assert kinds["isnt"] == NEGATORS
    assert len(kinds["glad"]) == len(kinds["grim"]) == 60


def test_negation_turns_an_opinion_around(full):
    index = generated_word_index()
    train = full[0]
    label = np.repeat(train.labels, train.lengths)
    glad = np.isin(train.tokens, [r for w, r in index.items() if w.startswith("glad")])
    negated = words_after_negators(train.tokens) > 88_585
    assert label[glad & ~negated].mean() > 0.7
    assert label[glad & negated].mean() < 0.3
