"""Reviews as flat integer arrays, and Keras's way from them to one matrix."""

from dataclasses import dataclass

import numpy as np

from seqconv_jax._checks import UserError, expect, one_of, positive_int

_HIGHEST = 1 << 30  # leaves room to shift ids in 32 bits


@dataclass(frozen=True)
class Reviews:
    """Labelled sequences of word ids, stored one after the other.

    Review `i` is `tokens[offsets[i] : offsets[i + 1]]`.

    Attributes:
        tokens: `(total,)` int32, from 0 to 2 ** 30.
        offsets: `(n + 1,)` int64, from 0 to `total`, never falling.
        labels: `(n,)` 0 for a negative and 1 for a positive review.
    """

    tokens: np.ndarray
    offsets: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        """Return the number of reviews."""
        return len(self.labels)

    @property
    def lengths(self) -> np.ndarray:
        """The number of tokens of each review, `(n,)` int64."""
        return np.diff(self.offsets)

    def take(self, rows: np.ndarray) -> "Reviews":
        """Return the reviews of the given rows, in that order."""
        lengths = self.lengths[rows]
        tokens = self.tokens[_positions(self.offsets[:-1][rows], lengths)]
        return Reviews(tokens, _offsets(lengths), self.labels[rows])


def check_reviews(reviews: Reviews, where: str) -> Reviews:
    """Return `reviews` if their arrays fit together and hold ids and labels.

    Args:
        reviews: what was read.
        where: the file and split, for messages.

    Returns:
        The same reviews.

    Raises:
        UserError: if sizes do not agree, an id is negative or huge, or a label is
            not 0 or 1.
    """
    tokens, offsets, labels = reviews.tokens, reviews.offsets, reviews.labels
    if labels.ndim != 1 or offsets.shape != (len(labels) + 1,):
        raise UserError(
            f"{where} must have one label for each review, got {offsets.size - 1} "
            f"reviews and labels of shape {labels.shape}"
        )
    ends = offsets[0] == 0 and offsets[-1] == tokens.size and tokens.ndim == 1
    if not len(labels) or not ends or reviews.lengths.min() < 0:
        raise UserError(
            f"{where} must hold whole reviews, got {tokens.size} tokens in "
            f"{len(labels)} rows"
        )
    lowest, highest = tokens.min(initial=0), tokens.max(initial=0)
    if lowest < 0 or highest > _HIGHEST:
        wrong = lowest if lowest < 0 else highest
        raise UserError(f"{where} must have word ids from 0 to {_HIGHEST}, got {wrong}")
    wrong = labels[(labels != 0) & (labels != 1)]
    if len(wrong):
        raise UserError(f"{where} must have labels 0 and 1 only, got {wrong[0]}")
    return reviews


def to_ids(
    reviews: Reviews,
    *,
    num_words: int | None,
    skip_top: int = 0,
    start: int | None = 1,
    oov: int | None = 2,
    shift: int = 3,
) -> Reviews:
    """Turn word ranks into the ids a network sees, as `imdb.load_data` of Keras does.

    Each rank grows by `shift`, `start` goes in front, and then every id outside
    `[skip_top, num_words)`, the start mark included, becomes `oov`.

    Args:
        reviews: tokens are word ranks, 1 for the most frequent word.
        num_words: ids from here on are out of vocabulary; None keeps all. (Keras
            without `num_words` loses the single highest id; this does not.)
        skip_top: ids below this are out of vocabulary.
        start: the mark before each review; None for no mark.
        oov: the id of words out of vocabulary; None leaves them out.
        shift: what is added to each rank, so that 0, 1 and 2 are free for padding,
            start and out-of-vocabulary.

    Returns:
        Reviews of int32 ids; an empty one is the start mark alone.
    """
    tokens, offsets = reviews.tokens + np.int32(shift), reviews.offsets
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
    return Reviews(tokens, offsets, reviews.labels)


def pad(
    reviews: Reviews,
    length: int,
    *,
    padding: str = "pre",
    truncating: str = "pre",
    dtype: np.typing.DTypeLike = np.int32,
) -> np.ndarray:
    """Make all reviews `length` long, as `pad_sequences` of Keras does.

    Args:
        reviews: what to pad.
        length: tokens in each row of the result.
        padding: "pre" puts zeros in front of a short review, "post" behind it.
        truncating: "pre" cuts a long review in front and keeps its end, "post" keeps
            its beginning.
        dtype: of the result; must hold the largest id.

    Returns:
        `(n, length)` ids.

    Raises:
        UserError: if `length` is not positive or a side is neither "pre" nor "post".
    """
    positive_int("length", length)
    one_of("padding", padding, ("pre", "post"))
    one_of("truncating", truncating, ("pre", "post"))
    largest = int(reviews.tokens.max(initial=0))
    expect(largest <= np.iinfo(dtype).max, "dtype", f"able to hold {largest}", dtype)
    kept = np.minimum(reviews.lengths, length)
    skipped = reviews.lengths - kept if truncating == "pre" else 0
    columns = np.arange(length)
    if padding == "pre":
        filled = columns >= length - kept[:, None]
    else:
        filled = columns < kept[:, None]
    matrix = np.zeros((len(reviews), length), dtype)
    matrix[filled] = reviews.tokens[_positions(reviews.offsets[:-1] + skipped, kept)]
    return matrix


def _offsets(lengths: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])


def _positions(first: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return `lengths[i]` numbers counting up from `first[i]`, for each i in turn."""
    before = _offsets(lengths)
    return np.repeat(first - before[:-1], lengths) + np.arange(before[-1])
