"""Making the forecast task of a series: scale, windows, targets."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

import numpy as np

from seqconv_jax._checks import expect, one_of
from seqconv_jax.data.forecast.fields import task_fields
from seqconv_jax.data.forecast.options import layout_of
from seqconv_jax.data.forecast.panel import panel_of
from seqconv_jax.data.forecast.preprocessor import ForecastPreprocessor
from seqconv_jax.data.forecast.scaling import fit_scales
from seqconv_jax.data.forecast.season import season_rows
from seqconv_jax.data.forecast.splits import split_panel
from seqconv_jax.data.forecast.task import ForecastTask
from seqconv_jax.data.series.durations import Duration
from seqconv_jax.data.series.series import Series

__all__ = ["StepOptions", "TaskOptions", "forecast_task"]


class StepOptions(TypedDict, total=False):
    """The same as `TaskOptions`, but for how far ahead is forecast."""

    step: Duration
    purge: Duration | None
    gaps: Literal["keep", "drop"]
    predict: Literal["value", "change", "normalised"]
    replacement: bool
    scale: Literal["series", "all"]
    scale_rows: Duration | None
    inputs: Sequence[str] | None
    future: Sequence[str]
    calendar: bool | Sequence[str]
    season: Duration | None


class TaskOptions(StepOptions, total=False):
    """The options of `forecast_task` that are the same for every data set."""

    horizon: Duration | None


def forecast_task(
    series: Series | Mapping[str, Series],
    *,
    target: str | Sequence[str],
    lookback: Duration,
    every: Duration = 1,
    delay: Duration | None = None,
    horizon: Duration | None = None,
    step: Duration = 1,
    split: Sequence[Any],
    purge: Duration | None = None,
    exact_horizon: bool | None = None,
    gaps: Literal["keep", "drop"] = "keep",
    predict: Literal["value", "change", "normalised"] = "value",
    replacement: bool = True,
    scale: Literal["series", "all"] = "series",
    scale_rows: Duration | None = None,
    inputs: Sequence[str] | None = None,
    future: Sequence[str] = (),
    calendar: bool | Sequence[str] = False,
    season: Duration | None = None,
) -> ForecastTask:
    r"""Return the task of forecasting columns of a series, or of several.

    With `horizon`, the example of row $r$ has the inputs $z_{r-L+E}, \dots, z_r$ ($L$
    lookback, $E$ every) and the targets $z_{r+S}, z_{r+2S}, \dots, z_{r+H}$ ($S$ step,
    $H$ horizon) of one column or more, where $z$ is the table standardised with the
    mean and the population standard deviation of the rows before the first cut. A
    window belongs to the split that all its targets lie in; its inputs may look back
    into the split before, as they do in use. No row behind the first cut has a part in
    training.

    With `delay` alone, as in the book, the one target is $z_{r+D}$ ($D$ delay) and the
    inputs are $z_{r-L}, z_{r-L+E}, \dots$ before row $r$. With `split` at rows $(a, b)$
    of $n$, the rows are `range(L, a)`, `range(a + 1 + L, b)` and
    `range(b + 1 + L, n - D - 1)`. The newest input is up to `every` before row `r`, so
    by default the real horizon is `delay + every`: changing `every` changes the task.
    And by default the last train targets lie `delay - 1` rows deep in what validation
    reads. Both are so in the book's experiments, whose scores are published;
    `exact_horizon` and `purge` fix them.

    Args:
        series: the series, or several by name, of the same columns and sampling; no
            window crosses from one to another, and each is cut by `split` on its own.
            Their values must be finite.
        target: the column to forecast, or several.
        lookback: how far back inputs go: rows, or a duration such as "5d".
        every: the distance between two inputs: rows, or a duration.
        delay: how far ahead of the row the target lies, the first of them where
            `horizon` is given too: rows, or a duration. None for one `step`.
        horizon: how far ahead of the row the last target lies; every `step` from
            `delay` up to it is forecast at once. None for one target at `delay`.
        step: the distance between two forecast steps.
        split: two cut points: rows, dates or fractions (see `cuts.cut_rows`).
        purge: rows (or a duration) between two splits that neither reads as
            input or target; see `windows.splits` for the exact rule. 0 keeps the
            published rows, whose splits overlap in targets. None: as said above.
        exact_horizon: make row `r` itself the newest input (all inputs move by the
            same distance), so that the horizon is exactly `delay`. None: only with
            `horizon`.
        gaps: "keep" windows that cross a gap in time, or "drop" them. They
            are counted either way.
        predict: forecast the "value", or its "change" since the newest input. Or
            "normalised": the change, from inputs less their newest value, so that a
            level never seen in training does no harm; `future` columns and the calendar
            stay as they are.
        replacement: whether training rows are drawn with replacement.
        scale: whether each "series" has a scale of its own, or "all" have one.
        scale_rows: how many first rows the scale is fitted on, at most the first cut;
            None for all of those.
        inputs: the input columns, in this order; None for all.
        future: columns that are known for the rows to forecast as well, such as a
            weather forecast or holidays: inputs go on over the forecast steps, where
            other columns are 0, and a last column, "observed", tells which is which.
        calendar: whether the hour of the day, the day of the week and of the year are
            inputs, each as sine and cosine, as far as the sampling tells them apart;
            or those named, such as `["hour of day"]`, the one to take of less than a
            year.
        season: how long a season is, for the seasonal baseline: rows or a duration.
            None for that of the sampling: a day, of daily rows a week, of others a
            year.

    Returns:
        The task; every validation and test row is to be scored once.

    Raises:
        UserError: one line that names the argument, what was expected and what came.

    Warns:
        ScaleWarning: for constant columns, and values far outside the train scale.

    Reference: of "normalised", A. Zeng and others, *Are Transformers Effective for Time
    Series Forecasting?*, arXiv:2205.13504.

    Example:
        >>> from seqconv_jax.data import Series
        >>> start, hour = np.datetime64("2020-01-01", "us"), np.timedelta64(1, "h")
        >>> series = Series(
        ...     values=np.sin(np.arange(90.0))[:, None],
        ...     columns=("level (m)",),
        ...     times=start + np.arange(90) * hour,
        ... )
        >>> task = forecast_task(
        ...     series,
        ...     target="level (m)",
        ...     lookback="12h",
        ...     every="3h",
        ...     delay="6h",
        ...     split=(0.5, 0.75),
        ...     exact_horizon=True,
        ... )
        >>> task.offsets.tolist(), task.horizon, task.unit
        ([-9, -6, -3, 0], '6h', 'm')
        >>> len(task.train), len(task.validation), len(task.test)
        (33, 9, 3)
        >>> task = forecast_task(
        ...     series,
        ...     target="level (m)",
        ...     lookback="1d",
        ...     horizon="6h",
        ...     split=(0.5, 0.8),
        ... )
        >>> task.example.shape, task.outputs, task.horizon
        ((1, 24, 1), 6, '1h to 6h')
        >>> task.restore(task.test, task.truth(task.test)).shape
        (13, 6, 1)
    """
    panel = panel_of(series)
    fits = isinstance(replacement, bool | np.bool_)
    expect(fits, "replacement", "a bool", replacement)
    one_of("gaps", gaps, ("keep", "drop"))
    one_of("scale", scale, ("series", "all"))
    layout = layout_of(
        panel,
        targets=target,
        inputs=inputs,
        future=future,
        calendar=calendar,
        predict=predict,
        lookback=lookback,
        every=every,
        delay=delay,
        horizon=horizon,
        step=step,
        exact=exact_horizon,
    )
    by_targets = purge is None and horizon is not None
    unread = None if by_targets else panel.rows("purge", 0 if purge is None else purge)
    cuts, parts = split_panel(panel, split, layout.window, unread, gaps)
    scales = fit_scales(panel, layout.values, cuts, scale, scale_rows)
    fields: dict[str, Any] = dict(parts.rows)
    rows_of_season = season_rows(panel, season)
    preprocessor = ForecastPreprocessor(
        layout=layout,
        scales=tuple(scales),
        series_names=panel.names if len(scales) > 1 else (),
        every=panel.first.every if panel.regular else None,
        timed=panel.first.times is not None,
        gaps=gaps,
        season=rows_of_season,
        reading=panel.read_options,
    )
    return ForecastTask(
        **task_fields(panel, layout, scales),
        **fields,
        replacement=replacement,
        preprocessor=preprocessor,
        season=rows_of_season,
        spanning=parts.spanning,
        dropped=parts.dropped,
    )
