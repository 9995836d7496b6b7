"""Sequences of tokens as flat integer arrays, and Keras's way from them to a matrix.

    lists of ranks -> TokenSequences -> to_ids -> pad -> the inputs of a `Task`

Nothing here knows what the tokens stand for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self, TypeVar

import numpy as np

from seqconv_jax._checks import (
    UserError,
    expect,
    non_negative_int,
    one_of,
    positive_int,
    shown,
)
from seqconv_jax._examples import check_row_numbers, expect_numbers

__all__ = ["HIGHEST_TOKEN", "LabelledSequences", "TokenSequences", "pad", "to_ids"]

HIGHEST_TOKEN = 1 << 30  # leaves room to shift ids in 32 bits


@dataclass(frozen=True, eq=False)
class TokenSequences:
    """Sequences of tokens of any length, stored one after the other.

    Sequence `i` is `tokens[offsets[i] : offsets[i + 1]]`.

    >>> some = TokenSequences.of([[5, 1, 9], [], [2]])
    >>> some.tokens.tolist(), some.offsets.tolist(), len(some)
    ([5, 1, 9, 2], [0, 3, 3, 4], 3)
    >>> some.take(np.array([2, 0])).tokens.tolist()
    [2, 5, 1, 9]

    Attributes:
        tokens: `(total,)` int32, from 0 to 2 ** 30.
        offsets: `(n + 1,)` int64, from 0 to `total`, never falling.
    """

    tokens: np.ndarray
    offsets: np.ndarray

    def __post_init__(self) -> None:
        """Look at the arrays once."""
        for name in ("tokens", "offsets"):
            array = getattr(self, name)
            expect_numbers(name, array, "iu")
            expect(array.ndim == 1, name, "of one axis", f"shape {array.shape}")
        low, high = self.tokens.min(initial=0), self.tokens.max(initial=0)
        fits = low >= 0 and high <= np.iinfo(np.int32).max
        expect(fits, "tokens", "of at least 0 and in 32 bits", low if low < 0 else high)
        offsets, total = self.offsets, len(self.tokens)
        ends = [int(offsets[0]), int(offsets[-1])] if len(offsets) else []
        expect(ends == [0, total], "offsets", f"numbers from 0 to {total}", ends)
        falling = np.flatnonzero(offsets[1:] < offsets[:-1])
        expect(
            not len(falling),
            "offsets",
            "never falling",
            offsets[falling[:1] + 1].tolist(),
        )
        object.__setattr__(self, "tokens", np.asarray(self.tokens, np.int32))
        object.__setattr__(self, "offsets", np.asarray(offsets, np.int64))

    @classmethod
    def of(cls, rows: Iterable[Sequence[int] | np.ndarray]) -> "TokenSequences":
        """Return the sequences of lists of integers.

        Args:
            rows: a sequence of tokens each, from 0 to 2 ** 30.

        Raises:
            UserError: for a token that is no integer in that range.
        """
        expect(isinstance(rows, Iterable), "rows", "lists of integers", rows)
        arrays = [_integers(row) for row in rows]
        tokens = np.concatenate([np.zeros(0, np.int32), *arrays])
        lengths = np.array([len(array) for array in arrays], np.int64)
        return TokenSequences(tokens, _offsets(lengths))

    def __len__(self) -> int:
        """Return the number of sequences."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> np.ndarray:
        """The number of tokens of each sequence, `(n,)` int64."""
        return np.diff(self.offsets)

    def take(self, rows: np.ndarray) -> Self:
        """Return the sequences of the given rows, in that order.

        Args:
            rows: `(m,)` integers from 0 to `n - 1`.

        Raises:
            UserError: for any other, a mask included.
        """
        rows = check_row_numbers("rows", rows, len(self))
        return replace(self, **self._fields_of(rows))

    def _fields_of(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        lengths = self.lengths[rows]
        tokens = self.tokens[_positions(self.offsets[:-1][rows], lengths)]
        return {"tokens": tokens, "offsets": _offsets(lengths)}


@dataclass(frozen=True, eq=False)
class LabelledSequences(TokenSequences):
    """Sequences of tokens with a label each.

    Attributes:
        labels: `(n,)` numbers, such as 0 for a negative and 1 for a positive review.
    """

    labels: np.ndarray

    def __post_init__(self) -> None:
        """Look at the arrays once."""
        super().__post_init__()
        expect_numbers("labels", self.labels, "fiub")
        fits = self.labels.shape == (len(self),)
        got = f"shape {tuple(self.labels.shape)}"
        expect(fits, "labels", f"of shape ({len(self)},), one a sequence", got)

    def _fields_of(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        return {**super()._fields_of(rows), "labels": self.labels[rows]}


AnySequences = TypeVar("AnySequences", bound=TokenSequences)


def to_ids(
    sequences: AnySequences,
    *,
    num_words: int | None,
    skip_top: int = 0,
    start: int | None = 1,
    oov: int | None = 2,
    shift: int = 3,
) -> AnySequences:
    """Turn word ranks into the ids a network sees, as `imdb.load_data` of Keras does.

    Each rank grows by `shift`, `start` goes in front, and then every id outside
    `[skip_top, num_words)`, the start mark included, becomes `oov`.

    Args:
        sequences: tokens are word ranks, 1 for the most frequent word.
        num_words: ids from here on are out of vocabulary; None keeps all. (Keras
            without `num_words` loses the single highest id; this does not.)
        skip_top: ids below this are out of vocabulary.
        start: the mark before each sequence; None for no mark.
        oov: the id of words out of vocabulary; None leaves them out.
        shift: what is added to each rank, so that 0, 1 and 2 are free for padding,
            start and out-of-vocabulary.

    Returns:
        Sequences of int32 ids, with their labels if they had any; an empty one is the
        start mark alone.

    Raises:
        UserError: for what are no sequences, or a setting that is no id.

    Example:
        >>> to_ids(TokenSequences.of([[1, 90, 2]]), num_words=10).tokens.tolist()
        [1, 4, 2, 5]
    """
    _expect_sequences(sequences)
    if num_words is not None:
        positive_int("num_words", num_words)
    for name, value in {"start": start, "oov": oov}.items():
        if value is not None:
            non_negative_int(name, value)
    non_negative_int("shift", shift)
    non_negative_int("skip_top", skip_top)
    tokens, offsets = sequences.tokens + np.int32(shift), sequences.offsets
    if start is not None:
        tokens = np.insert(tokens, offsets[:-1], np.int32(start))
        offsets = offsets + np.arange(len(offsets))
    known = tokens >= skip_top
    if num_words is not None:
        known &= tokens < num_words
    if oov is not None:
        tokens = np.where(known, tokens, np.int32(oov))
    else:
        offsets = np.concatenate([[0], np.cumsum(known)])[offsets]
        tokens = tokens[known]
    return replace(sequences, tokens=tokens, offsets=offsets)


def pad(
    sequences: TokenSequences,
    length: int,
    *,
    padding: str = "pre",
    truncating: str = "pre",
    dtype: np.typing.DTypeLike = np.int32,
) -> np.ndarray:
    """Make all sequences `length` long, as `pad_sequences` of Keras does.

    Args:
        sequences: what to pad.
        length: tokens in each row of the result.
        padding: "pre" puts zeros in front of a short sequence, "post" behind it.
        truncating: "pre" cuts a long sequence in front and keeps its end, "post" keeps
            its beginning.
        dtype: of the result; must hold the largest id.

    Returns:
        `(n, length)` ids.

    Raises:
        UserError: if `length` is not positive, a side is neither "pre" nor "post", or
            an id does not fit `dtype`.

    Example:
        >>> pad(TokenSequences.of([[5, 1, 9], [2]]), 2)
        array([[1, 9],
               [0, 2]], dtype=int32)
    """
    _expect_sequences(sequences)
    positive_int("length", length)
    one_of("padding", padding, ("pre", "post"))
    one_of("truncating", truncating, ("pre", "post"))
    try:
        limit = np.iinfo(dtype).max
    except (TypeError, ValueError):  # what is no type, and what is none of integers
        raise UserError(f"`dtype` must be of integers, got {shown(dtype)}") from None
    largest = int(sequences.tokens.max(initial=0))
    expect(largest <= limit, "dtype", f"able to hold {largest}", dtype)
    kept = np.minimum(sequences.lengths, length)
    skipped = sequences.lengths - kept if truncating == "pre" else 0
    columns = np.arange(length)
    if padding == "pre":
        filled = columns >= length - kept[:, None]
    else:
        filled = columns < kept[:, None]
    matrix = np.zeros((len(sequences), length), dtype)
    first = sequences.offsets[:-1] + skipped
    matrix[filled] = sequences.tokens[_positions(first, kept)]
    return matrix


def _expect_sequences(sequences: TokenSequences) -> None:
    known = isinstance(sequences, TokenSequences)
    what = "TokenSequences, which TokenSequences.of makes of lists"
    expect(known, "sequences", what, sequences)


def _offsets(lengths: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])


def _positions(first: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return `lengths[i]` numbers counting up from `first[i]`, for each i in turn."""
    before = _offsets(lengths)
    return np.repeat(first - before[:-1], lengths) + np.arange(before[-1])


def _integers(row: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return one list as `(length,)` int32 after checking what it holds."""
    try:
        array = np.asarray(row)
    except (TypeError, ValueError) as error:  # lists of several lengths in the list
        raise UserError(f"`rows` must be lists of integers: {error}") from error
    whole = array.ndim == 1 and (not len(array) or array.dtype.kind in "iu")
    expect(whole, "rows", "lists of integers", row)
    low, high = array.min(initial=0), array.max(initial=0)
    fits = low >= 0 and high <= HIGHEST_TOKEN
    expect(fits, "rows", "tokens from 0 to 2 ** 30", low if low < 0 else high)
    return array.astype(np.int32)
