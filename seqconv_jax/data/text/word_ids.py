"""A fixed vocabulary: from the tokens of texts to the ids that a network sees."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError, expect, non_negative_int
from seqconv_jax.data.text.sequences import TokenSequences, to_ids

__all__ = ["Vocabulary"]


@dataclass(frozen=True)
class Vocabulary:
    """The tokens that are known, and which id each has.

    Id 0 is padding. With the defaults 1 is out of vocabulary, every unknown token, and
    the most frequent one has 2. Keras's reviews have other ids: a mark in front and a
    vocabulary that is cut later, which the last five settings say as `to_ids` does.

    >>> Vocabulary(("film", "good")).ids([["good", "film", "noir"], []]).tokens.tolist()
    [3, 2, 1]

    Attributes:
        tokens: from the most frequent one.
        shift: id of a token less its rank, which is 1 for the first one.
        oov: id of tokens whose own is out of bounds; None leaves them out.
        unknown: whether tokens that are not known count, as rank 0, or are left out.
        start: id in front of every text; None for none.
        num_words: ids from here on are `oov`; None for no limit.
        skip_top: ids below this are `oov`.
    """

    tokens: tuple[str, ...]
    shift: int = 1
    oov: int | None = 1
    unknown: bool = True
    start: int | None = None
    num_words: int | None = None
    skip_top: int = 0

    def __post_init__(self) -> None:
        """Look at the settings once."""
        listed = isinstance(self.tokens, tuple | list)
        texts = listed and all(isinstance(token, str) for token in self.tokens)
        expect(texts, "tokens", "a list of texts", self.tokens)
        object.__setattr__(self, "tokens", tuple(self.tokens))
        different = len(set(self.tokens)) == len(self.tokens)
        expect(different, "tokens", "all different", f"{len(self.tokens):,} tokens")
        for name in ("shift", "skip_top"):
            non_negative_int(name, getattr(self, name))
        for name in ("oov", "start", "num_words"):
            if (value := getattr(self, name)) is not None:
                non_negative_int(name, value)

    @property
    def size(self) -> int:
        """Ids are below this: the rows that an embedding needs."""
        if self.num_words is not None:
            return self.num_words
        return max(len(self.tokens) + self.shift, self.oov or 0, self.start or 0) + 1

    @property
    def dtype(self) -> type:
        """The smallest type of integers that holds every id."""
        return next(t for t in _TYPES if self.size - 1 <= np.iinfo(t).max)

    def ids(self, texts: Iterable[Sequence[str]]) -> TokenSequences:
        """Return the ids of tokenised texts."""
        rank = self._rank
        if self.unknown:
            rows = [[rank.get(token, 0) for token in tokens] for tokens in texts]
        else:
            rows = [[rank[t] for t in tokens if t in rank] for tokens in texts]
        return to_ids(
            TokenSequences.of(rows),
            num_words=self.num_words,
            skip_top=self.skip_top,
            start=self.start,
            oov=self.oov,
            shift=self.shift,
        )

    def settings(self) -> dict[str, Any]:
        """Return what `from_settings` makes an equal one of: strict JSON."""
        return {**asdict(self), "tokens": list(self.tokens)}

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> "Vocabulary":
        """Return the vocabulary that has these settings.

        Raises:
            UserError: for settings that none has.
        """
        try:
            return cls(**settings)
        except TypeError as error:
            raise UserError(
                f"`settings` must be those of a vocabulary: {error}"
            ) from None

    @cached_property
    def _rank(self) -> dict[str, int]:
        return {token: rank for rank, token in enumerate(self.tokens, 1)}


_TYPES = (np.uint8, np.uint16, np.int32)
