"""Words as the rule says, pieces of characters, and settings that lead back."""

import re
import unicodedata
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqconv_jax import UserError
from seqconv_jax.data.text import Tokenizer


def by_rule(text):
    """The rule as a pattern: runs of letters, digits, marks, apostrophes inside."""
    text = unicodedata.normalize("NFC", text).replace("’", "'").lower()
    text = re.sub("[\ufe00-\ufe0f]", "", text)
    kept = [
        f" {c} "
        if unicodedata.category(c) == "So"
        else c
        if c.isalnum() or c in "_'\u200c\u200d" or unicodedata.category(c)[0] == "M"
        else " "
        for c in text
    ]
    words = re.findall(r"[^ ']+(?:'[^ ']+)*", "".join(kept))
    return [word for word in words if word.strip("\u200c\u200d")]


@given(
    st.text(
        st.sampled_from("aB1_'’ \n.,é\u0301ह\u093f文\u200c—İ👍\ufe0f\u200d"),
        max_size=30,
    )
)
def test_words_are_those_of_the_rule(text):
    assert Tokenizer().tokens(text) == by_rule(text)


def test_any_text_has_the_words_of_the_rule():
    random = Random(0)
    for _ in range(300):
        highest = random.choice([0x80, 0x250, 0x3000, 0x20000])
        text = "".join(chr(random.randrange(highest)) for _ in range(30))
        assert Tokenizer().tokens(text) == by_rule(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "It's 'quoted' rock'n'roll, dogs' end''s",
            "it's quoted rock'n'roll dogs end s",
        ),
        ("Cafe\u0301 CAFÉ naïve", "café café naïve"),
        ("हिन्दी में", "हिन्दी में"),
        ("ok👍🏽❤️👨\u200d👩 🇩🇪™", "ok 👍 ❤ 👨 👩 🇩 🇪 ™"),
        ("snake_case 3.14 a-b", "snake_case 3 14 a b"),
        ("", ""),
    ],
)
def test_words(text, words):
    assert Tokenizer().tokens(text) == words.split()


def test_case_is_kept_on_request():
    assert Tokenizer(lower=False).tokens("A Film, É") == ["A", "Film", "É"]
    assert Tokenizer.of(1, lower=False).tokens("Ab") == ["A", "b"]


def test_pieces_of_characters():
    assert Tokenizer.of(1).tokens(" 我 愛\n") == ["我", " ", "愛"]
    assert Tokenizer.of((2, 3)).tokens("abc") == ["ab", "abc", "bc"]
    assert Tokenizer.of((3, 5)).tokens("ab") == []


@pytest.mark.parametrize("characters", [None, 1, (3, 5)])
def test_settings_lead_back(characters):
    tokenizer = Tokenizer.of(characters, lower=False)
    assert Tokenizer.from_settings(tokenizer.settings()) == tokenizer


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Tokenizer("bpe"), "`rule` must be one of"),
        (lambda: Tokenizer("words", characters=(1, 2)), "`characters`"),
        (lambda: Tokenizer("characters"), "`characters`"),
        (lambda: Tokenizer.of((5, 3)), "rising"),
        (lambda: Tokenizer.of((0, 3)), "positive"),
        (lambda: Tokenizer.of("ab"), "positive integer"),
        (lambda: Tokenizer().tokens(3), "`text` must be a text"),  # type: ignore
        (lambda: Tokenizer.from_settings({"size": 3}), "settings"),
    ],
)
def test_errors(call, words):
    with pytest.raises(UserError, match=words):
        call()
