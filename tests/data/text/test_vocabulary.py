import os

import numpy as np
import pytest

from seqconv_jax._checks import UserError
from seqconv_jax.data.text import build_word_index, decode, encode

os.environ.setdefault("KERAS_BACKEND", "jax")


INDEX = {"the": 1, "film": 2, "don't": 3, "good": 9_997, "café": 5}


def test_decoding_names_the_special_ids():
    ids = np.array([0, 1, 4, 5, 2, 6], np.uint16)
    assert decode(ids, INDEX) == "<pad> <start> the film <oov> don't"
    assert decode([1], {"the": 1}, shift=0) == "<start>"


@pytest.mark.parametrize("unknown", [3, 7, 10_001, -1])
def test_decoding_rejects_ids_that_mean_nothing(unknown):
    with pytest.raises(UserError, match=f"`ids` must be ids of .*, got {unknown}"):
        decode([4, unknown], INDEX)


def test_encoding_does_what_was_done_to_the_reviews():
    text = 'The (film)\tis... "GOOD",\n don\'t<br />Café!'
    assert encode(text, INDEX).tolist() == [1, 4, 5, 2, 6, 8]
    assert encode(text, INDEX, num_words=None).tolist() == [1, 4, 5, 10_000, 6, 8]
    assert encode(text, INDEX, maxlen=4).tolist() == [5, 2, 6, 8]
    assert encode(text, INDEX, maxlen=8).tolist() == [0, 0, 1, 4, 5, 2, 6, 8]
    assert encode("unknown", INDEX).tolist() == [1]
    assert encode(text, INDEX, start=None, oov=None, shift=0).tolist() == [
        1,
        2,
        9_997,
        3,
        5,
    ]
    assert encode("", INDEX).dtype == np.int32


def test_encoding_splits_as_keras_does():
    keras = pytest.importorskip("keras")
    layer = keras.src.legacy.preprocessing.text
    printable = "".join(map(chr, range(9, 127)))
    words = layer.text_to_word_sequence(printable + " Don't\tSTOP-it x_y")
    index = {word: rank for rank, word in enumerate(dict.fromkeys(words), 1)}
    encoded = encode(
        printable + " Don't\tSTOP-it x_y", index, num_words=None, start=None
    )
    assert encoded.tolist() == [index[word] + 3 for word in words]


def test_words_are_ranked_as_keras_ranks_them():
    keras = pytest.importorskip("keras")
    texts = ["the film, the end", "A film!", "end of the film", "b a"]
    tokenizer = keras.src.legacy.preprocessing.text.Tokenizer()
    tokenizer.fit_on_texts(texts)
    assert build_word_index(texts) == tokenizer.word_index
    assert build_word_index([]) == {}


@pytest.mark.parametrize(
    ("function", "arguments", "match"),
    [
        (build_word_index, ["a film"], "`texts` must be a list of texts, got 'a film'"),
        (build_word_index, [[3]], "`text` must be a text, got 3"),
        (encode, [None, INDEX], "`text` must be a text, got None"),
        (encode, [b"film", INDEX], "`text` must be a text, got b'film'"),
        (decode, ["film", INDEX], "`ids` must be ids of .*, got 'f'"),
        (decode, [[4.5], INDEX], "`ids` must be ids of .*, got 4.5"),
    ],
)
def test_what_is_no_text_and_no_id(function, arguments, match):
    with pytest.raises(UserError, match=match):
        function(*arguments)
