"""A generated stand-in for the IMDB reviews, the same for everyone from a seed.

Words follow a Zipf-like law and lengths a log-normal one, as in real reviews. What a
review says is in short phrases: an opinion word alone speaks for its own side; with a
negator right before it, or one word further ahead, it speaks for the other. Most
phrases of a review agree with its label. Counting words therefore helps little, reading
three words in order helps much, and some wrong labels keep every score below 1.
"""

import numpy as np

from seqconv_jax._checks import non_negative_int, positive_int
from seqconv_jax.data.text.sequences import LabelledSequences

__all__ = ["generated_reviews", "generated_word_index"]

_WORDS = 88_584
_NEGATORS = np.array([21, 48, 71, 110])
_OPINIONS = 60  # words for each side, at ranks spread over the range below
_OPINION_RANKS = (150, 9_000)

_PHRASE_WIDTH = 4
_PHRASES = (5, 0.015)  # so many in a review, and so many more for each of its words
_AGREEING = 0.9  # phrases that speak for the label
_NEGATED = 0.3  # phrases with a negator
_WRONG_LABELS = 0.06


def generated_reviews(
    seed: int = 0, n_train: int = 25_000, n_test: int = 25_000
) -> tuple[LabelledSequences, LabelledSequences]:
    """Generate train and test reviews in the form of the real ones.

    Args:
        seed: the same seed gives the same reviews.
        n_train: number of train reviews.
        n_test: number of test reviews.

    Returns:
        Train and test: tokens are word ranks from 1 to 88,584, lengths 10 to 2,500
        with a median near 178, labels 0 and 1 about equally often.

    Raises:
        UserError: if a number is out of range.

    Example:
        >>> train, test = generated_reviews(0, 3, 2)
        >>> len(train), len(test), train.lengths.min() >= 10
        (3, 2, np.True_)
    """
    counts = positive_int("n_train", n_train), positive_int("n_test", n_test)
    seeds = np.random.SeedSequence(non_negative_int("seed", seed)).spawn(2)
    train, test = (
        _generate(np.random.Generator(np.random.PCG64(child)), count)
        for child, count in zip(seeds, counts, strict=True)
    )
    return train, test


def generated_word_index() -> dict[str, int]:
    """Return a readable made-up word for each rank of the generated reviews.

    Opinion words begin with "glad" or "grim", negators with "isnt"; all others are made
    of syllables.

    Returns:
        Each word with its rank, as `load_word_index` returns for real reviews.
    """
    kinds = dict.fromkeys(_NEGATORS.tolist(), "isnt")
    for prefix, ranks in zip(("grim", "glad"), _opinion_words(), strict=True):
        kinds.update(dict.fromkeys(ranks.tolist(), prefix))
    return {kinds.get(r, "") + _syllables(r): r for r in range(1, _WORDS + 1)}


def _generate(random: np.random.Generator, count: int) -> LabelledSequences:
    lengths = np.exp(np.log(178) + 0.76 * random.standard_normal(count))
    lengths = np.clip(lengths, 10, 2_500).astype(np.int64)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    said = random.random(count) < 0.5
    tokens = _background(random, int(offsets[-1]))
    places, review = _phrase_places(random, offsets)
    _write_phrases(random, tokens, places, said[review])
    labels = said ^ (random.random(count) < _WRONG_LABELS)
    return LabelledSequences(tokens, offsets, labels.astype(np.int64))


def _background(random: np.random.Generator, count: int) -> np.ndarray:
    """Draw word ranks with probability nearly proportional to (rank + 3) ** -1.25."""
    last = ((_WORDS + 4) / 4) ** -0.25  # the tail that no rank has
    root = 1 - random.random(count, dtype=np.float32) * np.float32(1 - last)
    square = root * root  # products, not a power: the same bits on every machine
    ranks = 4 / (square * square) - 3
    return np.clip(ranks.astype(np.int32), 1, _WORDS)


def _phrase_places(
    random: np.random.Generator, offsets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Choose where phrases begin, none overlapping, and the review of each."""
    grid = np.arange(0, offsets[-1] - _PHRASE_WIDTH, _PHRASE_WIDTH)
    review = np.searchsorted(offsets, grid, side="right") - 1
    lengths = np.diff(offsets)[review]
    rate = (_PHRASES[0] + _PHRASES[1] * lengths) * _PHRASE_WIDTH / lengths
    chosen = random.random(len(grid)) < rate
    chosen &= grid + _PHRASE_WIDTH <= offsets[review + 1]
    places = grid[chosen] + random.integers(0, 2, np.count_nonzero(chosen))
    return places, review[chosen]


def _write_phrases(
    random: np.random.Generator,
    tokens: np.ndarray,
    places: np.ndarray,
    said: np.ndarray,
) -> None:
    """Write three-word phrases: a word or negator, a word or negator, an opinion."""
    count = len(places)
    meant = said ^ (random.random(count) >= _AGREEING)
    negated = random.random(count) < _NEGATED
    word = (_OPINIONS * random.random(count) ** 2).astype(np.int64)
    tokens[places + 2] = _opinion_words()[(meant ^ negated).astype(int), word]
    negators = _NEGATORS[random.integers(0, len(_NEGATORS), count)]
    where = places + random.integers(0, 2, count)
    tokens[where[negated]] = negators[negated]


def _opinion_words() -> np.ndarray:
    """Return `(2, words)` ranks, disjoint: negative words, then positive ones."""
    low, high = np.log(_OPINION_RANKS)
    ranks = np.rint(np.exp(np.linspace(low, high, 2 * _OPINIONS))).astype(np.int64)
    # where the logarithmic steps are below one rank, count on one by one
    order = np.arange(len(ranks))
    ranks = np.maximum.accumulate(ranks - order) + order
    return ranks.reshape(-1, 2).T


def _syllables(rank: int) -> str:
    consonants, vowels = "bdfgklmnprstvz", "aeiou"
    letters = ""
    while rank:
        rank, left = divmod(rank, 70)
        letters += consonants[left // 5] + vowels[left % 5]
    return letters
