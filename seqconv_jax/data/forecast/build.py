"""Making the forecast task of a series: scale, windows, targets."""

import re
from collections.abc import Sequence
from typing import Any, Literal, TypedDict

import numpy as np

from seqconv_jax._checks import UserError, expect, non_negative_int, one_of, shown
from seqconv_jax.data.forecast.cuts import cut_rows
from seqconv_jax.data.forecast.scaling import Scale, fit_scale, warn_of_drift
from seqconv_jax.data.forecast.task import ForecastTask
from seqconv_jax.data.forecast.windows import Window, spans_gap, splits
from seqconv_jax.data.series.durations import Duration, format_duration, rows_of
from seqconv_jax.data.series.series import Series
from seqconv_jax.data.series.table import listed, unknown_column

__all__ = ["TaskOptions", "forecast_task"]


class TaskOptions(TypedDict, total=False):
    """The options of `forecast_task` that are the same for every data set."""

    purge: Duration
    gaps: Literal["keep", "drop"]
    predict: Literal["value", "change"]
    replacement: bool
    scale_rows: Duration | None
    inputs: Sequence[str] | None


def forecast_task(
    series: Series,
    *,
    target: str,
    lookback: Duration,
    every: Duration,
    delay: Duration,
    split: Sequence[Any],
    purge: Duration = 0,
    exact_horizon: bool = False,
    gaps: Literal["keep", "drop"] = "keep",
    predict: Literal["value", "change"] = "value",
    replacement: bool = True,
    scale_rows: Duration | None = None,
    inputs: Sequence[str] | None = None,
) -> ForecastTask:
    r"""Return the task of forecasting one column of a series.

    The example of row $r$ has the inputs $z_{r-L}, z_{r-L+E}, \dots$ (before row $r$;
    $L$ lookback, $E$ every) and the target $z_{r+D}$ of one column ($D$ delay), where
    $z$ is the table standardised with the mean and the population standard deviation
    of the rows before the first cut. With `split` at rows $(a, b)$ of $n$, the rows
    are `range(L, a)`, `range(a + 1 + L, b)` and `range(b + 1 + L, n - D - 1)`.

    The newest input is up to `every` before row `r`, so by default the real horizon
    is `delay + every`: changing `every` changes the task. And by default the last
    train targets lie `delay - 1` rows deep in what validation reads. Both are so in the
    book's experiments, whose scores are published; `exact_horizon` and `purge` fix
    them.

    Args:
        series: the series; its values must be finite.
        target: the column to forecast.
        lookback: how far back inputs go: rows, or a duration such as "5d".
        every: the distance between two inputs: rows, or a duration.
        delay: how far ahead of the row the target lies: rows, or a duration.
        split: two cut points: rows, dates or fractions (see `cuts.cut_rows`).
        purge: rows (or a duration) between two splits that neither reads as
            input or target; see `windows.splits` for the exact rule. 0 keeps the
            published rows, whose splits overlap in targets.
        exact_horizon: make row `r` itself the newest input (all inputs move by the
            same distance), so that the horizon is exactly `delay`.
        gaps: "keep" windows that cross a gap in time, or "drop" them. They
            are counted either way.
        predict: forecast the "value", or its "change" since the newest input.
        replacement: whether training rows are drawn with replacement.
        scale_rows: how many first rows the scale is fitted on, at most the first cut;
            None for all of those.
        inputs: the input columns, in this order; None for all.

    Returns:
        The task; every validation and test row is to be scored once.

    Raises:
        UserError: one line that names the argument, what was expected and what came.

    Warns:
        ScaleWarning: for constant columns, and values far outside the train scale.

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
    """
    if not isinstance(series, Series):
        raise UserError(
            f"`series` must be a Series, got {shown(series)}; read_series, Series(...) "
            "and Series.from_pandas make one"
        )
    flags = {"exact_horizon": exact_horizon, "replacement": replacement}
    for name, flag in flags.items():
        expect(isinstance(flag, bool | np.bool_), name, "a bool", flag)
    one_of("gaps", gaps, ("keep", "drop"))
    one_of("predict", predict, ("value", "change"))
    columns = _columns(series, inputs, target)
    window = Window(
        lookback=_rows(series, "lookback", lookback),
        every=_rows(series, "every", every),
        delay=_rows(series, "delay", delay),
        exact=exact_horizon,
    )
    cuts = cut_rows(split, series)
    unread = non_negative_int("purge", _rows(series, "purge", purge))
    parts = splits(len(series.values), cuts, window, unread)
    scale, table = _standardised(series, (*columns, target), cuts[0], scale_rows)
    future, last = _ahead(table[:, -1:], window)
    rows = {part.name: part.rows(window.lookback) for part in parts}
    rows, spanning, dropped = _at_gaps(rows, series, window, gaps)
    return ForecastTask(
        inputs=np.ascontiguousarray(table[:, :-1], dtype=np.float32),
        targets=(future - last if predict == "change" else future).astype(np.float32),
        offsets=window.offsets,
        **rows,
        replacement=replacement,
        columns=columns,
        target=target,
        mean=scale.mean[:-1],
        std=scale.std[:-1],
        unit=_unit(target),
        unit_shift=float(scale.mean[-1]),
        unit_scale=float(scale.std[-1]),
        lookback=window.lookback,
        every=window.every,
        delay=window.delay,
        horizon_rows=window.horizon,
        horizon=_horizon(series, window),
        predict=predict,
        last=last.astype(np.float32),
        times=series.times,
        spanning=spanning,
        dropped=dropped,
        report=series.report(),
        origin=series.origin,
    )


def _columns(
    series: Series, inputs: Sequence[str] | None, target: str
) -> tuple[str, ...]:
    """Return the input columns after checking them and the target."""
    columns = series.columns if inputs is None else inputs
    # a set has no order of its own, and a generator is used up by one look
    ordered = hasattr(columns, "__getitem__") and hasattr(columns, "__len__")
    columns = tuple(columns) if ordered and not isinstance(columns, str) else ()
    if not columns or len(set(map(str, columns))) < len(columns):
        raise UserError(
            f"`inputs` must name one column or more, each once, in a list, got "
            f"{shown(inputs)}; {series.name} has {listed(series.columns)}"
        )
    for option, name in [("target", target), *(("inputs", name) for name in columns)]:
        if name not in series.columns:
            raise unknown_column(option, name, series.columns, series.name)
    return columns


def _rows(series: Series, name: str, value: Duration) -> int:
    """Return an argument in rows of the series."""
    every = series.every if series.regular else None
    return rows_of(value, every, name=name, where=series.name)


def _standardised(
    series: Series, names: Sequence[str], cut: int, scale_rows: Duration | None
) -> tuple[Scale, np.ndarray]:
    """Return the scale of the named columns and the standardised float64 table."""
    rows = cut if scale_rows is None else _rows(series, "scale_rows", scale_rows)
    if not 1 <= rows <= cut:
        raise UserError(
            f"`scale_rows` must be in 1 to {cut:,}, the rows before the first cut of "
            f"`split`, got {rows:,}"
        )
    values = series.values[:, [series.columns.index(name) for name in names]]
    if not np.isfinite(values).all():
        row, column = (int(at) for at in np.argwhere(~np.isfinite(values))[0])
        raise UserError(
            f"{series.name} row {row:,}, column {names[column]!r}: the value must be "
            f"finite, got {values[row, column]}; read it with missing='previous', "
            "'interpolate' or 'drop'"
        )
    scale = fit_scale(values, rows, names, series.name)
    table = scale.apply(values)
    warn_of_drift(table, cut, names, series.name)
    return scale, table


def _ahead(column: np.ndarray, window: Window) -> tuple[np.ndarray, np.ndarray]:
    """Return `(rows, 1)` each row's target and its newest input.

    Where none is, the first is NaN, which no score takes, and the other 0.
    """
    length, newest = len(column), int(window.offsets[-1])
    future, last = np.full_like(column, np.nan), np.zeros_like(column)
    future[: length - window.delay] = column[window.delay :]
    last[-newest:] = column[: length + newest]
    return future, last


def _at_gaps(
    rows: dict[str, np.ndarray], series: Series, window: Window, gaps: str
) -> tuple[dict[str, np.ndarray], dict[str, int], dict[str, int]]:
    """Return the rows to use, and how many of each split span a gap and are dropped.

    Where the sampling is not regular, nobody can tell what spans a gap: no counts.
    """
    if gaps == "drop" and not series.regular:
        raise UserError(
            f"gaps='drop' needs a regular sampling, which {series.name} does not have"
        )
    spanning, dropped = {}, dict.fromkeys(rows, 0)
    if not series.regular:
        return rows, spanning, dropped
    for name, split_rows in rows.items():
        broken = spans_gap(split_rows, window, series.gaps, len(series.values))
        spanning[name] = int(broken.sum())
        if gaps == "drop":
            dropped[name] = spanning[name]
            rows = {**rows, name: split_rows[~broken]}
            if not len(rows[name]):
                raise UserError(
                    f"gaps='drop' leaves no {name} window of {series.name}: all "
                    f"{dropped[name]:,} cross a gap in time"
                )
    return rows, spanning, dropped


def _unit(target: str) -> str:
    found = re.search(r"\(([^()]*)\)\s*$", target)
    return found[1] if found else ""


def _horizon(series: Series, window: Window) -> str:
    if series.regular and series.every is not None:
        return format_duration(window.horizon * series.every)
    return f"{window.horizon} row{'s' * (window.horizon != 1)}"
