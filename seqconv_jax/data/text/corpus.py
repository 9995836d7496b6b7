"""Texts as numbers in one pass: tokens in the order they first came, labels, hashes.

Which texts are for training is known only once all labels are, so the vocabulary comes
after reading. No text is kept: a token takes four bytes, a text some thirty more.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax._memory import machine_memory
from seqconv_jax.data.text.texts import Batch, Label, Texts
from seqconv_jax.data.text.tokenizer import Tokenizer

__all__ = ["PARTS", "Corpus", "check_classes", "read_corpus"]

LONGEST_TEXT = 1 << 20
"""Characters of a text that are looked at; what is behind them is cut off."""
_MOST_CLASSES = 1000
_BLOCK = 1 << 22  # tokens that are worked on at a time


@dataclass(frozen=True, eq=False)
class Corpus:
    """Tokenised texts.

    Attributes:
        tokens: `(total,)` int32, numbers of tokens, in the order they first came.
        offsets: `(n + 1,)` int64: text `i` has `tokens[offsets[i] : offsets[i + 1]]`.
        lengths: `(n,)` int32, tokens before any cut.
        hashes: `(n,)` int64 of each text without the space around it; 0 where empty.
        codes: `(n,)` int32, into `labels`.
        words: the token of each number.
        labels: the different labels, in the order they came; empty without labels.
        parts: `(n,)` int8, into `PARTS`.
        names: what to call each text; None for row numbers.
    """

    tokens: np.ndarray
    offsets: np.ndarray
    lengths: np.ndarray
    hashes: np.ndarray
    codes: np.ndarray
    words: list[str]
    labels: list[Label]
    parts: np.ndarray
    names: list[str] | None

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self.lengths)

    def blocks(self) -> Iterator[tuple[int, int]]:
        """Yield first row and end of parts with a few million tokens, or one row."""
        first = 0
        while first < len(self):
            most = self.offsets[first] + _BLOCK
            end = max(int(np.searchsorted(self.offsets, most, "right")) - 1, first + 1)
            yield first, end
            first = end


PARTS = (None, "train", "validation", "test")


def read_corpus(
    sources: Iterable[tuple[str | None, Texts]],
    tokenizer: Tokenizer,
    *,
    longest: int,
    truncating: str,
    scratch: Path | None = None,
) -> Corpus:
    """Read and tokenise texts.

    Args:
        sources: texts, with the part they are for where it is given.
        tokenizer: how to cut them.
        longest: tokens of a text that are kept.
        truncating: the side that is cut, "pre" or "post".
        scratch: a file to make, for the tokens; None to keep them in memory.

    Raises:
        UserError: for no text, labels that are no classes, and more than fits.
    """
    where = ""
    with ExitStack() as stack:
        file = None if scratch is None else stack.enter_context(scratch.open("xb"))
        reading = _Reading(tokenizer, min(longest, LONGEST_TEXT), truncating, file)
        for given, texts in sources:
            where = texts.where
            for batch in texts.batches():
                reading.add(batch, given, several=texts.several, where=where)
    tokens = None if scratch is None else _mapped(scratch)
    corpus = reading.corpus(tokens)
    if not len(corpus):
        raise UserError(f"{where} holds no text")
    return corpus


class _Reading:
    """The columns of a corpus as they grow, in memory that is never copied whole."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        longest: int,
        truncating: str,
        file: IO[bytes] | None,
    ):
        self._tokens_of, self._longest = tokenizer.tokens, longest
        end = truncating == "pre"
        self._kept = slice(-longest, None) if end else slice(longest)
        self._number, self._label_number = _numbering(), _numbering()
        self._columns = {name: bytearray() for name in _COLUMNS}
        self._names: list[str] | None = []
        self._file = file  # of the tokens
        self._memory = machine_memory()

    def add(self, batch: Batch, part: str | None, *, several: bool, where: str):
        """Take in the texts of a batch."""
        self._extend("lengths", [self._add_tokens(text) for text in batch.texts])
        self._extend("hashes", [_hash(text) for text in batch.texts])
        codes = map(self._label_number.__getitem__, batch.labels or ())
        self._extend("codes", list(codes))
        if not several:
            check_classes(len(self._label_number), where)
        number = PARTS.index(batch.part or part)
        self._extend("parts", [number] * len(batch.texts))
        if batch.names is None:
            self._names = None
        elif self._names is not None:
            self._names += batch.names
        used = len(self._columns["tokens"])
        if self._memory is not None and 2 * used > self._memory:
            raise UserError(
                f"{where} has more tokens than fit in memory; give a smaller maxlen, "
                "or words in place of pieces of characters"
            )

    def corpus(self, tokens: np.ndarray | None) -> Corpus:
        """Return what has been read, with the tokens that were written to a file."""
        columns = {
            name: np.frombuffer(content, _COLUMNS[name])
            for name, content in self._columns.items()
        }
        if tokens is not None:
            columns["tokens"] = tokens
        kept = np.minimum(columns["lengths"], self._longest)
        offsets = np.zeros(len(kept) + 1, np.int64)
        np.cumsum(kept, out=offsets[1:])
        return Corpus(
            **columns,
            offsets=offsets,
            words=list(self._number),
            labels=list(self._label_number),
            names=self._names or None,
        )

    def _add_tokens(self, text: str) -> int:
        """Add a text's tokens, as many as are kept, and return how many it has."""
        found = self._tokens_of(text[:LONGEST_TEXT])
        self._extend("tokens", [self._number[token] for token in found[self._kept]])
        return len(found)

    def _extend(self, name: str, values: list[int]) -> None:
        content = np.array(values, _COLUMNS[name]).tobytes()
        if name == "tokens" and self._file is not None:
            self._file.write(content)
        else:
            self._columns[name] += content


_COLUMNS = {
    "tokens": np.int32,
    "lengths": np.int32,
    "hashes": np.int64,
    "codes": np.int32,
    "parts": np.int8,
}


def _mapped(path: Path) -> np.ndarray:
    if not path.stat().st_size:  # which cannot be mapped
        return np.zeros(0, np.int32)
    return np.memmap(path, np.int32, "r")


def _numbering() -> dict:
    """Return a mapping that gives each new key the next number, from 0."""
    numbers: defaultdict = defaultdict()
    numbers.default_factory = numbers.__len__
    return numbers


def _hash(text: str) -> int:
    bare = text.strip()
    return (hash(bare) or 1) if bare else 0


def check_classes(count: int, where: str) -> None:
    """Raise for more labels than anybody has classes, such as a column of ids."""
    if count > _MOST_CLASSES:
        raise UserError(
            f"{where} has more than {_MOST_CLASSES:,} different labels; is the label "
            "column one of classes?"
        )
