"""What the outputs of a forecaster stand for: steps, targets, quantiles, units."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from seqconv_jax import _examples
from seqconv_jax._checks import UserError, expect
from seqconv_jax.data.task import Task

__all__ = ["ForecastOutputs", "SplitName", "by_step", "in_unit", "plain", "unit_of"]

SplitName = Literal["train", "validation", "test"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ForecastOutputs(Task):
    r"""A task whose outputs are standardised values of columns, steps ahead.

    What a model puts out is in standard deviations, $z = (y - \mu) / \sigma$ for each
    target, or the change of it; `restore` is the way back.

    Attributes:
        target_columns: the names of the forecast columns.
        target_mean: `(scales, targets)` float64, in the unit; one scale, or one for
            each series.
        target_std: likewise, one standard deviation.
        ahead_rows: `(steps,)` rows from the newest input to each forecast step.
        ahead: the same as texts, "1h" where the sampling is regular, else "2 rows".
        predict: "value", or "change" since the newest input, which "normalised" is too.
        last: `(rows, targets)` float32, the standardised target columns at the newest
            input of each row's window; 0 where there is none.
        starts: `(series,)` the first row of each series.
    """

    target_columns: tuple[str, ...]
    target_mean: np.ndarray
    target_std: np.ndarray
    ahead_rows: np.ndarray = field(repr=False)
    ahead: tuple[str, ...] = field(repr=False)
    predict: str
    last: np.ndarray = field(repr=False)
    starts: np.ndarray = field(repr=False)

    @property
    def target(self) -> str:
        """The name of the forecast column; of several, joined by commas."""
        return ", ".join(self.target_columns)

    @property
    def units(self) -> tuple[str, ...]:
        """The unit of each target: the text in brackets that ends its name, or ""."""
        return tuple(map(unit_of, self.target_columns))

    @property
    def unit(self) -> str:
        """The target's unit; of several, each different one, joined by commas."""
        return ", ".join(unit for unit in dict.fromkeys(self.units) if unit)

    @property
    def unit_shift(self) -> Any:
        """The mean of the target, in its unit: a float.

        `(targets,)` for several; `(series, targets)` with a scale for each series.
        """
        return plain(self.target_mean)

    @property
    def unit_scale(self) -> Any:
        """One standard deviation of the target, in its unit, of the same shape."""
        return plain(self.target_std)

    @property
    def steps(self) -> int:
        """How many rows are forecast at once."""
        return len(self.ahead_rows)

    @property
    def horizon_rows(self) -> int:
        """Rows from the newest input to the last target: the real horizon."""
        return int(self.ahead_rows[-1])

    @property
    def horizon(self) -> str:
        """The same as text, such as "25h"; of several steps "1h to 24h"."""
        first, last = self.ahead[0], self.ahead[-1]
        return last if self.steps == 1 else f"{first} to {last}"

    def series_of(self, rows: np.ndarray) -> np.ndarray:
        """Return `(n,)` which series each of some rows is of, from 0."""
        return np.searchsorted(self.starts, rows, side="right") - 1

    def to_unit(self, values: np.ndarray) -> np.ndarray:
        """Return standardised values of the target in its unit, float64.

        Args:
            values: any shape for one target, `(..., targets)` for several.

        Raises:
            UserError: where each series has a scale of its own; see `restore`.
        """
        expect(len(self.target_mean) == 1, "scale", "one for all series", "several")
        return np.asarray(values, np.float64) * self.unit_scale + self.unit_shift

    def restore(
        self,
        rows: np.ndarray,
        predictions: np.ndarray,
        quantiles: Sequence[float] | None = None,
    ) -> np.ndarray:
        """Return what a model puts out as values of the targets in their units.

        Args:
            rows: `(n,)` the rows the predictions are for.
            predictions: `(n, outputs)`, or `(n,)` of one output; with quantiles
                `(n, outputs * quantiles)`, the quantile fastest.
            quantiles: which quantiles the predictions are, in (0, 1); None for one
                number for each output.

        Returns:
            `(n,)` float64 for one step of one target, `(n, steps, targets)` for more;
            `(n, steps, targets, quantiles)` with quantiles.
        """
        rows = _examples.check_rows("rows", rows, self)
        values = self._to_unit(self._values(predictions, rows, quantiles), rows)
        one = self.outputs == 1 and quantiles is None
        return values[:, 0, 0] if one else values

    def _values(
        self,
        predictions: np.ndarray,
        rows: np.ndarray,
        quantiles: Sequence[float] | None = None,
    ) -> np.ndarray:
        """Return `(n, steps, targets[, quantiles])`: standardised values."""
        values = self._shaped(predictions, rows, quantiles)
        if self.predict == "value":
            return values
        return values + self._last(rows, axes=values.ndim)

    def _change(self, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return outputs by step and target as changes since the last values."""
        return values if self.predict != "value" else values - self._last(rows)

    def _last(self, rows: np.ndarray, axes: int = 3) -> np.ndarray:
        last = self.last[rows][:, None]
        return last[..., None] if axes == 4 else last

    def _to_unit(self, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        index = self.series_of(rows) if len(self.target_mean) > 1 else np.zeros(1, int)
        return in_unit(values, self.target_mean[index], self.target_std[index])

    def _shaped(
        self,
        predictions: np.ndarray,
        rows: np.ndarray | None = None,
        quantiles: Sequence[float] | None = None,
    ) -> np.ndarray:
        """Return outputs as `(n, steps, targets[, quantiles])` float64."""
        count = len(predictions if rows is None else rows)
        shape = (self.steps, len(self.target_columns))
        return by_step(predictions, count, shape, quantiles)


def by_step(
    predictions: Any,
    count: int,
    shape: tuple[int, int],
    quantiles: Sequence[float] | None = None,
) -> np.ndarray:
    """Return outputs as `(n, steps, targets)` float64, quantiles behind them.

    Args:
        predictions: `(n, steps * targets)`, the step slower, or `(n,)` of one output;
            with quantiles `(n, steps * targets * quantiles)`, the quantile fastest.
        count: how many rows they must be for.
        shape: steps and targets.
        quantiles: which, or None.

    Raises:
        UserError: for another shape.

    Example:
        >>> by_step(np.arange(6.0)[None], 1, (3, 2)).tolist()
        [[[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]]
    """
    values = np.asarray(predictions, np.float64)
    levels = () if quantiles is None else (len(quantiles),)
    width = int(np.prod((*shape, *levels)))
    fits = [(count,), (count, 1)] if width == 1 else [(count, width)]
    if values.shape not in fits:
        raise UserError(
            f"`predictions` must have shape {' or '.join(map(str, fits))}, one for "
            f"each row, got {values.shape}"
        )
    return values.reshape(count, *shape, *levels)


def in_unit(values: np.ndarray, mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    """Return standardised values in the unit.

    Args:
        values: `(n, steps, targets)` or `(n, steps, targets, quantiles)`.
        mean: `(n or 1, targets)`.
        std: likewise.
    """
    shape = (len(mean), 1, -1) + (1,) * (values.ndim - 3)
    return values * std.reshape(shape) + mean.reshape(shape)


def unit_of(column: str) -> str:
    """Return the text in brackets that ends a column's name, or "".

    >>> unit_of("T (degC)"), unit_of("close")
    ('degC', '')
    """
    found = re.search(r"\(([^()]*)\)\s*$", column)
    return found[1] if found else ""


def plain(array: np.ndarray) -> Any:
    """Return `(1, 1)` as a float, `(1, n)` as `(n,)`, and what is more as it is."""
    if len(array) > 1:
        return array
    return float(array[0, 0]) if array.size == 1 else array[0]
