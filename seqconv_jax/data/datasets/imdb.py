"""The IMDB reviews as a `Task`, prepared exactly as Keras prepares them."""

import math
import os
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise

import numpy as np

from seqconv_jax._checks import expect, non_negative_int, positive_int
from seqconv_jax._memory import expect_memory, machine_memory
from seqconv_jax.data.datasets.imdb_file import read_reviews
from seqconv_jax.data.datasets.imdb_preprocessor import reviews_preprocessor
from seqconv_jax.data.datasets.synthetic_reviews import (
    generated_reviews,
    generated_word_index,
)
from seqconv_jax.data.files.cache import cache_dir
from seqconv_jax.data.files.find import find
from seqconv_jax.data.files.origin import Origin
from seqconv_jax.data.files.source import KERAS_DATASETS, Source
from seqconv_jax.data.task import Task
from seqconv_jax.data.text.preprocessor import TextPreprocessor
from seqconv_jax.data.text.sequences import LabelledSequences, pad, to_ids
from seqconv_jax.data.text.vocabulary import read_word_index

__all__ = [
    "IMDB",
    "IMDB_WORD_INDEX",
    "ReviewTask",
    "load_imdb",
    "load_word_index",
]

IMDB = Source(
    name="the IMDB reviews",
    filename="imdb.npz",
    url=KERAS_DATASETS + "imdb.npz",
    suffixes=(".npz",),
    sha256="69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
    size=17_464_789,
    max_bytes=20_000_000,
)

IMDB_WORD_INDEX = Source(
    name="the IMDB word index",
    filename="imdb_word_index.json",
    url=KERAS_DATASETS + "imdb_word_index.json",
    suffixes=(".json",),
    sha256="027313fe9a320280f3bf0fac5baf58c4a683cf39a7ed9c3d3d3912bde4284cf6",
    size=1_641_221,
    max_bytes=4_000_000,
)


@dataclass(frozen=True, kw_only=True)
class ReviewTask(Task):
    """Reviews as rows of word ids with the label 0 or 1 as the one target.

    Attributes:
        vocabulary: ids are below this: the rows that an embedding needs.
        preprocessor: takes raw reviews; None without a word index.
    """

    vocabulary: int
    preprocessor: TextPreprocessor | None = field(default=None, repr=False)

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
        path: `imdb.npz` or a directory with it; see `files.find` for what happens
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
        vocabulary allows it, else int32. Its preprocessor, which takes raw reviews,
        needs `imdb_word_index.json` beside the file or in the cache; without it there
        is none, and nothing is downloaded for it.

    Raises:
        UserError: if an option is out of range, or the data cannot be found or used.

    Warns:
        GeneratedDataWarning: where there is no file and a stand-in takes its place.
        UserWarning: where a split has reviews of one class only.

    Example:
        >>> import pathlib, tempfile
        >>> reviews = np.empty(10, object)
        >>> reviews[:] = [[rank] * 9 for rank in range(1, 11)]
        >>> labels = np.arange(10) % 2
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "imdb.npz")
        ...     np.savez(
        ...         path, x_train=reviews, y_train=labels, x_test=reviews, y_test=labels
        ...     )
        ...     task = load_imdb(path, num_words=100, maxlen=8)
        >>> task.example.shape, task.targets.shape, len(task.validation)
        ((1, 8), (20, 1), 2)
    """
    positive_int("maxlen", maxlen)
    expect(0 <= seed < 1 << 32, "seed", "from 0 to 2 ** 32 - 1", seed)
    _check_ids(num_words, {"start": start, "oov": oov}, skip_top=skip_top, shift=shift)
    origin = find(IMDB, path, require_real=require_real)
    to_these_ids = partial(
        to_ids,
        num_words=num_words,
        skip_top=skip_top,
        start=start,
        oov=oov,
        shift=shift,
    )
    splits = [to_these_ids(reviews) for reviews in _shuffled(_read(origin), seed)]
    highest = max(int(split.tokens.max(initial=0)) for split in splits)
    vocabulary = highest + 1 if num_words is None else num_words
    dtype = np.uint16 if vocabulary <= 1 << 16 else np.int32
    padded = maxlen * sum(map(len, splits)) * dtype().itemsize
    expect_memory("maxlen", maxlen, padded, machine_memory())
    inputs = [
        pad(split, maxlen, padding=padding, truncating=truncating, dtype=dtype)
        for split in splits
    ]
    labels = np.concatenate([split.labels for split in splits])
    index = _word_index_of(origin)
    preprocessor = None
    if index is not None:
        preprocessor = reviews_preprocessor(
            index,
            num_words=vocabulary,
            maxlen=maxlen,
            skip_top=skip_top,
            start=start,
            oov=oov,
            shift=shift,
            padding=padding,
            truncating=truncating,
        )
    train, validation, test = _rows(*map(len, splits), fraction=validation_fraction)
    return ReviewTask(
        inputs=np.concatenate(inputs),
        targets=labels.astype(np.float32)[:, None],
        offsets=None,
        train=train,
        validation=validation,
        test=test,
        vocabulary=vocabulary,
        origin=origin,
        preprocessor=preprocessor,
    )


def load_word_index(
    path: str | os.PathLike[str] | None = None, *, max_bytes: int = 16_000_000
) -> dict[str, int]:
    """Load the table from words to ranks, 1 for the most frequent word.

    Args:
        path: `imdb_word_index.json` or a directory with it; without it the file is
            looked for as `files.find` does. There is no stand-in; the words of
            generated reviews are in `generated_word_index()`.
        max_bytes: the largest file that is read.

    Returns:
        Each word with its rank.

    Raises:
        UserError: if the file cannot be found, is too large or is no such table.
    """
    origin = find(IMDB_WORD_INDEX, path, require_real=True)
    assert origin.path is not None  # `require_real` leaves no other way
    return read_word_index(origin.path, max_bytes=max_bytes)


def _word_index_of(origin: Origin) -> dict[str, int] | None:
    """Return the word index of the reviews, if it lies where they do or in the cache.

    Raises:
        UserError: if it is no word index.
    """
    if origin.path is None:
        return generated_word_index()
    for folder in (origin.path.parent, cache_dir()):
        path = folder / IMDB_WORD_INDEX.filename
        if path.is_file():
            return read_word_index(path, max_bytes=IMDB_WORD_INDEX.max_bytes)
    return None


def _check_ids(
    num_words: int | None, marks: dict[str, int | None], **others: int
) -> None:
    if num_words is not None:
        positive_int("num_words", num_words)
        expect(num_words <= 1 << 30, "num_words", "at most 2 ** 30", num_words)
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


def _read(origin: Origin) -> tuple[LabelledSequences, LabelledSequences]:
    if origin.path is None or origin.sha256 is None:
        return generated_reviews()
    return read_reviews(origin.path, origin.sha256)


def _shuffled(
    splits: tuple[LabelledSequences, LabelledSequences], seed: int
) -> list[LabelledSequences]:
    """Shuffle each split by one generator, train first, as Keras does."""
    generator = np.random.RandomState(seed)
    orders = [np.arange(len(split)) for split in splits]
    for order in orders:
        generator.shuffle(order)
    return [split.take(order) for split, order in zip(splits, orders, strict=True)]
