"""Texts and labels as a task, with the vocabulary of its training texts."""

import os
from dataclasses import dataclass, field
from typing import Any

from seqconv_jax._checks import UserError, expect, is_number, one_of, positive_int
from seqconv_jax.data.classes import Classes
from seqconv_jax.data.files.array_folder import NewFolder, holds
from seqconv_jax.data.task import Task
from seqconv_jax.data.text.corpus import read_corpus
from seqconv_jax.data.text.fitted import fit_vocabulary, padded_ids, usual_length
from seqconv_jax.data.text.parts import check_counts, classes_of, rows_of_parts
from seqconv_jax.data.text.preprocessor import TextPreprocessor
from seqconv_jax.data.text.read import read_texts
from seqconv_jax.data.text.report import class_counts, report
from seqconv_jax.data.text.table import frame_options, texts_of_frame
from seqconv_jax.data.text.texts import Texts
from seqconv_jax.data.text.tokenizer import Tokenizer

__all__ = ["TextTask", "make_task", "text_task"]

LONGEST_WORDS, LONGEST_PIECES = 500, 2000
"""The most tokens of a text where none are asked for: of words, and of pieces."""


@dataclass(frozen=True, kw_only=True)
class TextTask(Task):
    """Texts as rows of token ids, padded with 0, with their classes as targets.

    Attributes:
        vocabulary: ids are below this: the rows that an embedding needs.
        classes: what the outputs stand for.
        counts: the texts of each class in train, validation and test.
        report: what was read and made of it, a few lines for a person.
        preprocessor: does the same to new texts.
    """

    preprocessor: TextPreprocessor = field(repr=False)
    vocabulary: int
    classes: Classes
    counts: dict[str, tuple[int, int, int]] = field(repr=False)
    report: str = field(repr=False)


def text_task(
    data: Any,
    labels: Any = None,
    *,
    validation: Any = 0.15,
    test: Any = 0.15,
    characters: Any = None,
    lower: bool = True,
    max_words: int = 20_000,
    min_count: int = 2,
    maxlen: int | None = None,
    truncating: str = "post",
    seed: int = 0,
    **reading: Any,
) -> TextTask:
    """Return texts and labels as what `fit` trains on.

    The vocabulary is that of the training texts: tokens that are there `min_count`
    times, at most `max_words` of them, the most frequent first. Id 0 is padding and 1
    out of vocabulary, which with `min_count` above 1 is trained like any other. A model
    whose `mask_id` is 0, such as `TextConvNet(mask_id=0)`, sees no padding.

    Args:
        data: a file or folder, what `read_texts` returned, a pandas frame with a column
            of texts and one of labels, or a list of texts; or a folder that
            `convert_texts` made, which is opened as it was converted, whatever the
            options.
        labels: a label each, or with `several=True` a list each, of a list of texts.
        validation: what part of the training texts to validate on, drawn so that every
            class has its share; or texts of their own: a file or folder, what
            `read_texts` returned, or a pair of lists `(texts, labels)`. A part that
            the data has itself, such as a folder `validation/`, goes before a rate.
        test: the same for testing; drawn from all texts.
        characters: fewest and most characters of a token, such as `(3, 5)`, or 1 for
            single characters; None for words. See `Tokenizer`.
        lower: whether texts are lower-cased.
        max_words: tokens of the vocabulary, padding and out-of-vocabulary not counted.
        min_count: how often a token of the vocabulary is in the training texts.
        maxlen: tokens of a text that are kept; None takes the length that 95 % of the
            training texts do not exceed, at most 500 words or 2,000 pieces.
        truncating: the side of a longer text that is cut, "post" or "pre".
        seed: what is drawn for validation and testing follows from it.
        **reading: options of `read_texts`, such as `text="review"`; of a frame, those
            about columns and labels, of a list only `several`.

    Returns:
        The task: its rows are in the order of the source, `(n, maxlen)` uint8, uint16
        or int32. Targets are those of `Classes.targets`.

    Raises:
        UserError: for what cannot be read, for one class or a thousand, and for a class
            that is not in every part.

    Example:
        >>> texts = ["a good film", "good fun", "so good"]
        >>> texts += ["a bad film", "bad", "so bad"]
        >>> task = text_task(texts, list("pppnnn"), validation=0, test=2 / 6)
        >>> task.classes.names, task.inputs.shape, task.counts
        (('n', 'p'), (6, 3), {'n': (2, 0, 1), 'p': (2, 0, 1)})
        >>> task.preprocessor.task(["is it good?"]).inputs.tolist()
        [[1, 1, 2]]
    """
    if isinstance(data, str | os.PathLike) and holds(data, "texts"):
        from seqconv_jax.data.text.convert import open_texts

        return open_texts(data)
    return make_task(
        data,
        labels,
        validation=validation,
        test=test,
        characters=characters,
        lower=lower,
        max_words=max_words,
        min_count=min_count,
        maxlen=maxlen,
        truncating=truncating,
        seed=seed,
        reading=reading,
    )


def make_task(
    data: Any,
    labels: Any,
    *,
    validation: Any,
    test: Any,
    characters: Any,
    lower: bool,
    max_words: int,
    min_count: int,
    maxlen: int | None,
    truncating: str,
    seed: int,
    reading: dict[str, Any],
    folder: NewFolder | None = None,
) -> TextTask:
    """Return what `text_task` does; a folder gets the inputs, not the memory."""
    positive_int("max_words", max_words)
    positive_int("min_count", min_count)
    one_of("truncating", truncating, ("pre", "post"))
    tokenizer = Tokenizer.of(characters, lower=lower)
    longest = LONGEST_WORDS if characters is None else LONGEST_PIECES
    longest = longest if maxlen is None else positive_int("maxlen", maxlen)
    texts = _texts("data", data, labels, reading)
    given: list[tuple[str | None, Texts]] = [(None, texts)]
    rates: dict[str, float] = {}
    for name, part in (("validation", validation), ("test", test)):
        if is_number(part):
            rates[name] = part
        else:
            given.append((name, _part(name, part, texts)))
    corpus = read_corpus(
        given,
        tokenizer,
        longest=longest,
        truncating=truncating,
        scratch=None if folder is None else folder.scratch,
    )
    rows = rows_of_parts(corpus, rates, seed, texts.where)
    classes, targets = classes_of(corpus, texts.several, texts.where)
    counts = class_counts(classes, targets, rows)
    check_counts(counts, rows, texts)
    size = maxlen or usual_length(corpus, rows["train"], longest)
    vocabulary, numbers = fit_vocabulary(corpus, rows["train"], max_words, min_count)
    dtype = vocabulary.dtype
    inputs = padded_ids(corpus, numbers, size, dtype, truncating, folder)
    preprocessor = TextPreprocessor(
        tokenizer=tokenizer,
        vocabulary=vocabulary,
        classes=classes,
        maxlen=size,
        truncating=truncating,
        reading=texts.options,
    )
    return TextTask(
        inputs=inputs,
        targets=targets,
        train=rows["train"],
        validation=rows["validation"],
        test=rows["test"],
        origin=texts.origin,
        preprocessor=preprocessor,
        vocabulary=vocabulary.size,
        classes=classes,
        counts=counts,
        report=report(corpus, rows, inputs, counts, preprocessor, texts.notes),
    )


def _texts(name: str, data: Any, labels: Any, reading: dict[str, Any]) -> Texts:
    if isinstance(data, str | os.PathLike):
        fits = labels is None
        expect(fits, "labels", "left out for a file, which has them", labels)
        texts = read_texts(data, **reading)
    elif hasattr(data, "columns"):
        fits = labels is None
        expect(fits, "labels", "left out for a frame; name its column", labels)
        texts = texts_of_frame(data, f"`{name}`", **reading)
    elif isinstance(data, Texts):
        expect(not reading, name, "a path where options are given", sorted(reading))
        texts = data
    else:
        several = reading.pop("several", False)
        expect(not reading, name, "a path where options are given", sorted(reading))
        texts = Texts.of(data, labels, several=several)
    if not texts.labelled:
        raise UserError(f"{texts.where}: labels are needed to train, got none")
    return texts


def _part(name: str, part: Any, like: Texts) -> Texts:
    """Return the texts of a part given by itself, read as the others were."""
    if isinstance(part, str | os.PathLike):
        return _texts(name, part, None, {**like.options})
    if hasattr(part, "columns"):
        return _texts(name, part, None, frame_options(like.options))
    if isinstance(part, Texts):
        return _texts(name, part, None, {})
    pair = isinstance(part, tuple | list) and len(part) == 2
    expect(pair, name, "a rate, a path, texts, or a pair (texts, labels)", part)
    texts, labels = part
    return _texts(name, texts, labels, {"several": like.several})
