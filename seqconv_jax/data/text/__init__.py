"""Texts and other sequences of tokens: word indices, ids, padding."""

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
