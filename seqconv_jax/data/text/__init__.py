"""Texts and other sequences of tokens: word indices, ids, padding.

From texts of one's own to the inputs of a `Task`:

>>> texts = ["a good film", "a bad film, a very bad film"]
>>> index = build_word_index(texts)
>>> ranks = [[index[word] for word in split_words(text)] for text in texts]
>>> pad(to_ids(TokenSequences.of(ranks), num_words=7), 4)
array([[1, 4, 2, 5],
       [4, 2, 6, 5]], dtype=int32)

and, for a new one, `encode(text, index, num_words=7, maxlen=4)`.

A whole task of a file, a folder or lists of texts and labels is `text_task`, from
`read_texts` (what texts and labels are kept in), `Tokenizer` and `Vocabulary`, to the
`TextPreprocessor`, which does the same to new texts.
"""

from seqconv_jax.data.text.convert import convert_texts, open_texts
from seqconv_jax.data.text.preprocessor import TextPreprocessor
from seqconv_jax.data.text.read import read_texts
from seqconv_jax.data.text.sequences import (
    LabelledSequences,
    TokenSequences,
    pad,
    to_ids,
)
from seqconv_jax.data.text.task import TextTask, text_task
from seqconv_jax.data.text.texts import Texts
from seqconv_jax.data.text.tokenizer import Tokenizer
from seqconv_jax.data.text.vocabulary import (
    build_word_index,
    decode,
    encode,
    read_word_index,
    split_words,
)
from seqconv_jax.data.text.word_ids import Vocabulary

__all__ = [
    "LabelledSequences",
    "TextPreprocessor",
    "TextTask",
    "Texts",
    "TokenSequences",
    "Tokenizer",
    "Vocabulary",
    "build_word_index",
    "convert_texts",
    "decode",
    "encode",
    "open_texts",
    "pad",
    "read_texts",
    "read_word_index",
    "split_words",
    "text_task",
    "to_ids",
]
