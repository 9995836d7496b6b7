"""Series with labels, of one length or of several, before anything is done to them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError, expect, kind_of
from seqconv_jax.data.files.origin import Origin

__all__ = ["LabelledSeries"]


@dataclass(frozen=True)
class LabelledSeries:
    """Series, and the label of each; `of` makes them of arrays, `read_labelled` reads.

    >>> given = LabelledSeries.of([[1.0, 2.0, 3.0], [4.0, 5.0]], ["up", "down"])
    >>> given.channels, given.lengths.tolist(), given.labels
    (1, [3, 2], ('up', 'down'))

    Attributes:
        series: `(time, channels)` float64 each, NaN where a value is missing; the time
            may differ, the channels do not.
        labels: one for each, as text; None where they are not known.
        classes: what the labels may be, where a file says so; else None.
        name: of the data set.
        origin: the file.
        notes: what was found and should be known, a line each.
    """

    series: tuple[np.ndarray, ...]
    labels: tuple[str, ...] | None
    classes: tuple[str, ...] | None = None
    name: str = "series"
    origin: Origin = field(default=Origin(), compare=False)
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, x: Any, y: Any = None, **more: Any) -> "LabelledSeries":
        """Return arrays as labelled series.

        Missing values at the very end, in all channels, are padding, as the UCR archive
        has them, and are taken off.

        Args:
            x: `(n, time, channels)` or `(n, time)` numbers, or a list of `n` arrays
                `(time, channels)` or `(time,)`; NaN where a value is missing.
            y: `n` labels of any kind, numbers or texts; None where they are not known.
            **more: other attributes.

        Raises:
            UserError: for what is no series, another number of labels or of channels,
                a series without a value, and infinities.
        """
        sized = isinstance(x, Sequence | np.ndarray) and not isinstance(x, str | bytes)
        expect(sized and len(x) > 0, "x", "series in an array or a list", x)
        series = [_array(each, f"example {i:,}") for i, each in enumerate(x)]
        channels = series[0].shape[1]
        for i, each in enumerate(series):
            if each.shape[1] != channels:
                raise UserError(
                    f"`x` must have {channels} channels in each series, as the first "
                    f"has, got {each.shape[1]} in example {i:,}"
                )
        labels = None if y is None else _labels(y)
        if labels is not None and len(labels) != len(series):
            raise UserError(
                f"`y` must have a label for each of {len(series):,} series, got "
                f"{len(labels):,}"
            )
        bare = tuple(_without_padding(each, i) for i, each in enumerate(series))
        padded = sum(len(a) < len(b) for a, b in zip(bare, series, strict=True))
        notes = tuple(more.pop("notes", ()))
        if padded:
            notes += (f"{padded:,} series end in missing values: taken as padding",)
        return cls(bare, labels, notes=notes, **more)

    def __len__(self) -> int:
        """Return the number of series."""
        return len(self.series)

    @property
    def channels(self) -> int:
        """Values of a step."""
        return self.series[0].shape[1]

    @property
    def lengths(self) -> np.ndarray:
        """The steps of each series, `(n,)`."""
        return np.array([len(each) for each in self.series])

    def take(self, rows: Iterable[int]) -> "LabelledSeries":
        """Return some of them."""
        rows = list(rows)
        labels = self.labels and tuple(self.labels[row] for row in rows)
        series = tuple(self.series[row] for row in rows)
        of = (self.classes, self.name, self.origin, self.notes)
        return LabelledSeries(series, labels, *of)


def _array(values: Any, where: str) -> np.ndarray:
    """Return `(time, channels)` float64."""
    try:
        array = np.asarray(values)
    except ValueError as error:  # NumPy: lists of different lengths
        raise UserError(
            f"`x`: {where} must have steps of one width: {error}"
        ) from error
    if array.dtype.kind not in "fiub" or isinstance(values, np.ma.MaskedArray):
        got = kind_of(values) if array.dtype.kind == "O" else str(array.dtype)
        raise UserError(f"`x`: {where} must hold numbers, got {got}")
    if array.ndim not in (1, 2) or 0 in array.shape:
        raise UserError(
            f"`x`: {where} must have shape (time, channels) or (time,), got "
            f"{array.shape}"
        )
    array = array.astype(np.float64)
    if np.isinf(array).any():
        raise UserError(f"`x`: {where} must be finite, got an infinity")
    return array[:, None] if array.ndim == 1 else array


def _without_padding(series: np.ndarray, number: int) -> np.ndarray:
    known = np.flatnonzero(~np.isnan(series).all(axis=1))
    if not len(known):
        raise UserError(f"`x`: example {number:,} has no value that is not missing")
    return series[: known[-1] + 1]


def _labels(y: Any) -> tuple[str, ...]:
    sized = isinstance(y, Sequence | np.ndarray) or hasattr(y, "to_numpy")
    expect(sized and not isinstance(y, str | bytes), "y", "labels, one a series", y)
    array = np.asarray(y)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise UserError(
            f"`y` must have shape (n,), one label a series, got {array.shape}; "
            "y.argmax(axis=1) makes numbers of one-hot rows"
        )
    return tuple(_label(label, i) for i, label in enumerate(array.tolist()))


def _label(label: Any, number: int) -> str:
    if isinstance(label, bytes):
        label = label.decode("utf-8", "backslashreplace")
    if isinstance(label, float) and label.is_integer():
        label = int(label)
    text = str(label)
    if label is None or label != label or not text:
        raise UserError(
            f"`y` must have a label for each series, got {text!r} for "
            f"example {number:,}"
        )
    return text
