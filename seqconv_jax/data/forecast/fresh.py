"""New series as a trained forecaster takes them: checked, and continued."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.data.forecast.lacking import lacking_columns
from seqconv_jax.data.forecast.layout import Layout
from seqconv_jax.data.forecast.windows import Window
from seqconv_jax.data.series.durations import Step, format_duration
from seqconv_jax.data.series.missing import missing_cells, resolve, split_marks
from seqconv_jax.data.series.sampling import continued, sampled_every
from seqconv_jax.data.series.series import Series
from seqconv_jax.data.series.table import listed

__all__ = ["Continued", "continue_series"]


@dataclass(frozen=True, eq=False)
class Continued:
    """A series with the rows to forecast behind it.

    Attributes:
        series: the columns of a layout; what is not known is NaN.
        known: how many rows are observed.
        dated: how many rows have a time that can be told.
    """

    series: Series
    known: int
    dated: int


def continue_series(
    one: Series,
    layout: Layout,
    every: Step | None,
    timed: bool,
    reading: Mapping[str, Any],
    *,
    targets: bool,
) -> Continued:
    """Return a series continued by the rows that its newest window forecasts.

    Where columns are known ahead, those rows are the last of the series, whose targets
    are empty; and what `reading` says of missing cells is done to the others now.

    Args:
        one: the series.
        layout: what is read and forecast.
        every: the sampling of the series in training; None where it was not regular.
        timed: whether that had times.
        reading: the options that it was read with.
        targets: whether the truth is to be scored.

    Raises:
        UserError: for other columns, another sampling, too few rows, and values that
            are missing.
    """
    names = tuple(dict.fromkeys(layout.values))
    values = _values(one, names, layout, targets)
    every = _checked_step(one, every, timed or bool(layout.calendar))
    known = _known(values, names, layout) if layout.future else len(values)
    if layout.future:
        values[:known] = _resolved(values[:known], names, one, reading)
    horizon = layout.window.horizon
    _expect_rows(one, known, layout.window, targets)
    missing = max(0, known + horizon - len(values))
    if missing and layout.future and not targets:
        raise UserError(
            f"{one.name} must go on for {horizon:,} rows behind its newest target, "
            f"with {listed(layout.future)} and the targets empty, got "
            f"{horizon - missing:,} rows"
        )
    times = one.times
    if times is not None and missing:
        # without a sampling nobody can tell: the last time stands in for the others
        ahead = np.repeat(times[-1:], missing)
        if every is not None:
            ahead = continued(times, every, missing)
        times = np.concatenate([times, ahead])
    series = Series(
        values=np.pad(values, ((0, missing), (0, 0)), constant_values=np.nan),
        columns=names,
        times=times,
        origin=one.origin,
        notes=one.notes,
        allow=("missing", "unsorted", "duplicates"),
    )
    dated = len(series.values) if every is not None else len(values)
    return Continued(series, known, dated if times is not None else 0)


def _values(
    one: Series, names: tuple[str, ...], layout: Layout, targets: bool
) -> np.ndarray:
    """Return `(rows, columns)` float64; a target that nobody asks for may be NaN."""
    unasked = set() if targets or layout.predict != "value" else set(layout.targets)
    values = np.full((len(one.values), len(names)), np.nan)
    needed = [name for name in names if name in layout.inputs or name not in unasked]
    for place, name in enumerate(names):
        if name in one.columns:
            values[:, place] = one.values[:, one.columns.index(name)]
        elif name in needed:
            raise lacking_columns(needed, one.columns, one.name)
    return values


def _checked_step(one: Series, every: Step | None, timed: bool) -> Step | None:
    """Return the sampling of a series after checking that it is the model's."""
    if one.times is None:
        if timed:
            raise UserError(
                f"{one.name} has no times, which the model was trained with; pass "
                "time=... when reading it"
            )
        return None
    if every is None:
        return one.every if one.regular else None
    if len(one.times) > 1 and not sampled_every(one.times, every).regular:
        own = (
            "irregularly"
            if one.every is None or not one.regular
            else (f"every {format_duration(one.every)}")
        )
        raise UserError(
            f"{one.name} is sampled {own}, but the model was trained on rows every "
            f"{format_duration(every)}; resample it"
        )
    return every


def _known(values: np.ndarray, names: tuple[str, ...], layout: Layout) -> int:
    """Return how many rows come before those of which only some columns are known."""
    places = [names.index(name) for name in layout.targets]
    observed = np.isfinite(values[:, places]).all(axis=1)
    if not observed.any():  # targets that nobody asks for
        return max(0, len(values) - layout.window.horizon)
    return int(np.flatnonzero(observed)[-1]) + 1


def _resolved(
    values: np.ndarray,
    names: tuple[str, ...],
    one: Series,
    reading: Mapping[str, Any],
) -> np.ndarray:
    """Return values after what reading says of missing cells, "drop" apart."""
    marks = split_marks(reading.get("missing_marks", ()))[0]
    rule, gone = reading.get("missing", "error"), missing_cells(values, marks)
    rule = "error" if rule == "drop" else rule
    times = None if one.times is None else one.times[: len(values)]
    return resolve(values, gone, rule, names, times, one.name)[0]


def _expect_rows(one: Series, known: int, window: Window, targets: bool) -> None:
    need = window.newest - int(window.offsets[0]) + 1
    more = window.horizon if targets else 0
    if known < need + more:
        words = f" and {more:,} more to score" if more else ""
        raise UserError(
            f"{one.name} has {known:,} rows, too few for the look-back of the model, "
            f"which reads {need:,}{words}"
        )
