"""A task of labelled series: from arrays, and from the archive's files."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError, is_number
from seqconv_jax.data.classes import Classes
from seqconv_jax.data.classification.fill import MissingRule
from seqconv_jax.data.classification.labelled import LabelledSeries
from seqconv_jax.data.classification.preprocessor import SeriesPreprocessor
from seqconv_jax.data.classification.read import (
    matching_test_file,
    read_labelled,
    training_file,
)
from seqconv_jax.data.classification.scaling import Scale
from seqconv_jax.data.classification.task import ClassificationTask
from seqconv_jax.data.split import stratified

__all__ = ["classification_task", "load_classification"]


def classification_task(
    x: Any,
    y: Any = None,
    *,
    test: Any = 0.0,
    validation: float = 0.0,
    scale: Scale | None = None,
    missing: MissingRule = "error",
    seed: int = 0,
) -> ClassificationTask:
    """Return labelled series as what `fit` trains on.

    Series of one length become `(rows, time, channels)` as they are. Series of several
    are padded behind with `PADDING`: give the model `mask_value=task.mask_value`, and
    no padding changes an output.

    Args:
        x: `LabelledSeries`; or `(n, time, channels)` or `(n, time)` numbers; or a list
            of `n` arrays `(time, channels)` or `(time,)`, of any lengths. NaN is a
            missing value; at the end of a series it is padding.
        y: `n` labels of any kind; None where `x` has them.
        test: a rate in [0, 1) of the series to test on, each class alike, or
            `LabelledSeries` or `(x, y)` of their own.
        validation: the rate of the training series to validate on.
        scale: `"series"`: each by its own mean and standard deviation, channel by
            channel; `"channel"`: each channel by those of all training series;
            `"none"`. None takes the first for one channel, the second for several.
        missing: `"error"`, or `"interpolate"`: linearly.
        seed: which series are drawn follows from it.

    Returns:
        The task. Targets are `(rows, 1)`: 0 or 1, float32, for two classes, for
        `losses.binary_cross_entropy`; the class's number, int32, for more.

    Raises:
        UserError: for what is no labelled series, a test label that is no class of the
            training series, and a rate of which nothing would come.

    Example:
        >>> x = np.arange(24, dtype=np.float32).reshape(6, 4)
        >>> task = classification_task(x, list("aabbcc"), test=0.5)
        >>> task.inputs.shape, len(task.train), len(task.test), task.classes.names
        ((6, 4, 1), 3, 3, ('a', 'b', 'c'))
        >>> classification_task([[1, 2], [1, 2, 4]], ["a", "b"]).mask_value
        -1e+30
    """
    given = _labelled("y", x, y)
    rows = np.arange(len(given), dtype=np.int32)
    everything = given
    if is_number(test):
        rows, tested = _divided(rows, given.labels or (), "test", test, seed)
    else:
        if isinstance(test, LabelledSeries):
            beside = _labelled("test", test, None)
        elif isinstance(test, tuple | list) and len(test) == 2:
            beside = _labelled("test", *test)
        else:
            raise UserError("`test` must be a rate in [0, 1), LabelledSeries or (x, y)")
        tested = np.arange(len(beside), dtype=np.int32) + len(given)
        everything = _together(given, beside)
    labels = everything.labels or ()
    train, validated = _divided(rows, labels, "validation", validation, seed)
    trained = everything.take(train)
    made = SeriesPreprocessor.fit(
        trained,
        classes=_classes(given, trained.labels or ()),
        longest=int(everything.lengths.max()),
        unequal=len(set(everything.lengths.tolist())) > 1,
        scale=scale,
        missing=missing,
    )
    return ClassificationTask(
        inputs=made.arrays(everything),
        targets=made.targets(everything),
        train=train,
        validation=validated,
        test=tested,
        origin=given.origin,
        preprocessor=made,
        name=given.name,
        lengths=everything.lengths,
        notes=everything.notes,
        test_origin=test.origin if isinstance(test, LabelledSeries) else None,
    )


def load_classification(
    path: str | os.PathLike[str],
    *,
    test: str | os.PathLike[str] | float | None = None,
    validation: float = 0.0,
    scale: Scale | None = None,
    missing: MissingRule = "error",
    seed: int = 0,
) -> ClassificationTask:
    """Return a file of labelled series, and the test file beside it, as a task.

    Args:
        path: `NAME_TRAIN.ts`, or any file that `read_labelled` reads, or a folder with
            one such `*_TRAIN.*`.
        test: the file of the test series, or a rate of the training series to test on;
            None for `NAME_TEST.ts` beside `NAME_TRAIN.ts`, or, where there is none, for
            a quarter.
        validation: see `classification_task`.
        scale: see `classification_task`.
        missing: see `classification_task`.
        seed: see `classification_task`.

    Raises:
        UserError: for a file that cannot be read, and as `classification_task`.
    """
    path = training_file(path)
    beside = matching_test_file(path) if test is None else test
    train = read_labelled(path)
    if beside is None:
        beside = 0.25
    options: dict[str, Any] = {"validation": validation, "scale": scale}
    return classification_task(
        train,
        test=beside if is_number(beside) else read_labelled(beside),  # type: ignore
        missing=missing,
        seed=seed,
        **options,
    )


def _divided(
    rows: np.ndarray, labels: Sequence[str], name: str, rate: Any, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows that stay, and those drawn at a rate, each class alike."""
    strata = np.unique([labels[row] for row in rows], return_inverse=True)[1]
    drawn = stratified(strata, rate, seed, name, keep_last=True)
    return rows[~drawn], rows[drawn]


def _labelled(name: str, x: Any, y: Any) -> LabelledSeries:
    given = x if isinstance(x, LabelledSeries) else LabelledSeries.of(x, y)
    if given.labels is None:
        raise UserError(f"`{name}` must be labels, one a series, got none")
    return given


def _together(one: LabelledSeries, other: LabelledSeries) -> LabelledSeries:
    """Return the series of both."""
    if one.channels != other.channels:
        raise UserError(
            f"`test` must have {one.channels} channels, as the training series, got "
            f"{other.channels}"
        )
    return LabelledSeries(
        one.series + other.series,
        (one.labels or ()) + (other.labels or ()),
        name=one.name,
        notes=tuple(dict.fromkeys(one.notes + other.notes)),
    )


def _classes(given: LabelledSeries, labels: Sequence[str]) -> Classes:
    """Return the classes: those that the file lists, else those of the labels."""
    return Classes.of(labels if given.classes is None else given.classes)
