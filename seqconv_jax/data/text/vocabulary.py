"""Between words and ids: a word index, decoding and encoding.

A word index gives each word its rank, from 1 for the most frequent one. Ids are ranks
plus a shift, which leaves room for padding, a start mark and words out of vocabulary.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

import numpy as np

from seqconv_jax._checks import UserError, expect
from seqconv_jax.data.text.sequences import TokenSequences, pad, to_ids

__all__ = ["build_word_index", "decode", "encode", "read_word_index", "split_words"]

# the characters that Keras's text tools take for spaces
_SPACES = str.maketrans(dict.fromkeys('!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n', " "))


def split_words(text: str) -> list[str]:
    """Return the words of a text as Keras's text tools split it.

    >>> split_words("A good film;<br />don't miss it!")
    ['a', 'good', 'film', 'br', "don't", 'miss', 'it']

    Args:
        text: any text; it is lower-cased, and Keras's filter characters separate words.

    Raises:
        UserError: for what is no text.
    """
    expect(isinstance(text, str), "text", "a text", text)
    return [word for word in text.lower().translate(_SPACES).split(" ") if word]


def build_word_index(texts: Iterable[str]) -> dict[str, int]:
    """Return a word index of texts of one's own.

    >>> build_word_index(["a good film", "a bad film", "a film"])
    {'a': 1, 'film': 2, 'good': 3, 'bad': 4}

    Args:
        texts: the texts to train on.

    Returns:
        Each word with its rank; words equally frequent in the order they came.
    """
    # the letters of one text would pass for texts
    expect(not isinstance(texts, str), "texts", "a list of texts", texts)
    counts = Counter(word for text in texts for word in split_words(text))
    return {word: rank for rank, (word, _) in enumerate(counts.most_common(), 1)}


def decode(ids: Iterable[int], word_index: Mapping[str, int], shift: int = 3) -> str:
    """Turn ids back into words.

    Args:
        ids: the ids of one sequence, as `encode` and `load_imdb` make them.
        word_index: words with their ranks.
        shift: what was added to each rank.

    Returns:
        Words with spaces between; `<pad>`, `<start>` and `<oov>` for ids 0, 1 and 2.

    Raises:
        UserError: if an id is none of these, or `word_index` is no word index.

    Example:
        >>> decode([0, 1, 4, 2, 5], {"good": 1, "film": 2})
        '<pad> <start> good <oov> film'
    """
    _expect_index(word_index)
    words = {rank + shift: word for word, rank in word_index.items()}
    words.update({0: "<pad>", 1: "<start>", 2: "<oov>"})
    ids = list(ids)
    for one in ids:
        whole = hasattr(one, "__index__") and one in words
        expect(whole, "ids", "ids of the word index or 0, 1 or 2", one)
    return " ".join(words[int(one)] for one in ids)


def encode(
    text: str,
    word_index: Mapping[str, int],
    *,
    num_words: int | None = 10_000,
    maxlen: int | None = None,
    start: int | None = 1,
    oov: int | None = 2,
    shift: int = 3,
) -> np.ndarray:
    """Turn a text into ids, as the IMDB reviews were, to score a text of one's own.

    Words that the index does not know are left out, as they were in the reviews; `oov`
    stands for known words beyond `num_words`.

    Args:
        text: any text; it is lower-cased, and Keras's filter characters separate words.
        word_index: words with their ranks.
        num_words: ids from here on become `oov`.
        maxlen: pad and cut in front to this many ids; None leaves the length alone.
        start: the mark in front; None for no mark.
        oov: the id of words out of vocabulary; None leaves them out.
        shift: what is added to each rank.

    Returns:
        `(maxlen,)` or `(words,)` int32.

    Raises:
        UserError: if `maxlen` is not positive, or `word_index` is no word index.

    Example:
        >>> index = {"a": 1, "film": 2, "good": 3}
        >>> encode("A good film!", index, maxlen=5).tolist()
        [0, 1, 4, 6, 5]
        >>> encode("A good film!", index, num_words=6).tolist()
        [1, 4, 2, 5]
    """
    _expect_index(word_index)
    known = (word_index[w] for w in split_words(text) if w in word_index)
    ranks = TokenSequences.of([list(known)])
    ids = to_ids(ranks, num_words=num_words, start=start, oov=oov, shift=shift)
    return ids.tokens if maxlen is None else pad(ids, maxlen)[0]


def _expect_index(index: Mapping[str, int]) -> None:
    # The first entry tells an index from its reverse; no call looks through 88,000.
    fits = isinstance(index, Mapping) and all(
        isinstance(word, str) and hasattr(rank, "__index__")
        for word, rank in islice(index.items(), 1)
    )
    expect(fits, "word_index", "words with their ranks", index)


def read_word_index(path: Path, *, max_bytes: int = 16_000_000) -> dict[str, int]:
    """Read a word index from a JSON file.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "words.json")
    ...     _ = path.write_text('{"film": 1, "good": 2}')
    ...     read_word_index(path)
    {'film': 1, 'good': 2}

    Args:
        path: an object of words and ranks.
        max_bytes: the largest file that is read.

    Raises:
        UserError: if the file is too large or no such table.
    """
    try:
        size, content = path.stat().st_size, b""
        if path.is_file() and size <= max_bytes:
            content = path.read_bytes()
    except OSError as error:
        raise UserError(
            f"{path}: a word index must be readable, got {error}"
        ) from error
    if size > max_bytes:
        raise UserError(
            f"{path}: a word index must have at most {max_bytes:,} bytes, got {size:,}"
        )
    try:
        table = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: a word index must be JSON, got {error}") from error
    valid = (
        isinstance(table, dict)
        and len(table) > 0
        and all(type(rank) is int and 0 < rank <= 1 << 30 for rank in table.values())
        and len(set(table.values())) == len(table)
    )
    if not valid:
        raise UserError(
            f"{path}: a word index must give each word a rank of its own, from 1 up"
        )
    return table
