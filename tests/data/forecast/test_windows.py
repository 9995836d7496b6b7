import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqconv_jax._checks import UserError
from seqconv_jax.data.forecast.windows import Window, spans_gap, splits


def window(lookback, every, delay, exact=False):
    return Window(lookback=lookback, every=every, delay=delay, exact=exact)


def split_rows(length, cuts, shape, purge=0):
    parts = splits(length, cuts, shape, purge)
    return [part.rows(shape.lookback).tolist() for part in parts]


def test_offsets_and_horizon():
    assert window(6, 2, 1).offsets.tolist() == [-6, -4, -2]
    assert window(6, 2, 1).horizon == 3
    assert window(6, 2, 1, exact=True).offsets.tolist() == [-4, -2, 0]
    assert window(6, 2, 1, exact=True).horizon == 1
    assert window(7, 3, 2).offsets.tolist() == [-7, -4, -1]
    assert window(7, 3, 2).horizon == 3
    assert window(1, 1, 0).offsets.tolist() == [-1]
    assert window(6, 2, 1).offsets.dtype == np.int32


def test_the_published_rows_on_tiny_integers():
    train, validation, test = split_rows(30, (10, 20), window(3, 1, 2))
    assert train == [3, 4, 5, 6, 7, 8, 9]
    assert validation == [14, 15, 16, 17, 18, 19]
    assert test == [24, 25, 26]


def test_purged_rows_on_tiny_integers():
    assert split_rows(30, (10, 20), window(3, 1, 2), purge=1) == [
        [3, 4, 5, 6, 7],  # the last target is row 9, row 10 is unread, 11 validation's
        [14, 15, 16, 17],
        [24, 25, 26],
    ]
    assert split_rows(30, (10, 20), window(3, 1, 2), purge=3)[0] == [3, 4, 5]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_purged_splits_share_no_row(data):
    lookback = data.draw(st.integers(1, 12))
    shape = window(
        lookback,
        data.draw(st.integers(1, lookback)),
        data.draw(st.integers(1, 10)),
        data.draw(st.booleans()),
    )
    purge = data.draw(st.integers(1, 8))
    size = st.integers(2 * lookback + 30, 80)
    first = data.draw(size)
    second = first + data.draw(size)
    length = second + data.draw(size)
    reads = [
        np.union1d(
            (np.array(rows)[:, None] + shape.offsets).ravel(),
            np.array(rows) + shape.delay,
        )
        for rows in split_rows(length, (first, second), shape, purge)
    ]
    for earlier, later in zip(reads, reads[1:], strict=False):
        # `purge` rows lie unread between the last of one and the first of the next
        assert later.min() - earlier.max() - 1 >= purge
    assert reads[0].min() >= 0 and reads[2].max() < length


def test_without_purge_only_targets_reach_over():
    shape = window(5, 1, 4)
    train, validation, _ = split_rows(60, (20, 40), shape)
    first_read = validation[0] - 5
    assert max(train) - 1 < first_read  # the newest input
    # delay - 1 rows of train targets lie at or after the cut, within validation
    assert max(train) + 4 - 20 + 1 == 4
    assert max(train) + 4 >= first_read


@pytest.mark.parametrize(
    ("shape", "match"),
    [
        ((0, 1, 1), "`lookback` must be a positive integer, got 0"),
        ((5, 0, 1), "`every` must be a positive integer, got 0"),
        ((5, 6, 1), r"`every` must be at most `lookback` \(5 rows\), got 6"),
        ((5, 1, -1), "`delay` must be an integer of at least 0, got -1"),
        ((5, 1, 0, True), "`delay` must be at least 1 with exact_horizon=True"),
    ],
)
def test_impossible_windows(shape, match):
    with pytest.raises(UserError, match=match):
        window(*shape)


@pytest.mark.parametrize(
    ("length", "cuts", "purge", "match"),
    [
        (1, (1, 2), 0, r"has 1 rows; .* lookback \+ delay \+ 1 = 3 \+ 2 \+ 1 = 6 rows"),
        (30, (3, 20), 0, r"the train split 3 rows.*at least lookback \+ 1 = 4 rows"),
        (30, (10, 14), 0, r"the validation split 3 rows \(from row 11\).*= 4 rows"),
        (30, (10, 23), 0, r"the test split 5 rows .*lookback \+ delay \+ 1 = 6 rows"),
        (30, (6, 20), 2, r"the train split 5 rows .*lookback \+ delay \+ 1 = 6 rows"),
        (30, (10, 17), 2, r"the validation split 5 rows.*= 6 rows"),
        (30, (10, 20), 99, "the train split 0 rows"),
        (30, (10, 29), 0, "the test split 0 rows"),
    ],
)
def test_a_split_smaller_than_a_window_states_what_it_needs(length, cuts, purge, match):
    with pytest.raises(UserError, match=match):
        splits(length, cuts, window(3, 1, 2), purge)


@pytest.mark.parametrize(
    ("length", "cuts", "purge"),
    [(30, (4, 20), 0), (30, (10, 15), 0), (30, (10, 22), 0), (30, (7, 20), 2)],
)
def test_the_smallest_split_holds_one_window(length, cuts, purge):
    rows = split_rows(length, cuts, window(3, 1, 2), purge)
    assert min(len(part) for part in rows) == 1


def test_windows_over_gaps():
    shape = window(3, 1, 2)
    rows = np.arange(3, 13)
    # row 8 does not follow row 7: windows with first input <= 7 and target >= 8
    assert rows[spans_gap(rows, shape, [8], 15)].tolist() == [6, 7, 8, 9, 10]
    exact = window(3, 1, 2, exact=True)
    assert rows[spans_gap(rows, exact, [8], 15)].tolist() == [6, 7, 8, 9]
    assert not spans_gap(rows, shape, [], 15).any()
