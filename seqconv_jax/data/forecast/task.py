"""The forecast task's type: its inputs and rows, its baselines and errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from seqconv_jax import _examples
from seqconv_jax._checks import expect, one_of
from seqconv_jax.data.forecast.baselines import Baseline, baseline_values
from seqconv_jax.data.forecast.describe import describe
from seqconv_jax.data.forecast.errors import error_table
from seqconv_jax.data.forecast.outputs import ForecastOutputs, SplitName

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ForecastTask", "SplitName"]

_AT_A_TIME = 2**22  # numbers that a baseline holds at once


@dataclass(frozen=True, kw_only=True, eq=False)
class ForecastTask(ForecastOutputs):
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

    With several steps or targets (or both), outputs are `(n, steps * targets)`, the
    step slower, and what has the unit is `(n, steps, targets)`.

    >>> task = forecast_task(
    ...     ramp, target="level (m)", lookback=6, horizon=3, split=(20, 40)
    ... )
    >>> rows = task.validation[:1]
    >>> rows.tolist(), task.outputs, task.actual(rows)[:, :, 0].round(3).tolist()
    ([19], 3, [[20.0, 21.0, 22.0]])
    >>> task.errors(rows, task.naive(rows, "drift"))[["step", "mae"]].round(3).values
    array([[1., 0.],
           [2., 0.],
           [3., 0.]])

    What its outputs stand for is told by `ForecastOutputs`, from the names of the
    targets to `restore`.

    Attributes:
        columns: the names of the input columns.
        mean: `(columns,)` float64, what was subtracted from each input column; with a
            scale for each of several series, `(series, columns)`.
        std: likewise, what each was then divided by.
        lookback: rows from the oldest input to the row (see `windows.Window`).
        every: rows between two inputs.
        delay: rows from the row to the target, the first of them.
        past_offsets: `(inputs,)` int32: `offsets` up to the newest input.
        times: `(rows,)` `datetime64[us]` or None.
        utc: whether times are known to be in UTC, as they had a zone.
        series_names: what each series is called; `("",)` for a series alone.
        season: how many rows a season takes, for a baseline; None if nobody knows.
        spanning: windows of each split that cross a gap in time; empty where nobody
            can tell, without times or with irregular ones.
        dropped: how many of them were left out (all, or none).
        report: what was read: extent, sampling, gaps, missing cells (`Series.report`).
    """

    columns: tuple[str, ...]
    mean: np.ndarray
    std: np.ndarray
    lookback: int
    every: int
    delay: int
    past_offsets: np.ndarray = field(repr=False)
    times: np.ndarray | None = field(repr=False)
    utc: bool = False
    series_names: tuple[str, ...] = field(repr=False)
    season: int | None = None
    spanning: Mapping[str, int]
    dropped: Mapping[str, int]
    report: str = field(default="", repr=False)

    def rows(self, split: SplitName) -> np.ndarray:
        """Return the rows of a split: "train", "validation" or "test"."""
        return getattr(self, one_of("split", split, ("train", "validation", "test")))

    def baseline(
        self, split: SplitName = "validation", kind: Baseline = "last"
    ) -> float:
        """Return the mean absolute error of a forecast without a model.

        Args:
            split: the split to score, every row of it once.
            kind: "last", "it stays as it was last observed"; "drift", the line through
                the oldest and the newest input goes on; "seasonal", it is as it was a
                season ago.

        Returns:
            The error in standard deviations, over all steps and targets; of one
            target, times `unit_scale` in the unit.

        Raises:
            UserError: for "seasonal" without a season, or with less than one before a
                row.
        """
        rows, total = self.rows(split), 0.0
        expect(len(rows) > 0, f"task.{split}", "at least one row", [])
        count = max(1, _AT_A_TIME // self.outputs)
        for part in (rows[at : at + count] for at in range(0, len(rows), count)):
            change = self._change(self._shaped(self.truth(part)), part)
            base = baseline_values(self, part, kind) - self._last(part)
            total += float(np.abs(change - base).sum())
        return total / (len(rows) * self.outputs)

    def naive(self, rows: np.ndarray | SplitName, kind: Baseline) -> np.ndarray:
        """Return `(n, outputs)` float64: a baseline's forecast as if a model's.

        Args:
            rows: `(n,)` rows, or a split.
            kind: as `baseline` has it.
        """
        rows = self._checked(rows, truth=False)
        values = baseline_values(self, rows, kind)
        if self.predict != "value":
            values = values - self._last(rows)
        return values.reshape(len(rows), self.outputs)

    def errors(
        self,
        rows: np.ndarray | SplitName,
        predictions: np.ndarray,
        quantiles: Sequence[float] | None = None,
    ) -> "pd.DataFrame":
        """Return the errors in the unit, a row for each target and step ahead.

        Args:
            rows: `(n,)` the rows the predictions are for, or a split.
            predictions: as in `restore`.
            quantiles: as in `restore`.

        Returns:
            Columns `target`, `unit`, `step` (from 1), `ahead` (of the newest input),
            `mae` and `rmse`; with quantiles the latter are of the one nearest to the
            median, and there are `pinball`, their mean loss, and `coverage`, how often
            the truth lies between the lowest and the highest.
        """
        rows = self._checked(rows)
        actual = self._to_unit(self._values(self.truth(rows), rows), rows)
        values = self._to_unit(self._values(predictions, rows, quantiles), rows)
        return error_table(self, actual, values, quantiles)

    def hit_rate(self, predictions: np.ndarray, rows: np.ndarray) -> float | None:
        """Return how often the direction of change since the last value is right.

        Args:
            predictions: `(n, outputs)`, as a model of this task puts them out, or
                `(n,)` of one output.
            rows: `(n,)` the rows they are for.

        Returns:
            The rate in [0, 1] among the values that change; a prediction of no change
            is a miss. None where no value changes.
        """
        rows = self._checked(rows)
        guess = self._change(self._shaped(predictions, rows), rows)
        truth = self._change(self._shaped(self.truth(rows)), rows)
        moves = truth != 0
        if not moves.any():
            return None
        return float((np.sign(guess[moves]) == np.sign(truth[moves])).mean())

    def actual(self, rows: np.ndarray) -> np.ndarray:
        """Return what the targets really were, in their units, shaped as by `restore`.

        Args:
            rows: `(n,)`.
        """
        rows = self._checked(rows)
        return self.restore(rows, self.truth(rows))

    def describe(self) -> str:
        """Return a few lines for a person: splits, window, horizon, baselines."""
        return describe(self)

    def _checked(self, rows: np.ndarray | SplitName, truth: bool = True) -> np.ndarray:
        """Return rows after checking that each has its window and its targets."""
        rows = self.rows(rows) if isinstance(rows, str) else rows
        rows = _examples.check_rows("rows", rows, self)
        if truth and self.target_offsets is None:
            last = len(self.targets) - 1 - self.delay
            largest = int(rows.max(initial=0))
            known = f"rows up to {last:,}, whose target lies in the series"
            expect(largest <= last, "rows", known, largest)
        return rows
