"""The forecast task of a fold: of the rows up to its end, with a scale of its own."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError, expect
from seqconv_jax.backtesting.folds import Fold
from seqconv_jax.data.forecast.build import forecast_task
from seqconv_jax.data.forecast.panel import panel_of
from seqconv_jax.data.forecast.rows import with_rows
from seqconv_jax.data.forecast.task import ForecastTask
from seqconv_jax.data.series.series import Series

__all__ = ["fold_task", "later_task", "time_axis"]

Given = Series | Mapping[str, Series]


def time_axis(series: Given) -> np.ndarray:
    """Return what the rows of a fold count: times, of several series all that occur.

    Of one series without times it is the row numbers.

    Raises:
        UserError: for several series without times, which have no axis in common.
    """
    panel = panel_of(series)
    if panel.group is None and panel.first.times is None:
        return np.arange(len(panel.first.values))
    if panel.times is None:
        raise UserError("`series` must have times, to be cut where the others are")
    return panel.times if panel.group is None else np.unique(panel.times)


def fold_task(series: Given, fold: Fold, **options: Any) -> ForecastTask:
    """Return the task of a fold.

    Nothing behind the fold's end is in it, and scales are fitted on its training rows
    alone. Of several series those are left out that have none of the fold's training
    rows, and nothing to test.

    Args:
        series: the series.
        fold: one of `rolling_folds`, of the rows of `time_axis`.
        **options: those of `data.forecast_task` with a `horizon`, or a `delay` alone,
            but for `split` and `purge`.

    Raises:
        UserError: for a part without a window, and as `data.forecast_task`.

    Example:
        >>> ramp = Series(values=np.arange(40.0)[:, None], columns=("level",))
        >>> fold = Fold(range(5, 20), range(20, 25), range(27, 32))
        >>> task = fold_task(ramp, fold, target="level", lookback=2, horizon=2)
        >>> task.actual(task.test)[[0, -1], :, 0].round(3).tolist()
        [[27.0, 28.0], [30.0, 31.0]]
        >>> task.unit_shift  # the mean of rows 5 to 19
        12.0
    """
    for name in ("split", "purge"):
        expect(name not in options, name, "left to the fold", options.get(name))
    if options.get("horizon") is None:  # the same, and split by targets
        expect(options.get("delay") is not None, "horizon", "given", None)
        options = {**options, "horizon": options["delay"]}
    parts = (fold.train, fold.validation, fold.test)
    edges = [fold.train.start, fold.train.stop, fold.validation.stop, fold.test.stop]
    cut = _Cut(series, *edges)
    task = forecast_task(cut.series, split=cut.split, **options)
    rows = [
        cut.inside(task, each, part)
        for each, part in zip(
            (task.train, task.validation, task.test), parts, strict=True
        )
    ]
    for name, each in zip(("train", "validation", "test"), rows, strict=True):
        expect(len(each) > 0, name, "long enough for a window in every fold", "none")
    train, validation, test = rows
    return with_rows(task, train=train, validation=validation, test=test)


def later_task(preprocessor: Any, series: Given, fold: Fold) -> ForecastTask:
    """Return the test windows of a fold for what was fitted on an earlier one.

    They are scaled as that was; there are no training and no validation rows.

    Args:
        preprocessor: that of the earlier fold's task.
        series: the series.
        fold: the fold.
    """
    edges = [fold.train.start, fold.train.stop, fold.validation.stop, fold.test.stop]
    cut = _Cut(series, *edges)
    task = preprocessor.task(cut.series, targets=True)
    return with_rows(task, test=cut.inside(task, task.test, fold.test))


class _Cut:
    """Series between two points of their time axis, and the cuts in them."""

    def __init__(self, series: Given, start: int, first: int, second: int, stop: int):
        """Cut them."""
        panel, axis = panel_of(series), time_axis(series)
        self._start, self._axis = start, axis
        self._alone = panel.group is None
        if self._alone:
            self.series: Given = _part(panel.first, start, stop)
            self.split: Any = (first - start, second - start)
            return
        low, high = axis[start], axis[stop - 1]
        self.split = (axis[first], axis[second])
        found = {}
        for name, one in zip(panel.names, panel.series, strict=True):
            assert one.times is not None  # `time_axis` has looked
            at = np.searchsorted(one.times, low)
            end = np.searchsorted(one.times, high, side="right")
            if end > at and one.times[at] < axis[first]:
                found[name] = _part(one, int(at), int(end))
        expect(len(found) > 0, "series", "some with rows to train on", "none")
        self.series = found

    def inside(self, task: ForecastTask, rows: np.ndarray, part: range) -> np.ndarray:
        """Return the rows whose targets all lie in a part of the axis."""
        newest = int(task.past_offsets[-1])
        ends = (rows + newest + int(task.ahead_rows[at]) for at in (0, -1))
        if self._alone:
            first, last = (each + self._start for each in ends)
            return rows[(first >= part.start) & (last < part.stop)]
        assert task.times is not None
        first, last = (task.times[each] for each in ends)
        low, high = self._axis[part.start], self._axis[part.stop - 1]
        return rows[(first >= low) & (last <= high)]


def _part(one: Series, start: int, stop: int) -> Series:
    times = None if one.times is None else one.times[start:stop]
    return replace(one, values=one.values[start:stop], times=times)
