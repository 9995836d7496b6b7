import json
import warnings

import pytest

from seqconv_jax._checks import UserError
from seqconv_jax.data import decode, encode, generated_reviews, load_word_index
from seqconv_jax.data.datasets import generated_word_index

INDEX = {"the": 1, "film": 2, "don't": 3, "good": 9_997, "café": 5}


def test_the_word_index_is_read(tmp_path):
    path = tmp_path / "imdb_word_index.json"
    path.write_text(json.dumps(INDEX))
    assert load_word_index(path) == INDEX == load_word_index(tmp_path)


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "must be JSON, got Expecting value"),
        ("{" + '"a":{' * 100_000, "must be JSON, got "),
        ("[1]", "must give each word a rank of its own, from 1 up"),
        ("{}", "must give each word"),
        ('{"a": 0}', "must give each word"),
        ('{"a": true}', "must give each word"),
        ('{"a": 1.0}', "must give each word"),
        ('{"a": 1, "b": 1}', "must give each word"),
        ('{"a": 9999999999}', "must give each word"),
        ("\xff", "must be JSON, got"),
    ],
)
def test_a_bad_word_index_is_rejected(tmp_path, text, message):
    path = tmp_path / "index.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UserError, match="index.json: a word index " + message):
        load_word_index(path)


def test_a_word_index_may_not_be_huge(tmp_path):
    path = tmp_path / "index.json"
    path.write_text(json.dumps(INDEX))
    with pytest.raises(UserError, match="must have at most 10 bytes, got 63"):
        load_word_index(path, max_bytes=10)


def test_the_word_index_has_no_stand_in():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(
            UserError, match="the IMDB word index: .*get imdb_word_index"
        ):
            load_word_index()


def test_generated_reviews_have_words():
    index = generated_word_index()
    some, _ = generated_reviews(3, 5, 5)
    text = decode(some.tokens[:50] + 3, index)
    assert (
        encode(text, index, start=None, num_words=None).tolist()
        == (some.tokens[:50] + 3).tolist()
    )
