"""Split-conformal intervals of a forecaster: fitted, applied, looked at on test."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from seqconv_jax._checks import UserError, expect
from seqconv_jax.conformal.margins import (
    absolute_scores,
    check_level,
    conformal_margins,
    conformal_rank,
    quantile_scores,
)
from seqconv_jax.data.forecast.errors import middle_quantile
from seqconv_jax.data.forecast.intervals import interval_table

if TYPE_CHECKING:
    import pandas as pd

    from seqconv_jax.data.forecast.task import ForecastTask

__all__ = ["ConformalWarning", "Intervals", "calibrate"]

_AT_ONCE = 2**22  # numbers


class ConformalWarning(UserWarning):
    """Examples to calibrate on are many, but nearly all of them the same."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Intervals:
    """Margins around what a forecaster puts out, for each step ahead and target.

    `calibrate` makes them. With one number for each output the interval is that number
    and the margin to either side; with quantiles it is two of them and the margin
    outwards, or inwards where it is negative (where the two would then cross, the
    interval is the point between them).

    Attributes:
        level: how often the truth is meant to lie inside.
        margin: `(outputs,)` float64, in the unit of the outputs: standard deviations.
        quantiles: those that the forecaster puts out; `()` for one number each.
        pair: the two of them that the interval begins from; None for a number.
        count: how many examples they were calibrated on.
    """

    level: float
    margin: np.ndarray = field(repr=False)
    quantiles: tuple[float, ...] = ()
    pair: tuple[float, float] | None = None
    count: int

    @property
    def name(self) -> str:
        """What columns and figures call it, such as "90%"."""
        return f"{100 * self.level:g}%"

    def bounds(self, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the lower and the upper ends, both `(n, outputs)` float64.

        Args:
            outputs: what the forecaster puts out: `(n, outputs)`, or `(n, outputs *
                quantiles)`.

        Raises:
            UserError: for another width than they were calibrated with.
        """
        low, high = _ends(outputs, self.quantiles, self.pair)
        width = len(self.margin)
        what = f"of {width} outputs, as calibrated"
        expect(low.shape[1] == width, "outputs", what, f"{low.shape[1]} of them")
        low, high = low - self.margin, high + self.margin
        between = (low + high) / 2
        return np.minimum(low, between), np.maximum(high, between)

    def restore(
        self, task: "ForecastTask", rows: np.ndarray, outputs: np.ndarray
    ) -> np.ndarray:
        """Return the ends in the targets' units, `(n, steps, targets, 2)`.

        Args:
            task: the task.
            rows: `(n,)` the rows the outputs are for.
            outputs: as in `bounds`.
        """
        shape = (len(rows), task.steps, len(task.target_columns))
        ends = [
            task.restore(rows, each).reshape(shape) for each in self.bounds(outputs)
        ]
        return np.stack(ends, axis=-1)

    def coverage(
        self, task: "ForecastTask", rows: np.ndarray, outputs: np.ndarray
    ) -> "pd.DataFrame":
        """Return how often the truth lies inside, for each target and step ahead.

        Args:
            task: the task.
            rows: `(n,)` rows, such as `task.test`, which calibrated nothing.
            outputs: as in `bounds`.

        Returns:
            Columns `target`, `unit`, `step`, `ahead`, `coverage` (in [0, 1]) and
            `width`, the mean one in the unit.
        """
        rows, outputs = np.asarray(rows), np.asarray(outputs)
        expect(len(rows) == len(outputs) > 0, "rows", "one for each output", len(rows))
        inside = widths = np.zeros((task.steps, len(task.target_columns)))
        size = max(1, _AT_ONCE // task.outputs)
        for at in range(0, len(rows), size):
            part = rows[at : at + size]
            ends = self.restore(task, part, outputs[at : at + size])
            low, high = ends[..., 0], ends[..., 1]
            actual = task.actual(part).reshape(low.shape)
            inside = inside + ((low <= actual) & (actual <= high)).sum(axis=0)
            widths = widths + (high - low).sum(axis=0)
        return interval_table(task, inside / len(rows), widths / len(rows))

    def settings(self) -> dict[str, Any]:
        """Return what `from_settings` makes equal ones of: strict JSON."""
        return {
            "level": self.level,
            "margin": self.margin.tolist(),
            "quantiles": list(self.quantiles),
            "pair": None if self.pair is None else list(self.pair),
            "count": self.count,
        }

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Return the intervals that have these settings.

        Raises:
            UserError: for settings that none have.
        """
        try:
            margin = np.array(settings["margin"], np.float64)
            quantiles = tuple(map(float, settings["quantiles"]))
            low_high = settings["pair"]
            pair = None
            if low_high is not None:
                pair = float(low_high[0]), float(low_high[1])
            fits = margin.ndim == 1 and np.isfinite(margin).all()
            expect(bool(fits and {*(pair or ())} <= {*quantiles}), "margin", "one", 0)
            level, count = check_level(settings["level"]), int(settings["count"])
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise UserError(
                f"`settings` must be those of intervals, got {error!r}"
            ) from error
        return cls(
            level=level, margin=margin, quantiles=quantiles, pair=pair, count=count
        )


def calibrate(
    task: "ForecastTask",
    rows: np.ndarray,
    outputs: np.ndarray,
    *,
    level: float = 0.9,
    quantiles: Sequence[float] = (),
) -> Intervals:
    r"""Return split-conformal intervals of a forecaster.

    Each output, a step ahead of a target, has a margin of its own: the score of rank
    $\lceil (n + 1) L \rceil$ among those of $n$ examples (`conformal_rank`). The score
    is how far the truth lies from the forecast; of a forecaster of quantiles, how far
    it lies outside the two that are nearest to $(1 \mp L) / 2$.

    If a new example is exchangeable with these, the interval holds it with a
    probability of $L$ at least, whatever the forecaster. Examples of another time are
    not exchangeable: where a series drifts, the level is missed, and `coverage` on test
    says by how much.

    Args:
        task: the task.
        rows: `(n,)` rows that the forecaster has not learnt from; see `hold_out`.
        outputs: what it puts out for them, `(n, outputs)` or `(n, outputs *
            quantiles)`.
        level: how often the truth is to lie inside.
        quantiles: which the forecaster puts out, if it does.

    Raises:
        UserError: for fewer rows than the level needs, training rows among them, and
            outputs of another shape.

    Warns:
        ConformalWarning: where the rows are enough by their number only: so many
            overlap that fewer than needed have no target in common.

    Reference:
        J. Lei et al., arXiv:1604.04173; of quantiles Y. Romano et al.,
        arXiv:1905.03222.

    Example:
        >>> from seqconv_jax.baselines import last_value
        >>> from seqconv_jax.data import Series, forecast_task
        >>> noise = np.random.default_rng(0).normal(size=(4000, 1))
        >>> series = Series(values=noise.cumsum(axis=0), columns=("level (m)",))
        >>> task = forecast_task(
        ...     series, target="level (m)", lookback=4, horizon=2, split=(0.25, 0.6)
        ... )
        >>> rows, naive = task.validation, last_value(task)
        >>> intervals = calibrate(task, rows, naive.outputs(task, rows), level=0.9)
        >>> found = intervals.coverage(task, task.test, naive.outputs(task, task.test))
        >>> found[["ahead", "coverage", "width"]].round(2).values.tolist()
        [['1 row', 0.91, 3.35], ['2 rows', 0.91, 4.72]]
    """
    rows = np.asarray(rows)
    shared = np.isin(rows, task.train).sum()
    expect(shared == 0, "rows", "rows that trained nothing", f"{shared:,} of training")
    quantiles = tuple(map(float, quantiles))
    pair = _pair(quantiles, check_level(level))
    conformal_rank(len(rows), level)
    truth = task.truth(rows)
    low, high = _ends(outputs, quantiles, pair)
    if pair is None:
        scores = absolute_scores(low, truth)
    else:
        scores = quantile_scores(low, high, truth)
    _warn_of_overlap(task, rows, level)
    return Intervals(
        level=float(level),
        margin=conformal_margins(scores, level),
        quantiles=quantiles,
        pair=pair,
        count=len(rows),
    )


def _pair(quantiles: Sequence[float], level: float) -> tuple[float, float] | None:
    """Return the two quantiles nearest to the ends of an interval, if there are two.

    >>> _pair((0.05, 0.25, 0.5, 0.75, 0.95), 0.8), _pair((0.5,), 0.8)
    ((0.05, 0.95), None)
    """
    below = [each for each in quantiles if each < 0.5]
    above = [each for each in quantiles if each > 0.5]
    if not below or not above:
        return None
    tail = (1 - level) / 2
    return (
        min(below, key=lambda each: abs(each - tail)),
        min(above, key=lambda each: abs(each - (1 - tail))),
    )


def _ends(
    outputs: Any, quantiles: Sequence[float], pair: tuple[float, float] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return what an interval begins from, twice `(n, outputs)`; quantiles in order."""
    values = np.asarray(outputs, np.float64)
    expect(values.ndim == 2, "outputs", "(n, outputs)", f"shape {values.shape}")
    if not quantiles:
        return values, values
    each = len(quantiles)
    fits = values.shape[1] % each == 0
    expect(fits, "outputs", f"a multiple of {each} quantiles", values.shape[1])
    values = values.reshape(len(values), -1, each)
    if pair is None:
        middle = values[..., middle_quantile(quantiles)]
        return middle, middle
    values = np.sort(values, axis=-1)
    low, high = (values[..., list(quantiles).index(one)] for one in pair)
    return low, high


def _warn_of_overlap(task: "ForecastTask", rows: np.ndarray, level: float) -> None:
    """Warn where few rows have no target in common with another."""
    apart = len(rows) // max(1, task.horizon_rows)
    try:
        conformal_rank(apart, level)
    except UserError:
        warnings.warn(
            f"of {len(rows):,} windows to calibrate on about {apart:,} forecast no row "
            f"in common, too few for a level of {level:g}: the margins say little of "
            "other times; calibrate on a longer stretch",
            ConformalWarning,
            stacklevel=3,
        )
