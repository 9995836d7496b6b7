"""What was read and made of it, in a few lines for a person."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqconv_jax.data.classes import Classes
from seqconv_jax.data.text.corpus import Corpus

if TYPE_CHECKING:
    from seqconv_jax.data.text.preprocessor import TextPreprocessor

__all__ = ["class_counts", "report"]

Counts = Mapping[str, tuple[int, int, int]]
Rows = Mapping[str, np.ndarray]

_PARTS = ("train", "validation", "test")
_MOST_LINES = 30
_LONGEST_NAME = 40
# Thai to Burmese, Khmer, and the kana and characters of Japanese and Chinese.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]"
)


def class_counts(
    classes: Classes, targets: np.ndarray, rows: Rows
) -> dict[str, tuple[int, int, int]]:
    """Return how many examples of each class train, validation and test have."""
    columns = []
    for part in _PARTS:
        of_part = targets[rows[part]]
        if classes.several:
            counts = of_part.sum(axis=0).astype(int)
        else:
            numbers = of_part[:, 0].astype(int)
            counts = np.bincount(numbers, minlength=len(classes.names))
        columns.append(counts.tolist())
    return dict(zip(classes.names, zip(*columns, strict=True), strict=True))


def report(
    corpus: Corpus,
    rows: Rows,
    inputs: np.ndarray,
    counts: Counts,
    preprocessor: "TextPreprocessor",
    notes: Sequence[str],
) -> str:
    """Return the lines.

    Args:
        corpus: the tokenised texts.
        rows: those of each part.
        inputs: `(n, maxlen)` ids.
        counts: of each class, by part.
        preprocessor: what made the inputs.
        notes: what reading found.
    """
    sizes = ", ".join(f"{part} {len(rows[part]):,}" for part in _PARTS)
    several = "labels, any number a text" if preprocessor.classes.several else "classes"
    lines = [*notes, f"texts: {sizes}; {len(counts):,} {several}"]
    lines += _class_lines(counts)
    lines += _duplicates(corpus, rows)
    lines += _lengths(corpus, rows["train"], preprocessor.maxlen)
    lines += _tokens(corpus, rows, inputs, preprocessor)
    return "\n".join(lines)


def _class_lines(counts: Counts) -> list[str]:
    shown = list(counts.items())[:_MOST_LINES]
    width = max(len("class"), *(len(name[:_LONGEST_NAME]) for name, _ in shown))
    lines = [f"  {'class':{width}}  " + "  ".join(f"{part:>10}" for part in _PARTS)]
    lines += [
        f"  {name[:_LONGEST_NAME]:{width}}  "
        + "  ".join(f"{count:>10,}" for count in each)
        for name, each in shown
    ]
    if len(counts) > len(shown):
        lines.append(f"  and {len(counts) - len(shown):,} more")
    return lines


def _duplicates(corpus: Corpus, rows: Rows) -> list[str]:
    """Say how many texts are empty or there more than once, space around them aside."""
    hashes, lines = corpus.hashes, []
    empty = int((hashes == 0).sum())
    if empty:
        lines.append(f"empty texts: {empty:,}")
    train = hashes[rows["train"]]
    distinct = np.unique(train[train != 0])
    within = int((train != 0).sum()) - len(distinct)
    if within:
        lines.append(f"duplicates: {within:,} texts of train are there before")
    for part in _PARTS[1:]:
        found = np.isin(hashes[rows[part]], distinct)
        if found.any():
            lines.append(
                f"duplicates: {int(found.sum()):,} of {len(found):,} {part} texts are "
                f"in train too, so that the {part} score flatters"
            )
    if len(corpus.codes):
        conflicts = _conflicts(hashes, corpus.codes)
        if conflicts:
            lines.append(f"duplicates: {conflicts:,} texts have more than one label")
    return lines


def _conflicts(hashes: np.ndarray, codes: np.ndarray) -> int:
    order = np.lexsort((codes, hashes))
    same = np.diff(hashes[order]) == 0
    differ = same & (np.diff(codes[order]) != 0) & (hashes[order][1:] != 0)
    return len(np.unique(hashes[order][1:][differ]))


def _lengths(corpus: Corpus, train: np.ndarray, maxlen: int) -> list[str]:
    lengths = corpus.lengths[train]
    median, usual = np.percentile(lengths, [50, 95])
    cut = float((lengths > maxlen).mean())
    return [
        f"tokens of a training text: median {median:,.0f}, 95 % at most {usual:,.0f}, "
        f"longest {lengths.max():,}; {maxlen:,} are kept, which cuts {cut:.1%} of them"
    ]


def _tokens(
    corpus: Corpus, rows: Rows, inputs: np.ndarray, preprocessor: "TextPreprocessor"
) -> list[str]:
    tokens = preprocessor.vocabulary.tokens
    unknown = preprocessor.vocabulary.oov
    rates = []
    for part in _PARTS:
        some = rows[part][:20_000]
        ids = inputs[some]
        if (ids != 0).any():
            rates.append(f"{part} {(ids == unknown).sum() / (ids != 0).sum():.1%}")
    lines = [
        f"vocabulary: {len(tokens):,} of {len(corpus.words):,} tokens "
        f"({preprocessor.tokenizer.describe()}); out of vocabulary: {', '.join(rates)}"
    ]
    some_words = corpus.words[:5000]
    unspaced = sum(bool(_UNSPACED.search(word)) for word in some_words)
    if preprocessor.tokenizer.rule == "words" and 2 * unspaced > len(some_words):
        lines.append(
            "most words are of scripts without spaces between words, such as Chinese, "
            "and may be whole sentences; take characters=1"
        )
    return lines
