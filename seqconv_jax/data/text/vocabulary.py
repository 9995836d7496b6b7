"""Between words and ids: the word index of the reviews, decoding and encoding."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from seqconv_jax._checks import UserError, expect
from seqconv_jax.data.files import find as sources
from seqconv_jax.data.text.sequences import Reviews, pad, to_ids

IMDB_WORD_INDEX = sources.Source(
    name="the IMDB word index",
    filename="imdb_word_index.json",
    url=sources.KERAS_DATASETS + "imdb_word_index.json",
    suffixes=(".json",),
    sha256="027313fe9a320280f3bf0fac5baf58c4a683cf39a7ed9c3d3d3912bde4284cf6",
    size=1_641_221,
    max_bytes=4_000_000,
)

# the characters that Keras's text tools take for spaces
_SPACES = str.maketrans(dict.fromkeys('!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n', " "))


def load_word_index(
    path: str | os.PathLike[str] | None = None, *, max_bytes: int = 16_000_000
) -> dict[str, int]:
    """Load the table from words to ranks, 1 for the most frequent word.

    Args:
        path: `imdb_word_index.json` or a directory with it; without it the file is
            looked for as `sources.find` does. There is no stand-in; the words of
            generated reviews are in `generated_word_index()`.
        max_bytes: the largest file that is read.

    Returns:
        Each word with its rank.

    Raises:
        UserError: if the file cannot be found, is too large or is no such table.
    """
    found = sources.find(IMDB_WORD_INDEX, path, require_real=True)
    assert found.path is not None  # `require_real` leaves no other way
    return _parse(found.path, max_bytes)


def decode(ids: Iterable[int], word_index: Mapping[str, int], shift: int = 3) -> str:
    """Turn the ids of one review back into words.

    Args:
        ids: ids as `load_imdb` makes them.
        word_index: words with their ranks.
        shift: what was added to each rank.

    Returns:
        Words with spaces between; `<pad>`, `<start>` and `<oov>` for ids 0, 1 and 2.

    Raises:
        UserError: if an id is none of these.
    """
    words = {rank + shift: word for word, rank in word_index.items()}
    words.update({0: "<pad>", 1: "<start>", 2: "<oov>"})
    ids = [int(one) for one in ids]
    for one in ids:
        expect(one in words, "ids", "ids of the word index or 0, 1 or 2", one)
    return " ".join(words[one] for one in ids)


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
    """Turn a text into ids as the reviews were made, to score a text of one's own.

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
    """
    words = text.lower().translate(_SPACES).split(" ")
    ranks = np.array([word_index[w] for w in words if w in word_index], np.int32)
    review = Reviews(ranks, np.array([0, len(ranks)]), np.zeros(1, np.int64))
    ids = to_ids(review, num_words=num_words, start=start, oov=oov, shift=shift)
    return ids.tokens if maxlen is None else pad(ids, maxlen)[0]


def _parse(path: Path, max_bytes: int) -> dict[str, int]:
    size = path.stat().st_size
    if size > max_bytes:
        raise UserError(
            f"{path}: a word index must have at most {max_bytes:,} bytes, got {size:,}"
        )
    try:
        table = json.loads(path.read_bytes())
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
