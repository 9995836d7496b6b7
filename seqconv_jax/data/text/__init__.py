"""Texts and other sequences of tokens: word indices, ids, padding.

From texts of one's own to the inputs of a `Task`:

>>> texts = ["a good film", "a bad film, a very bad film"]
>>> index = build_word_index(texts)
>>> ranks = [[index[word] for word in split_words(text)] for text in texts]
>>> pad(to_ids(TokenSequences.of(ranks), num_words=7), 4)
array([[1, 4, 2, 5],
       [4, 2, 6, 5]], dtype=int32)

and, for a new one, `encode(text, index, num_words=7, maxlen=4)`.
"""

from seqconv_jax.data.text.sequences import (
    LabelledSequences,
    TokenSequences,
    pad,
    to_ids,
)
from seqconv_jax.data.text.vocabulary import (
    build_word_index,
    decode,
    encode,
    read_word_index,
    split_words,
)

__all__ = [
    "LabelledSequences",
    "TokenSequences",
    "build_word_index",
    "decode",
    "encode",
    "pad",
    "read_word_index",
    "split_words",
    "to_ids",
]
