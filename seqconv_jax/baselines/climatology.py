"""What is usual at this hour and on this day of the year."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from seqconv_jax._checks import UserError, non_negative_int
from seqconv_jax.baselines.contract import fitted_rows, rows_of, scores
from seqconv_jax.data.forecast.task import ForecastTask

__all__ = ["SPANS", "Climatology", "climatology"]

SPANS = (0, 3, 7, 15, 30)
_DAYS = 366
_MOST_NUMBERS = 2**23  # of a table: more series than it holds share one


class Climatology(NamedTuple):
    """The mean of training at each hour and day of the year, standardised.

    Attributes:
        table: `(series, days, hours, targets)` float64; very many series share one.
        span: days before and after a day that its mean is over.
        tried: the mean absolute error on validation of each span that was tried.
    """

    table: np.ndarray
    span: int
    tried: Mapping[int, float]

    def outputs(self, task: ForecastTask, rows: np.ndarray) -> np.ndarray:
        """Return `(n, outputs)` float64; see `contract.Baseline`."""
        rows, newest = rows_of(task, rows), int(task.past_offsets[-1])
        ahead = rows[:, None] + newest + task.ahead_rows
        series = np.broadcast_to(task.series_of(rows)[:, None], ahead.shape)
        day, hour = _places(task, ahead)
        values = self.table[np.minimum(series, len(self.table) - 1), day, hour]
        if task.predict != "value":
            values = values - task.last[rows][:, None]
        return values.reshape(len(rows), task.outputs)


def climatology(task: ForecastTask, *, span: int | None = None) -> Climatology:
    """Fit the mean of the targets at each hour of the day and day of the year.

    Where training has nothing near a day at that hour, the mean of the hour is taken,
    and where it has nothing at that hour, the mean of all.

    Args:
        task: the forecast task, with times; what is forecast in training is used.
        span: days before and after a day that its mean is over; None takes the one of
            `SPANS` with the least mean absolute error on validation.

    Raises:
        UserError: for a task without times, and for a span to choose without validation
            rows.

    Example:
        >>> from seqconv_jax.data import Series, forecast_task
        >>> hours = np.datetime64("2020-01-01T00", "us") + np.arange(
        ...     480
        ... ) * np.timedelta64(1, "h")
        >>> wave = np.sin(np.arange(480) * np.pi / 12)[:, None]
        >>> series = Series(values=wave, columns=("level",), times=hours)
        >>> task = forecast_task(
        ...     series, target="level", lookback=4, horizon=3, split=(0.5, 0.75)
        ... )
        >>> usual = climatology(task).outputs(task, task.test)
        >>> bool(np.abs(usual - task.truth(task.test)).max() < 1e-5)
        True
    """
    rows = fitted_rows(task)
    if task.times is None:
        raise UserError("`task.times` must be given for a climatology, got None")
    if span is not None:
        span = min(non_negative_int("span", span), _DAYS // 2)
        return Climatology(_smoothed(*_sums(task, rows), span), span, {})
    if not len(task.validation):
        raise UserError("`span` must be given without validation rows, got None")
    sums, counts = _sums(task, rows)
    tried, best = {}, None
    for each in SPANS:
        found = Climatology(_smoothed(sums, counts, each), each, tried)
        tried[each] = scores(found, task, "validation", {"mae": _mae})["mae"]
        if best is None or tried[each] < tried[best.span]:
            best = found
    assert best is not None
    return best


def _sums(task: ForecastTask, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return sums and counts of the targets of some rows, each row of data once."""
    newest = int(task.past_offsets[-1])
    used = np.unique(rows[:, None] + newest + task.ahead_rows)
    # the newest input of row `r` is row `r + newest`, whose value is `last[r]`
    used = used[used - newest < len(task.last)]
    used = used[task.series_of(used) == task.series_of(used - newest)]
    day, hour = _places(task, used)
    values = task.last[used - newest].astype(np.float64)
    series = task.series_of(used)
    count = len(task.starts)
    if count * _DAYS * 24 * values.shape[1] > _MOST_NUMBERS:
        series, count = np.zeros_like(series), 1
    shape = (count, _DAYS, 24)
    sums, counts = np.zeros((*shape, values.shape[1])), np.zeros((*shape, 1))
    where = (series, day, hour)
    np.add.at(sums, where, values)
    np.add.at(counts, where, 1)
    return sums, counts


def _smoothed(sums: np.ndarray, counts: np.ndarray, span: int) -> np.ndarray:
    """Return means over days near each, or of the hour, or of all."""
    near, count = _around(sums, span), _around(counts, span)
    of_hour, times = sums.sum(axis=1, keepdims=True), counts.sum(axis=1, keepdims=True)
    of_all = of_hour.sum(axis=2, keepdims=True) / np.maximum(
        times.sum(axis=2, keepdims=True), 1
    )
    hourly = np.where(times > 0, of_hour / np.maximum(times, 1), of_all)
    return np.where(count > 0, near / np.maximum(count, 1), hourly)


def _around(table: np.ndarray, span: int) -> np.ndarray:
    """Return sums over the days from `span` before to `span` after each, in a ring."""
    first = [table[:, _DAYS - span :], table, table[:, :span]]
    sums = np.cumsum(np.concatenate(first, axis=1), axis=1)
    sums = np.concatenate([np.zeros_like(sums[:, :1]), sums], axis=1)
    width = 2 * span + 1
    return sums[:, width:] - sums[:, :-width]


def _places(task: ForecastTask, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the day of the year, from 0, and the hour of some rows of the data."""
    assert task.times is not None
    times = task.times[rows]
    days, hours = times.astype("datetime64[D]"), times.astype("datetime64[h]")
    first = times.astype("datetime64[Y]").astype("datetime64[D]")
    return (days - first).astype(int), (hours - days.astype("datetime64[h]")).astype(
        int
    )


def _mae(predictions: np.ndarray, targets: np.ndarray) -> np.ndarray:
    return np.abs(predictions - targets).mean(axis=-1)
