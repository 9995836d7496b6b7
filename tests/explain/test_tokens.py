"""Places of a text by the words that it has there, whatever its ids."""

import pytest

import seqconv_jax as sc
from seqconv_jax import UserError
from seqconv_jax.data.text import TextPreprocessor, Tokenizer, Vocabulary
from seqconv_jax.explain.tokens import names_of_ids, tokens_of_text

CLASSES = sc.data.Classes(("bad", "good"))
WORDS = ("the", "film", "good", "bad")


def of_reviews(maxlen):
    """Keras's ids: a mark in front, rare words 2, unknown ones left out."""
    vocabulary = Vocabulary(WORDS, shift=3, oov=2, unknown=False, start=1, num_words=7)
    return TextPreprocessor(
        tokenizer=Tokenizer("keras"),
        vocabulary=vocabulary,
        classes=CLASSES,
        maxlen=maxlen,
        padding="pre",
        truncating="pre",
    )


@pytest.mark.parametrize(
    ("maxlen", "tokens"),
    [
        (7, ["<pad>", "<pad>", "<start>", "the", "bad", "film", "bad"]),
        (3, ["bad", "film", "bad"]),
    ],
)
def test_ids_as_kerass_reviews_have_them(maxlen, tokens):
    made = of_reviews(maxlen)
    text = "The bad <br /> film: BAD!"
    ids = made.task([text]).inputs[0]
    assert tokens_of_text(made, text, ids) == tokens
    known = [name.replace("bad", "<unknown>") for name in tokens]  # its id is 7
    assert names_of_ids(made, ids) == known


def test_unknown_words_keep_their_place():
    made = TextPreprocessor(vocabulary=Vocabulary(WORDS), classes=CLASSES, maxlen=4)
    for text, tokens in [
        ("Zebras film", ["zebras", "film", "<pad>", "<pad>"]),
        ("a b c d e", ["a", "b", "c", "d"]),
        ("", ["<pad>"] * 4),
    ]:
        assert tokens_of_text(made, text, made.task([text]).inputs[0]) == tokens
    with pytest.raises(UserError, match="`text` must be the one that the ids were"):
        tokens_of_text(made, "good film", made.task(["good"]).inputs[0])
