"""What stands between series and a network: channels, scale, length and classes."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from seqconv_jax._checks import (
    UserError,
    expect,
    flag,
    is_number,
    one_of,
    positive_int,
)
from seqconv_jax.data.classes import Classes
from seqconv_jax.data.classification.fill import MISSING_RULES, MissingRule, filled
from seqconv_jax.data.classification.labelled import LabelledSeries
from seqconv_jax.data.classification.read import read_labelled
from seqconv_jax.data.classification.scaling import (
    PADDING,
    SCALES,
    Scale,
    fit_channels,
    standardised,
)
from seqconv_jax.data.classification.task import ClassificationTask

if TYPE_CHECKING:
    import pandas as pd

    from seqconv_jax.data.task import Task

__all__ = ["SeriesPreprocessor"]

_LARGEST = 1e15  # whose square float32 holds, and far from the padding
_FIELDS = ("channels", "length", "unequal", "scale", "mean", "std", "missing")


@dataclass(frozen=True, kw_only=True)
class SeriesPreprocessor:
    """Makes arrays of series, and class names of a model's outputs.

    >>> given = LabelledSeries.of([[1.0, 3.0], [2.0, 2.0]], ["up", "flat"])
    >>> made = SeriesPreprocessor.fit(given)
    >>> made.task([[0.0, 10.0]]).inputs[0, :, 0].tolist()
    [-1.0, 1.0]
    >>> made == SeriesPreprocessor.from_settings(made.settings())
    True

    Attributes:
        classes: the classes.
        channels: values of a step.
        length: steps of the arrays, those of the longest series in training.
        unequal: whether series may have other lengths: shorter ones are padded behind
            with `PADDING`, which a model must mask.
        scale: `"series"`, each by its own mean and standard deviation, channel by
            channel; `"channel"`, by those of the training series; or `"none"`.
        mean: of each channel, with scale `"channel"`.
        std: the same.
        missing: what becomes of a missing value: `"error"` or `"interpolate"`.
    """

    kind: ClassVar[str] = "series"

    classes: Classes
    channels: int
    length: int
    unequal: bool
    scale: Scale
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    missing: MissingRule = "error"

    def __post_init__(self) -> None:
        """Look at the settings once."""
        expect(isinstance(self.classes, Classes), "classes", "Classes", self.classes)
        positive_int("channels", self.channels)
        positive_int("length", self.length)
        flag("unequal", self.unequal)
        one_of("scale", self.scale, SCALES)
        one_of("missing", self.missing, MISSING_RULES)
        for name in ("mean", "std"):
            given = getattr(self, name)
            fits = given is None
            if self.scale == "channel":
                fits = isinstance(given, tuple) and len(given) == self.channels
                fits = fits and all(is_number(v) and np.isfinite(v) for v in given)
                fits = fits and (name == "mean" or min(given) > 0)
            expect(fits, name, "a number a channel where the scale needs it", given)

    @classmethod
    def fit(
        cls,
        train: LabelledSeries,
        *,
        classes: Classes | None = None,
        longest: int | None = None,
        unequal: bool | None = None,
        scale: Scale | None = None,
        missing: MissingRule = "error",
    ) -> Self:
        """Return the preprocessor of training series.

        Args:
            train: the series, with labels.
            classes: the classes; None for those of the labels.
            longest: steps of the longest series, others than these included; None for
                that of these.
            unequal: whether series have several lengths; None to look at these.
            scale: see the class; None for `"series"` with one channel, and `"channel"`
                with several, whose sizes beside each other would be lost.
            missing: see the class.
        """
        if scale is None:
            scale = "series" if train.channels == 1 else "channel"
        one_of("scale", scale, SCALES)
        one_of("missing", missing, MISSING_RULES)
        mean, std = None, None
        if scale == "channel":
            mean, std = fit_channels(_all_filled(train, missing))
        lengths = train.lengths
        return cls(
            classes=Classes.of(train.labels or ()) if classes is None else classes,
            channels=train.channels,
            length=int(lengths.max()) if longest is None else longest,
            unequal=len(set(lengths.tolist())) > 1 if unequal is None else unequal,
            scale=scale,
            mean=mean,
            std=std,
            missing=missing,
        )

    def settings(self) -> dict[str, Any]:
        """Return what `from_settings` makes an equal one of: strict JSON."""
        fields = {name: getattr(self, name) for name in _FIELDS}
        for name in ("mean", "std"):
            fields[name] = None if fields[name] is None else list(fields[name])
        return {"kind": self.kind, "classes": list(self.classes.names), **fields}

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Return the preprocessor that has these settings.

        Raises:
            UserError: for settings that none has.
        """
        fields = {key: value for key, value in settings.items() if key != "kind"}
        if fields.keys() != {"classes", *_FIELDS} or settings.get("kind") != cls.kind:
            raise UserError(
                "`settings` must be those of a preprocessor of series, kind, classes, "
                f"{', '.join(_FIELDS)}, got {', '.join(map(str, settings))}"
            )
        for name in ("mean", "std"):
            if isinstance(fields[name], list):
                fields[name] = tuple(fields[name])
        return cls(**{**fields, "classes": Classes(fields["classes"])})

    def read(self, path: str | os.PathLike[str]) -> LabelledSeries:
        """Return the series of a file; see `read_labelled`.

        Raises:
            UserError: for a file that cannot be read, or has other channels.
        """
        given = read_labelled(path)
        self._check_channels(given)
        return given

    def arrays(self, given: LabelledSeries) -> np.ndarray:
        """Return series as `(n, time, channels)` float32, scaled and padded.

        Raises:
            UserError: for other channels or lengths, and for missing values.
        """
        self._check_channels(given)
        lengths = given.lengths
        other = np.flatnonzero(lengths != self.length)
        if not self.unequal and len(other):
            raise UserError(
                f"{given.name}: series must have {self.length:,} steps, as those of "
                f"training, got {lengths[other[0]]:,} in example {other[0]:,}"
            )
        longest = max(self.length, int(lengths.max()))
        shape = (len(given), longest, self.channels)
        made = np.full(shape, PADDING, np.float32)
        with np.errstate(over="ignore"):
            for row, series in enumerate(_all_filled(given, self.missing)):
                made[row, : len(series)] = self._scaled(series)
        if not np.abs(made[made != PADDING]).max() < _LARGEST:
            raise UserError(
                f"{given.name}: series must hold values below {_LARGEST:g}, scaled"
            )
        return made

    def task(self, raw: Any, *, targets: bool = False) -> ClassificationTask:
        """Return series as a task whose `test` rows are all of them, in order.

        Args:
            raw: `LabelledSeries`, or what `LabelledSeries.of` takes; with `targets`
                also a pair `(x, y)` of such.
            targets: whether the labels are known and are to be scored.

        Raises:
            UserError: for series that are not like those of training, and labels that
                are missing or none of the classes.
        """
        if not isinstance(raw, LabelledSeries):
            paired = targets and isinstance(raw, tuple) and len(raw) == 2
            raw = LabelledSeries.of(*raw) if paired else LabelledSeries.of(raw)
        inputs = self.arrays(raw)
        rows = np.arange(len(raw), dtype=np.int32)
        return ClassificationTask(
            inputs=inputs,
            targets=self.targets(raw) if targets else _unknown(len(raw)),
            train=rows[:0],
            validation=rows[:0],
            test=rows,
            origin=raw.origin,
            preprocessor=self,
            name=raw.name,
            lengths=raw.lengths,
            notes=raw.notes,
        )

    def targets(self, given: LabelledSeries) -> np.ndarray:
        """Return the labels of series as targets; see `Classes.targets`.

        Raises:
            UserError: where they are not known, or none of the classes.
        """
        if given.labels is None:
            raise UserError(f"{given.name}: series must have labels, to be scored by")
        return self.classes.targets(given.labels)

    def answers(self, outputs: Any, task: "Task") -> "pd.DataFrame":
        """Return the class of each series, and the probability of each class.

        Args:
            outputs: `(n, outputs)` logits of the task's `test` rows.
            task: what `task` returned.
        """
        return self.classes.answers(outputs)

    def _scaled(self, series: np.ndarray) -> np.ndarray:
        if self.scale == "series":
            return standardised(series)
        if self.scale == "channel":
            return (series - np.array(self.mean)) / np.array(self.std)
        return series

    def _check_channels(self, given: LabelledSeries) -> None:
        if given.channels != self.channels:
            raise UserError(
                f"{given.name}: series must have {self.channels} channels, as those of "
                f"training, got {given.channels}"
            )


def _all_filled(given: LabelledSeries, missing: str) -> list[np.ndarray]:
    where = f"{given.name}: example"
    return [filled(x, missing, f"{where} {i:,}") for i, x in enumerate(given.series)]


def _unknown(count: int) -> np.ndarray:
    return np.full((count, 1), np.nan, np.float32)
