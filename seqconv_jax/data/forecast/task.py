"""The forecast task's type: its fields, its baseline, and the way back to the unit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from seqconv_jax import _examples
from seqconv_jax._checks import UserError, expect, one_of
from seqconv_jax.data.task import Task

__all__ = ["ForecastTask", "SplitName"]

SplitName = Literal["train", "validation", "test"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ForecastTask(Task):
    r"""Windows of a standardised series and the value they forecast.

    `forecast_task` makes it. What a model puts out is in standard deviations of the
    target, $z = (y - \mu) / \sigma$ with `unit_shift` $\mu$ and `unit_scale`
    $\sigma$; `restore` is the way back.

    >>> from seqconv_jax.data import Series, forecast_task
    >>> ramp = Series(values=np.arange(60.0)[:, None], columns=("level (m)",))
    >>> task = forecast_task(
    ...     ramp, target="level (m)", lookback=6, every=2, delay=3, split=(20, 40)
    ... )
    >>> rows = task.validation[:2]
    >>> x, y = task.gather(rows)
    >>> x.shape, y.shape
    ((2, 3, 1), (2, 1))
    >>> rows.tolist(), task.restore(rows, y).round(3).tolist()
    ([27, 28], [30.0, 31.0])
    >>> round(task.baseline() * task.unit_scale, 3), task.unit
    (5.0, 'm')

    Attributes:
        columns: the names of the input columns.
        target: the name of the forecast column.
        mean: `(columns,)` float64, what was subtracted from each input column.
        std: `(columns,)` float64, what each was then divided by.
        unit: the target's unit: the text in brackets that ends its name, or "".
        unit_shift: the mean of the target, in its unit.
        unit_scale: one standard deviation of the target, in its unit.
        lookback: rows from the oldest input to the row (see `windows.Window`).
        every: rows between two inputs.
        delay: rows from the row to the target.
        horizon_rows: rows from the newest input to the target: the real horizon.
        horizon: the same as text, "25h" where the sampling is regular, else "2 rows".
        predict: "value", or "change" since the newest input.
        last: `(rows, 1)` float32, the standardised target column at the newest
            input of each row's window; 0 where there is none.
        times: `(rows,)` `datetime64[us]` or None.
        spanning: windows of each split that cross a gap in time; empty where nobody
            can tell, without times or with irregular ones.
        dropped: how many of them were left out (all, or none).
        report: what was read: extent, sampling, gaps, missing cells (`Series.report`).
    """

    columns: tuple[str, ...]
    target: str
    mean: np.ndarray
    std: np.ndarray
    unit: str
    unit_shift: float
    unit_scale: float
    lookback: int
    every: int
    delay: int
    horizon_rows: int
    horizon: str
    predict: str
    last: np.ndarray = field(repr=False)
    times: np.ndarray | None = field(repr=False)
    spanning: Mapping[str, int]
    dropped: Mapping[str, int]
    report: str = field(default="", repr=False)

    def rows(self, split: SplitName) -> np.ndarray:
        """Return the rows of a split: "train", "validation" or "test"."""
        return getattr(self, one_of("split", split, ("train", "validation", "test")))

    def baseline(self, split: SplitName = "validation") -> float:
        """Return the mean absolute error of "it stays as it was last observed".

        Args:
            split: the split to score, every row of it once.

        Returns:
            The error in standard deviations; times `unit_scale` in the unit.
        """
        rows = self.rows(split)
        return float(np.abs(self._change(self.targets[rows], rows)).mean())

    def hit_rate(self, predictions: np.ndarray, rows: np.ndarray) -> float | None:
        """Return how often the direction of change since the last value is right.

        Args:
            predictions: `(n,)` or `(n, 1)`, as a model of this task puts them out.
            rows: `(n,)` the rows they are for.

        Returns:
            The rate in [0, 1] among the rows whose value changes; a prediction of no
            change is a miss. None where no row's value changes.
        """
        rows = self._checked(rows)
        guess = self._change(self._column(predictions, rows), rows)
        truth = self._change(self.targets[rows], rows)
        moves = truth != 0
        if not moves.any():
            return None
        return float((np.sign(guess[moves]) == np.sign(truth[moves])).mean())

    def to_unit(self, values: np.ndarray) -> np.ndarray:
        """Return standardised values of the target in its unit, float64."""
        return np.asarray(values, np.float64) * self.unit_scale + self.unit_shift

    def restore(self, rows: np.ndarray, predictions: np.ndarray) -> np.ndarray:
        """Return what a model puts out as values of the target in its unit.

        Args:
            rows: `(n,)` the rows the predictions are for.
            predictions: `(n,)` or `(n, 1)`.

        Returns:
            `(n,)` float64.
        """
        rows = _examples.check_rows("rows", rows, self)
        values = self._column(predictions, rows)
        if self.predict == "change":
            values = values + self.last[rows]
        return self.to_unit(values)[:, 0]

    def actual(self, rows: np.ndarray) -> np.ndarray:
        """Return `(n,)` float64: what the target really was, in its unit."""
        rows = self._checked(rows)
        return self.restore(rows, self.targets[rows])

    def _checked(self, rows: np.ndarray) -> np.ndarray:
        """Return rows after checking that each has its window and a target."""
        rows = _examples.check_rows("rows", rows, self)
        last = len(self.targets) - 1 - self.delay
        largest = int(rows.max(initial=0))
        known = f"rows up to {last:,}, whose target lies in the series"
        expect(largest <= last, "rows", known, largest)
        return rows

    def describe(self) -> str:
        """Return a few lines for a person: splits, window, horizon, baseline."""
        counts = [
            f"{name} {len(self.rows(name)):,}"
            for name in ("train", "validation", "test")
        ]
        drawn = "with replacement" if self.replacement else "each once an epoch"
        offsets = 0 if self.offsets is None else len(self.offsets)
        scores = [
            f"{name} {self.baseline(name):.4f} = "
            f"{self.baseline(name) * self.unit_scale:.4g} {self.unit}".rstrip()
            for name in ("validation", "test")
        ]
        return "\n".join(
            [
                f"forecast of {self.target!r} ({self.predict}), data: {self._data()}",
                f"windows: {', '.join(counts)} (train drawn {drawn})",
                f"window: {offsets} inputs of {len(self.columns)} columns, every "
                f"{self.every} of {self.lookback} rows",
                f"real horizon: {self.horizon} after the newest input "
                f"(rows: {self.horizon_rows})",
                f"windows over gaps in time: {self._gaps()}",
                f"baseline (last observed value), MAE in standard deviations: "
                f"{', '.join(scores)}",
            ]
        )

    def _data(self) -> str:
        if self.data_source == "file":
            return self.data_path or "arrays in memory"
        return self.data_path or self.data_source

    def _gaps(self) -> str:
        if self.spanning:
            return f"{_counts(self.spanning)}; left out: {_counts(self.dropped)}"
        reason = "no times" if self.times is None else "no regular sampling"
        return f"not counted: the data has {reason}"

    def _change(self, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return `(n, 1)` float64: values of the task as changes since the last."""
        values = np.asarray(values, np.float64)
        return values if self.predict == "change" else values - self.last[rows]

    def _column(self, predictions: np.ndarray, rows: np.ndarray) -> np.ndarray:
        values = np.asarray(predictions, np.float64)
        if values.shape not in ((len(rows),), (len(rows), 1)):
            raise UserError(
                f"`predictions` must have shape ({len(rows)},) or ({len(rows)}, 1), "
                f"one for each row, got {values.shape}"
            )
        return values.reshape(-1, 1)


def _counts(counts: Mapping[str, int]) -> str:
    if not any(counts.values()):
        return "none"
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
