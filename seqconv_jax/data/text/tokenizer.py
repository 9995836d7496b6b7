"""From a text to its tokens: words, or pieces of so many characters."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from seqconv_jax._checks import UserError, expect, flag, one_of, positive_int
from seqconv_jax.data.text.vocabulary import split_words

__all__ = ["Tokenizer"]

RULES = ("words", "keras", "characters")


@dataclass(frozen=True)
class Tokenizer:
    """The rule by which a text is cut into tokens.

    By the rule "words", a word is a run of letters, digits and underscores of any
    script, accents and other marks included, and apostrophes inside it; an emoji, or
    another of Unicode's symbols that are neither signs of mathematics nor of money, is
    a word of its own, whatever its colour; all else separates words. Texts are
    lower-cased, accents composed (Unicode's NFC), and the typographic apostrophe counts
    as the plain one. Languages that put no spaces between words want `characters`.

    >>> Tokenizer().tokens("Don't miss the “Café” (2nd floor), it's 3.5/5!")
    ["don't", 'miss', 'the', 'café', '2nd', 'floor', "it's", '3', '5', '5']
    >>> Tokenizer().tokens("great👍🏽👍 ❤️")
    ['great', '👍', '👍', '❤']
    >>> Tokenizer("characters", characters=(2, 3)).tokens("Abc d")
    ['ab', 'abc', 'bc', 'bc ', 'c ', 'c d', ' d']

    Attributes:
        rule: "words"; "keras", that of `split_words`; or "characters": all pieces of
            so many characters, in the order of the text, runs of white space being one
            space.
        lower: whether texts are lower-cased; "keras" always does it.
        characters: fewest and most characters of a piece, `(1, 1)` for single ones;
            None with the other rules.
    """

    rule: str = "words"
    lower: bool = True
    characters: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Look at the settings once."""
        one_of("rule", self.rule, RULES)
        flag("lower", self.lower)
        if (self.characters is not None) != (self.rule == "characters"):
            raise UserError(
                "`characters` must be given with the rule 'characters' and no other, "
                f"got {self.characters!r} with {self.rule!r}"
            )
        if self.characters is not None:
            object.__setattr__(self, "characters", _two_sizes(self.characters))

    @classmethod
    def of(cls, characters: Any = None, *, lower: bool = True) -> "Tokenizer":
        """Return that of words, or of pieces of so many characters.

        >>> Tokenizer.of(1).characters, Tokenizer.of((3, 5)).rule
        ((1, 1), 'characters')
        """
        if characters is None:
            return cls(lower=lower)
        sizes = characters
        if not isinstance(characters, tuple | list):
            sizes = (characters, characters)
        return cls("characters", lower, sizes)

    def tokens(self, text: str) -> list[str]:
        """Return the tokens of a text, in its order.

        Raises:
            UserError: for what is no text.
        """
        if not isinstance(text, str):
            expect(False, "text", "a text", text)
        if self.rule == "keras":
            return split_words(text)
        if self.characters is not None:
            text = unicodedata.normalize("NFC", text)
            return _pieces(text.lower() if self.lower else text, *self.characters)
        return _words(text, self.lower)

    def describe(self) -> str:
        """Return the rule in a few words."""
        case = "lower case" if self.lower else "case kept"
        if self.characters is None:
            keras = ", split as Keras does" if self.rule == "keras" else ""
            return f"words{keras}, {case}"
        low, high = self.characters
        sizes = str(low) if low == high else f"{low} to {high}"
        return f"pieces of {sizes} character{'s' * (high > 1)}, {case}"

    def settings(self) -> dict[str, Any]:
        """Return what `from_settings` makes an equal one of: strict JSON."""
        pair = None if self.characters is None else list(self.characters)
        return {**asdict(self), "characters": pair}

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> "Tokenizer":
        """Return the tokenizer that has these settings.

        Raises:
            UserError: for settings that none has.
        """
        mapped = isinstance(settings, Mapping)
        known = mapped and settings.keys() <= {"rule", "lower", "characters"}
        expect(known, "settings", "those of a tokenizer", settings)
        return cls(**settings)


def _two_sizes(sizes: Any) -> tuple[int, int]:
    pair = isinstance(sizes, tuple | list) and len(sizes) == 2
    expect(pair, "characters", "fewest and most characters of a piece", sizes)
    low, high = (positive_int("characters", size) for size in sizes)
    expect(low <= high <= 20, "characters", "rising, at most 20", sizes)
    return low, high


def _pieces(text: str, low: int, high: int) -> list[str]:
    text = " ".join(text.split())
    if high == 1:
        return list(text)
    end, sizes = len(text), range(low, high + 1)
    return [
        text[at : at + size]
        for at in range(end - low + 1)
        for size in sizes
        if at + size <= end
    ]


def _words(text: str, lower: bool) -> list[str]:
    """Return runs of word characters, apostrophes only between two of them."""
    if text.isascii():
        text = text.translate(_LOWER_TABLE if lower else _TABLE)
    else:
        text = unicodedata.normalize("NFC", text).replace("’", "'")
        text = text.lower() if lower else text
        for mark in set(text):
            if mark > _LAST_ASCII and (instead := _instead(mark)) != mark:
                text = text.replace(mark, instead)
        # In UTF-8, bytes below 128 are ASCII characters and nothing else.
        encoded = text.encode("utf-8", "surrogatepass")
        text = encoded.translate(_BYTES).decode("utf-8", "surrogatepass")
    if "'" in text:
        text = f" {text} ".replace("''", "  ").replace("' ", "  ").replace(" '", "  ")
    words = text.split()
    if any(mark in text for mark in _JOINERS):  # which stand alone between emojis
        words = [word for word in words if word.strip(_JOINERS)]
    return words


_LAST_ASCII = chr(127)
_CHARACTERS = "".join(map(chr, range(128)))
_TABLE = re.sub(r"[^\w']", " ", _CHARACTERS, flags=re.ASCII)
_LOWER_TABLE = _TABLE.lower()
_BYTES = _TABLE.encode() + bytes(range(128, 256))


@lru_cache(maxsize=1 << 15)
def _instead(character: str) -> str:
    """Return what a character becomes: itself in words, a space, or a word of its own.

    Vowels in Hindi are marks, and words in Persian have joiners. What selects the form
    of an emoji before it is a mark as well, and no part of a word.
    """
    kind = unicodedata.category(character)
    if kind == "So":
        return f" {character} "
    if "\ufe00" <= character <= "\ufe0f":
        return ""
    in_words = character.isalnum() or kind[0] == "M" or character in _JOINERS
    return character if in_words else " "


_JOINERS = "\u200c\u200d"
