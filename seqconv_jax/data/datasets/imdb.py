"""The IMDB reviews as a `Task`, prepared exactly as Keras prepares them."""

import math
import os
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np

from seqconv_jax._checks import expect, non_negative_int, positive_int
from seqconv_jax.data.files import find as sources
from seqconv_jax.data.datasets.synthetic_reviews import generated_reviews
from seqconv_jax.data.datasets.imdb_file import read_reviews
from seqconv_jax.data.text.sequences import Reviews, pad, to_ids
from seqconv_jax.data.task import Task
from seqconv_jax.data.text.vocabulary import IMDB_WORD_INDEX, decode, encode, load_word_index

__all__ = [
    "IMDB",
    "IMDB_WORD_INDEX",
    "ReviewTask",
    "decode",
    "encode",
    "load_imdb",
    "load_word_index",
]

IMDB = sources.Source(
    name="the IMDB reviews",
    filename="imdb.npz",
    url=sources.KERAS_DATASETS + "imdb.npz",
    suffixes=(".npz",),
    sha256="69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
    size=17_464_789,
    max_bytes=20_000_000,
)


@dataclass(frozen=True, kw_only=True)
class ReviewTask(Task):
    """Reviews as rows of word ids with the label 0 or 1 as the one target.

    Attributes:
        vocabulary: ids are below this: the rows that an embedding needs.
        data_source: "file", "cache", "download" or "generated".
        data_path: the file, or None where generated.
        data_sha256: the file's hash, or None where generated.
    """

    vocabulary: int
    data_source: str
    data_path: str | None = None
    data_sha256: str | None = None

    def without_validation(self) -> "ReviewTask":
        """Return the task that trains on the validation rows too and has none left.

        It is for the last step of "choose the number of epochs on validation, retrain
        on everything, then test".
        """
        return replace(
            self,
            train=np.concatenate([self.train, self.validation]),
            validation=np.zeros(0, np.int32),
        )


def load_imdb(
    path: str | os.PathLike[str] | None = None,
    *,
    num_words: int | None = 10_000,
    maxlen: int = 500,
    skip_top: int = 0,
    start: int | None = 1,
    oov: int | None = 2,
    shift: int = 3,
    seed: int = 113,
    padding: str = "pre",
    truncating: str = "pre",
    validation_fraction: float = 0.2,
    require_real: bool = False,
) -> ReviewTask:
    """Load the IMDB reviews: find, shuffle, cut the vocabulary, pad and split.

    The result is that of `keras.datasets.imdb.load_data`, `pad_sequences` and
    `fit(validation_split=...)`, one after the other, id for id.

    Args:
        path: `imdb.npz` or a directory with it; see `sources.find` for what happens
            without it.
        num_words: ids from here on become `oov`; None keeps all words.
        maxlen: tokens in a row: `maxlen` of Keras's `pad_sequences`. (That of its
            `load_data` drops long reviews instead; there is no such option here.)
        skip_top: ids below this become `oov`.
        start: the mark before each review; None for no mark.
        oov: the id of words out of vocabulary; None leaves them out.
        shift: what is added to each word's rank; Keras's `index_from`.
        seed: of the shuffle within train and within test.
        padding: the side of a short review that gets zeros, "pre" or "post".
        truncating: the side of a long review that is cut, "pre" or "post".
        validation_fraction: the part of train, at its end, to validate on.
        require_real: raise where the generated stand-in would be used.

    Returns:
        The task: train rows, then test rows, `(50_000, maxlen)` uint16 if the
        vocabulary allows it, else int32.

    Raises:
        UserError: if an option is out of range, or the data cannot be found or used.
    """
    positive_int("maxlen", maxlen)
    expect(0 <= seed < 1 << 32, "seed", "from 0 to 2 ** 32 - 1", seed)
    _check_ids(num_words, {"start": start, "oov": oov}, skip_top=skip_top, shift=shift)
    found = sources.find(IMDB, path, require_real=require_real)
    to_these_ids = partial(
        to_ids,
        num_words=num_words,
        skip_top=skip_top,
        start=start,
        oov=oov,
        shift=shift,
    )
    splits = [to_these_ids(reviews) for reviews in _shuffled(_read(found), seed)]
    highest = max(int(split.tokens.max(initial=0)) for split in splits)
    vocabulary = highest + 1 if num_words is None else num_words
    dtype = np.uint16 if vocabulary <= 1 << 16 else np.int32
    inputs = [
        pad(split, maxlen, padding=padding, truncating=truncating, dtype=dtype)
        for split in splits
    ]
    labels = np.concatenate([split.labels for split in splits])
    train, validation, test = _rows(*map(len, splits), fraction=validation_fraction)
    return ReviewTask(
        inputs=np.concatenate(inputs),
        targets=labels.astype(np.float32)[:, None],
        offsets=None,
        train=train,
        validation=validation,
        test=test,
        vocabulary=vocabulary,
        data_source=found.source,
        data_path=str(found.path) if found.path else None,
        data_sha256=found.sha256,
    )


def _check_ids(
    num_words: int | None, marks: dict[str, int | None], **others: int
) -> None:
    if num_words is not None:
        positive_int("num_words", num_words)
    given = {name: mark for name, mark in marks.items() if mark is not None}
    for name, number in {**given, **others}.items():
        non_negative_int(name, number)
        expect(number <= 1 << 30, name, "at most 2 ** 30", number)
    # a start mark out of the vocabulary becomes `oov`; that itself must be inside
    if num_words is not None and "oov" in given:
        expect(
            given["oov"] < num_words,
            "oov",
            f"below `num_words` ({num_words})",
            given["oov"],
        )


def _rows(
    train: int, test: int, *, fraction: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the train, validation and test rows where all of train comes first."""
    expect(0.0 <= fraction < 1.0, "validation_fraction", "a number in [0, 1)", fraction)
    # the very expression of Keras, so that rounding agrees for every fraction
    fitted = math.floor(train * (1.0 - fraction))
    expect(
        fitted > 0, "validation_fraction", "one that leaves rows to train on", fraction
    )
    ends = [0, fitted, train, train + test]
    first, second, third = (np.arange(*span, dtype=np.int32) for span in pairwise(ends))
    return first, second, third


def _read(found: sources.Found) -> tuple[Reviews, Reviews]:
    if found.path is None or found.sha256 is None:
        return generated_reviews()
    return read_reviews(found.path, found.sha256)


def _shuffled(splits: tuple[Reviews, Reviews], seed: int) -> list[Reviews]:
    """Shuffle each split by one generator, train first, as Keras does."""
    generator = np.random.RandomState(seed)
    orders = [np.arange(len(split)) for split in splits]
    for order in orders:
        generator.shuffle(order)
    return [split.take(order) for split, order in zip(splits, orders, strict=True)]
