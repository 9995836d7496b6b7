"""A task of series and their classes."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from seqconv_jax._checks import UserError, one_of
from seqconv_jax.data.classes import Classes
from seqconv_jax.data.classification.baselines import (
    majority_accuracy,
    nearest_neighbour,
)
from seqconv_jax.data.files.origin import Origin
from seqconv_jax.data.task import Task

if TYPE_CHECKING:
    from seqconv_jax.data.classification.preprocessor import SeriesPreprocessor

__all__ = ["ClassificationTask", "SplitName"]

SplitName = Literal["train", "validation", "test"]


@dataclass(frozen=True, kw_only=True)
class ClassificationTask(Task):
    """Series as arrays, and the class of each; made by `classification_task`.

    Attributes:
        name: of the data set.
        lengths: `(rows,)` the steps of each series, padding left out.
        notes: what was found in the data, a line each.
        test_origin: the file of the test series, where it is another.
    """

    preprocessor: "SeriesPreprocessor" = field(repr=False)  # pyright: ignore
    name: str
    lengths: np.ndarray
    notes: tuple[str, ...] = ()
    test_origin: Origin | None = None

    @property
    def classes(self) -> Classes:
        """The classes."""
        return self.preprocessor.classes

    @property
    def mask_value(self) -> float | None:
        """What padded steps hold, for a model's field of that name; None for none."""
        from seqconv_jax.data.classification.scaling import PADDING

        return PADDING if self.preprocessor.unequal else None

    def numbers(self, split: SplitName) -> np.ndarray:
        """Return the class number of each series of a split, `(n,)` int64."""
        return self.targets[self._rows(split), 0].astype(np.int64)

    def counts(self, split: SplitName) -> dict[str, int]:
        """Return how many series of a split each class has."""
        names = self.classes.names
        counts = np.bincount(self.numbers(split), minlength=len(names))
        return dict(zip(names, counts.tolist(), strict=True))

    def baseline(self, split: SplitName = "test") -> float:
        """Return how often the most frequent class of training is right in a split."""
        return majority_accuracy(self.numbers("train"), self.numbers(split))

    def neighbour_baseline(self, split: SplitName = "test") -> float:
        """Return how often the class of the nearest training series is right.

        Nearest by Euclidean distance; see `nearest_neighbour`.
        """
        train, rows = self._bare("train"), self._bare(split)
        guess = self.numbers("train")[nearest_neighbour(train, rows)]
        return float((guess == self.numbers(split)).mean())

    def repeated(self) -> int:
        """Return how many test series are training series as well, value for value."""
        known = {self.inputs[row].tobytes() for row in self.train}
        return sum(self.inputs[row].tobytes() in known for row in self.test)

    def describe(self) -> str:
        """Return a few lines for a person: splits, lengths, classes, scale."""
        made, counts = self.preprocessor, self.counts("train")
        sizes = [f"{name} {len(self._rows(name)):,}" for name in _SPLITS]
        few = [f"{name} {count:,}" for name, count in list(counts.items())[:12]]
        more = ", ..." if len(counts) > 12 else ""
        unit = "channel" if made.channels == 1 else "channels"
        shortest, longest = self.lengths.min(), self.lengths.max()
        steps = f"{longest:,} steps"
        if made.unequal:
            steps = f"{shortest:,} to {longest:,} steps, padded and masked,"
        lines = [
            f"series of {self.name!r}: {', '.join(sizes)}; data: "
            f"{self.data_path or 'arrays in memory'}",
            f"each: {steps} of {made.channels} {unit}; scale: {_SCALE[made.scale]}",
            f"{len(counts)} classes; train: {', '.join(few)}{more}",
        ]
        if len(self.train) and len(self.test):
            lines.append(f"test series that are in train as well: {self.repeated():,}")
        return "\n".join([*lines, *self.notes])

    def _rows(self, split: str) -> np.ndarray:
        return getattr(self, one_of("split", split, _SPLITS))

    def _bare(self, split: str) -> list[np.ndarray]:
        rows = self._rows(split)
        if not len(rows):
            raise UserError(f"`split` must have series, got none in {split!r}")
        return [self.inputs[row, : self.lengths[row]] for row in rows]


_SPLITS = ("train", "validation", "test")
_SCALE = {
    "series": "each series by its own mean and standard deviation",
    "channel": "each channel by mean and standard deviation of the training series",
    "none": "as it is",
}
