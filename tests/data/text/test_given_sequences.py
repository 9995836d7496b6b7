"""Sequences put together by hand, and what is asked of them."""

# Arguments of wrong types are what is tested.
# pyright: reportArgumentType=false

import numpy as np
import pytest

from seqconv_jax import UserError
from seqconv_jax.data import (
    LabelledSequences,
    TokenSequences,
    decode,
    encode,
    pad,
    to_ids,
)

TOKENS = np.array([5, 1, 9, 2], np.int32)
SOME = TokenSequences.of([[5, 1], [9], [2]])
LABELLED = LabelledSequences(TOKENS, np.array([0, 2, 3, 4]), np.array([0, 1, 1]))


@pytest.mark.parametrize(
    ("tokens", "offsets", "says"),
    [
        (TOKENS, [0, 9], "`offsets` must be an array, got list"),
        ([5, 1, 9, 2], np.array([0, 4]), "`tokens` must be an array, got list"),
        (TOKENS, np.array([0, 9]), r"`offsets` must be numbers from 0 to 4, got \[0, "),
        (TOKENS, np.array([1, 4]), r"`offsets` must be numbers from 0 to 4, got \[1, "),
        (TOKENS, np.array([0, 3, 1, 4]), r"never falling, got \[1\]"),
        (TOKENS, np.array([], int), r"`offsets` must be numbers from 0 to 4, got \[\]"),
        (TOKENS, np.array([0.0, 4.0]), "`offsets` must hold integers, got float64"),
        (TOKENS / 2, np.array([0, 4]), "`tokens` must hold integers, got float64"),
        (TOKENS - 3, np.array([0, 4]), "`tokens` must be of at least 0 .* got .*-2"),
        (TOKENS + np.int64(2**40), np.array([0, 4]), "`tokens` must be .* in 32 bits"),
        (TOKENS[:, None], np.array([0, 4]), r"`tokens` must be of one axis"),
    ],
)
def test_tokens_and_offsets_must_fit(tokens, offsets, says):
    with pytest.raises(UserError, match=says):
        TokenSequences(tokens, offsets)


def test_arrays_of_other_integers_become_those_kept():
    some = TokenSequences(TOKENS.astype(np.int64), np.array([0, 4], np.uint8))
    assert (some.tokens.dtype, some.offsets.dtype) == (np.int32, np.int64)


@pytest.mark.parametrize("labels", [np.zeros(2), np.zeros((3, 2)), [0, 1, 1]])
def test_labels_must_be_one_a_sequence(labels):
    with pytest.raises(UserError, match="`labels` must be"):
        LabelledSequences(TOKENS, np.array([0, 2, 3, 4]), labels)


@pytest.mark.parametrize("sequences", [SOME, LABELLED])
@pytest.mark.parametrize(
    "rows",
    [
        np.array([-1]),
        np.array([3]),
        np.array([True, False, True]),
        np.array([0.0]),
        slice(0, 2),
        1,
        [[0], [1, 2]],
        "0",
    ],
)
def test_take_raises_where_numpy_would_wrap_or_pick(sequences, rows):
    with pytest.raises(UserError, match="`rows` must "):
        sequences.take(rows)


def test_take_takes_labels_along():
    some = LABELLED.take([2, 0])
    assert some.tokens.tolist() == [2, 5, 1]
    assert some.labels.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("run", "says"),
    [
        (lambda: TokenSequences.of(None), "`rows` must be lists"),
        (lambda: TokenSequences.of([[[1], [2, 3]]]), "`rows` must be lists"),
        (lambda: pad([[1, 2]], 3), "`sequences` must be TokenSequences"),
        (lambda: pad(SOME, 3, dtype=np.float32), "`dtype` must be of integers"),
        (lambda: pad(SOME, 3, dtype="int33"), "`dtype` must be of integers"),
        (lambda: to_ids([[1]], num_words=9), "`sequences` must be TokenSequences"),
        (lambda: to_ids(SOME, num_words="9"), "`num_words` must be"),
        (lambda: to_ids(SOME, num_words=-9), "`num_words` must be"),
        (lambda: to_ids(SOME, num_words=9, shift=1.5), "`shift` must be"),
        (lambda: to_ids(SOME, num_words=9, start=-1), "`start` must be"),
        (lambda: encode("a", {1: "a"}), "`word_index` must be words"),
        (lambda: encode("a", ["a"]), "`word_index` must be words"),
        (lambda: decode([4], {1: "a"}), "`word_index` must be words"),
    ],
)
def test_settings_of_text_are_named(run, says):
    with pytest.raises(UserError, match=says):
        run()
