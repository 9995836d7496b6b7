"""What a forecast reads and puts out: columns, window, and the arrays of both."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from seqconv_jax._windows import row_blocks
from seqconv_jax.data.forecast.calendar import calendar_names, calendar_values
from seqconv_jax.data.forecast.panel import Panel
from seqconv_jax.data.forecast.scaling import Scale
from seqconv_jax.data.forecast.windows import Window

__all__ = ["ARRAYS", "OBSERVED", "Arrays", "Layout"]

OBSERVED = "observed"
ARRAYS = ("inputs", "targets", "last")


@dataclass(frozen=True, kw_only=True, eq=False)
class Arrays:
    """The arrays of a forecast task.

    Attributes:
        inputs: `(rows, features)` float32.
        targets: `(rows, targets)` float32: what `Task.targets` is.
        last: `(rows, targets)` float32: the targets at each row's newest input.
    """

    inputs: np.ndarray
    targets: np.ndarray
    last: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Which columns and rows are read, and which are forecast.

    Attributes:
        inputs: the columns of values that are read.
        targets: the columns that are forecast.
        future: those of the inputs that are known for the rows to forecast, too.
        calendar: the cycles of the calendar that are read as well, see `calendar`.
        predict: "value", "change" or "normalised", see `forecast_task`.
        window: the window.
    """

    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    future: tuple[str, ...] = ()
    calendar: tuple[str, ...] = ()
    predict: str = "value"
    window: Window

    @property
    def values(self) -> tuple[str, ...]:
        """The columns that have a scale: inputs, then targets."""
        return (*self.inputs, *self.targets)

    @property
    def columns(self) -> tuple[str, ...]:
        """The features of an input: columns of values, calendar, observed or not.

        Where some inputs are known ahead, `OBSERVED` is 1 up to the newest input and 0
        behind it, so that a hidden input is no mean one.
        """
        observed = (OBSERVED,) if self.future else ()
        return (*self.inputs, *calendar_names(self.calendar), *observed)

    @property
    def shifted(self) -> bool:
        """Whether `targets[r]` is itself what the row `r` forecasts."""
        return self.window.steps == 1 and self.predict != "normalised"

    def options(self) -> dict[str, np.ndarray | int | None]:
        """Return what a `Task` needs besides arrays and rows, by its names."""
        window, changes = self.window, self.predict != "value" and not self.shifted
        offsets = [window.offsets, *([window.target_offsets] if self.future else [])]
        normalised = self.predict == "normalised"
        return {
            "offsets": np.concatenate(offsets),
            "target_offsets": None if self.shifted else window.target_offsets,
            "reference": window.newest if changes else None,
            "relative": self._relative() if normalised else None,
            "visible": self._visible() if self.future else None,
        }

    def arrays(self, panel: Panel, scales: list[Scale]) -> Arrays:
        """Return the arrays of a panel.

        Args:
            panel: series that have the columns, and times where there is a calendar.
            scales: of `values`, one for each series.
        """
        parts = list(self.blocks(panel, scales))
        return Arrays(
            **{
                name: np.concatenate([getattr(part, name) for part in parts])
                for name in ARRAYS
            }
        )

    def blocks(self, panel: Panel, scales: list[Scale]) -> Iterator[Arrays]:
        """Yield the same, some rows at a time."""
        for index, scale in enumerate(scales):
            length = len(panel.series[index].values)
            for rows in row_blocks(length, len(self.values)):
                yield self._block(panel, index, scale, rows)

    def _block(self, panel: Panel, index: int, scale: Scale, rows: slice) -> Arrays:
        """Return the arrays of some rows of one series."""
        first = max(0, rows.start + min(0, self.window.newest))
        around = slice(first, rows.stop + max(0, self.window.delay))
        table = scale.apply(panel.columns_of(index, self.values, around))
        values, targets = np.split(table, [len(self.inputs)], axis=1)
        inside = slice(rows.start - first, rows.stop - first)
        inputs, times = [values[inside]], panel.series[index].times
        if times is not None:
            inputs.append(calendar_values(times[rows], self.calendar))
        if self.future:
            inputs.append(np.ones((rows.stop - rows.start, 1)))
        last = _moved(targets, self.window.newest, 0.0)
        if self.shifted:
            targets = _moved(targets, self.window.delay, np.nan)
            targets = targets - last if self.predict == "change" else targets
        return Arrays(
            inputs=np.concatenate(inputs, axis=1).astype(np.float32),
            targets=targets[inside].astype(np.float32),
            last=last[inside].astype(np.float32),
        )

    def _relative(self) -> np.ndarray:
        past = set(self.inputs) - set(self.future)
        return np.array([name in past for name in self.columns])

    def _visible(self) -> np.ndarray:
        """Return `(length, features)` bool: only some columns ahead of the newest."""
        hidden = {*self.inputs, OBSERVED} - set(self.future)
        ahead = np.array([name not in hidden for name in self.columns])
        past = np.ones((len(self.window.offsets), len(ahead)), bool)
        return np.concatenate([past, np.tile(ahead, (self.window.steps, 1))])


def _moved(table: np.ndarray, offset: int, filler: float) -> np.ndarray:
    """Return for each row what lies `offset` rows from it, or `filler`."""
    length, moved = len(table), np.full_like(table, filler)
    first, last = max(0, -offset), min(length, length - offset)
    if first < last:
        moved[first:last] = table[first + offset : last + offset]
    return moved
