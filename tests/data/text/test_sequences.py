import numpy as np
import pytest

from seqconv_jax._checks import UserError
from seqconv_jax.data.text import LabelledSequences, TokenSequences, pad, to_ids


def test_sequences_are_taken_in_the_order_asked_for():
    some = LabelledSequences(
        np.arange(6, dtype=np.int32), np.array([0, 2, 2, 6]), np.array([0, 1, 0])
    )
    taken = some.take(np.array([2, 1, 0, 2]))
    assert taken.tokens.tolist() == [2, 3, 4, 5, 0, 1, 2, 3, 4, 5]
    assert taken.offsets.tolist() == [0, 4, 4, 6, 10]
    assert taken.labels.tolist() == [0, 1, 0, 0] and len(taken) == 4


def test_ids_must_fit_the_type():
    some = LabelledSequences(np.array([70_000]), np.array([0, 1]), np.array([0]))
    with pytest.raises(UserError, match="`dtype` must be able to hold 70000, got"):
        pad(some, 3, dtype=np.uint16)


def test_lists_become_one_array_and_come_back():
    some = TokenSequences.of([[5, 1, 9], [], np.array([2], np.uint8)])
    assert some.tokens.dtype == np.int32 and some.offsets.dtype == np.int64
    assert some.tokens.tolist() == [5, 1, 9, 2]
    assert some.offsets.tolist() == [0, 3, 3, 4]
    assert (len(some), some.lengths.tolist()) == (3, [3, 0, 1])
    assert (len(TokenSequences.of([])), len(TokenSequences.of([[]]))) == (0, 1)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([0.5], r"`rows` must be lists of integers, got \[0.5\]"),
        ([True], "`rows` must be lists of integers"),
        ("word", "`rows` must be lists of integers, got 'word'"),
        ([[1], [2]], "`rows` must be lists of integers"),
        ([3, -1], "`rows` must be tokens from 0 to 2 .* 30, got .*-1"),
        ([2**31], "`rows` must be tokens from 0 to 2 .* 30, got .*2147483648"),
    ],
)
def test_lists_must_hold_tokens(row, message):
    with pytest.raises(UserError, match=message):
        TokenSequences.of([[1], row])


def test_labels_are_kept_on_the_way_to_ids():
    some = LabelledSequences(
        np.array([1, 9], np.int32), np.array([0, 1, 2]), np.ones(2)
    )
    ids = to_ids(some, num_words=10)
    assert isinstance(ids, LabelledSequences) and ids.labels is some.labels
    assert ids.tokens.tolist() == [1, 4, 1, 2]
    plain = to_ids(TokenSequences.of([[1], [9]]), num_words=10)
    assert type(plain) is TokenSequences and plain.tokens.tolist() == [1, 4, 1, 2]
