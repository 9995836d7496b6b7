"""What is fitted on the training texts, vocabulary and length, and made with them."""

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax._memory import expect_memory, machine_memory
from seqconv_jax.data.files.array_folder import NewFolder
from seqconv_jax.data.text.corpus import Corpus
from seqconv_jax.data.text.sequences import TokenSequences, pad
from seqconv_jax.data.text.word_ids import Vocabulary

__all__ = ["fit_vocabulary", "padded_ids", "usual_length"]

_PERCENTILE = 95


def usual_length(corpus: Corpus, train: np.ndarray, longest: int) -> int:
    """Return the length that 95 % of the training texts do not exceed, or less."""
    usual = np.percentile(corpus.lengths[train], _PERCENTILE)
    return int(np.clip(np.ceil(usual), 1, longest))


def fit_vocabulary(
    corpus: Corpus, train: np.ndarray, max_words: int, min_count: int
) -> tuple[Vocabulary, np.ndarray]:
    """Return the vocabulary of the training rows, and the id of each number."""
    is_train = np.zeros(len(corpus), bool)
    is_train[train] = True
    counts = np.zeros(len(corpus.words), np.int64)
    for first, end in corpus.blocks():
        lengths = np.diff(corpus.offsets[first : end + 1])
        tokens = corpus.tokens[corpus.offsets[first] : corpus.offsets[end]]
        used = tokens[np.repeat(is_train[first:end], lengths)]
        counts += np.bincount(used, minlength=len(counts))
    order = np.argsort(-counts, kind="stable")  # of equals, the one that came first
    kept = order[: min(max_words, int((counts >= min_count).sum()))]
    if not len(kept):
        raise UserError(
            f"`min_count` must leave tokens, got {min_count}: none of the training "
            f"texts' {int((counts > 0).sum()):,} is there so often"
        )
    vocabulary = Vocabulary(tuple(corpus.words[number] for number in kept))
    ids = np.full(len(counts), vocabulary.oov, np.int32)
    ids[kept] = np.arange(len(kept)) + 1 + vocabulary.shift
    return vocabulary, ids


def padded_ids(
    corpus: Corpus,
    ids: np.ndarray,
    size: int,
    dtype: type,
    truncating: str,
    folder: NewFolder | None = None,
) -> np.ndarray:
    """Return the ids of all texts, `(n, size)`, zeros behind the short ones.

    Args:
        corpus: the tokenised texts.
        ids: the id of each of its numbers.
        size: ids of a text.
        dtype: of the result.
        truncating: the side of a longer text that is cut.
        folder: gets them as its array `inputs`; None to keep them in memory.

    Raises:
        UserError: for more than fits in memory.
    """
    if folder is not None:
        for first, end in corpus.blocks():
            rows = _padded(corpus, ids, first, end, size, dtype, truncating)
            folder.append("inputs", rows)
        return folder.so_far("inputs")
    needed = len(corpus) * size * np.dtype(dtype).itemsize
    expect_memory("maxlen", size, needed, machine_memory())
    inputs = np.zeros((len(corpus), size), dtype)
    for first, end in corpus.blocks():
        rows = _padded(corpus, ids, first, end, size, dtype, truncating)
        inputs[first:end] = rows
    return inputs


def _padded(
    corpus: Corpus,
    ids: np.ndarray,
    first: int,
    end: int,
    size: int,
    dtype: type,
    truncating: str,
) -> np.ndarray:
    offsets = corpus.offsets[first : end + 1]
    tokens = ids[corpus.tokens[offsets[0] : offsets[-1]]]
    sequences = TokenSequences(tokens, offsets - offsets[0])
    options = {"padding": "post", "truncating": truncating}
    return pad(sequences, size, dtype=dtype, **options)
