"""Forecasts beside what happened: which windows are shown, and their numbers."""

from dataclasses import replace
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.data.forecast.outputs import in_unit

__all__ = ["forecast_answers"]

_SPREAD, _WORST = 10, 4  # windows over the whole test set; those with the largest error
_STRETCHES, _STRETCH = 3, 1_000  # of forecasts of one step, one a row
_MOST_TARGETS = 4
_MOST_NUMBERS = 60_000  # forecast values that a page carries
_MOST_PAST = 240  # rows before a window


def forecast_answers(
    predictor: Any, task: Any, scores: Any, outputs: Any = None
) -> dict[str, Any]:
    """Return forecasts of some windows of the test rows, in their unit.

    Forecasts of several steps are shown window by window, each behind what was known;
    those of one step row by row, in long stretches.

    Args:
        predictor: the run.
        task: the data.
        scores: those of each test row.
        outputs: those of each test row; None to compute those that are shown.
    """
    levels = list(predictor.preprocessor.quantiles)
    targets = min(len(task.target_columns), _MOST_TARGETS)
    of_rows = _stretches(task) if task.steps == 1 else _windows(task, scores, targets)
    rows = np.unique(np.concatenate([rows for rows, _ in of_rows]))
    shape = (len(rows), task.steps, len(task.target_columns), -1)
    if outputs is None:
        outputs = predictor.outputs(replace(task, test=rows.astype(np.int32)))
    else:
        order = np.argsort(task.test)
        outputs = outputs[order[np.searchsorted(task.test, rows, sorter=order)]]
    values = task.restore(rows, outputs, levels or None).reshape(shape)
    actual = task.actual(rows).reshape(shape)[..., 0]
    name, naive = _rule(task, rows)
    naive = naive.reshape(shape)[..., 0]
    found = []
    for of_window, worst in of_rows:
        at = np.searchsorted(rows, of_window)
        found.append(
            {
                "series": task.series_names[int(task.series_of(of_window[:1])[0])],
                "worst": worst,
                "error": _mean_error(scores, task, of_window),
                **_past(task, of_window, targets),
                "x": _when(task, _target_rows(task, of_window)),
                "truth": _flat(actual[at], targets),
                "rule": _flat(naive[at], targets),
                "values": [
                    _flat(values[at, ..., level], targets)
                    for level in range(values.shape[-1])
                ],
            }
        )
    return {
        "kind": "forecast",
        "examples": len(task.test),
        "targets": list(task.target_columns[:targets]),
        "units": list(task.units[:targets]),
        "timed": task.times is not None,
        "utc": task.utc,
        "horizon": task.horizon,
        "steps": task.steps,
        "quantiles": levels,
        "rule": name,
        "windows": found,
    }


def _stretches(task: Any) -> list[tuple[np.ndarray, bool]]:
    """Return test rows in stretches of neighbours: all, or beginning, middle, end."""
    rows = np.sort(task.test)
    parts = np.split(rows, np.flatnonzero(np.diff(task.series_of(rows))) + 1)
    if len(parts) > 1:  # several series: the beginning of some
        return [(part[:_STRETCH], False) for part in parts[: 2 * _STRETCHES]]
    if len(rows) <= _STRETCHES * _STRETCH:
        return [(rows, False)]
    starts = np.linspace(0, len(rows) - _STRETCH, _STRETCHES).astype(int)
    return [(rows[at : at + _STRETCH], False) for at in starts]


def _windows(task: Any, scores: Any, targets: int) -> list[tuple[np.ndarray, bool]]:
    """Return single windows: spread evenly, and those with the largest errors."""
    rows = task.test
    most = _MOST_NUMBERS // (task.steps * targets)
    spread = max(2, min(_SPREAD, most - _WORST))
    even = np.unique(np.linspace(0, len(rows) - 1, spread).astype(int))
    errors = _errors(scores)
    worst: list[int] = []
    for at in np.argsort(-errors, kind="stable"):
        # A neighbour of a bad window is as bad, and shows nothing more.
        if len(worst) == _WORST or errors[at] <= np.median(errors):
            break
        if all(abs(int(rows[at]) - int(rows[k])) >= task.horizon_rows for k in worst):
            worst.append(int(at))
    chosen = dict.fromkeys(even.tolist(), False) | dict.fromkeys(worst, True)
    order = sorted(chosen, key=lambda at: int(rows[at]))
    return [(rows[at : at + 1], chosen[at]) for at in order]


def _errors(scores: Any) -> np.ndarray:
    values = scores.values
    return values["mae"] if "mae" in values else next(iter(values.values()))


def _mean_error(scores: Any, task: Any, rows: np.ndarray) -> float:
    """Return the error of a window, in what the run was scored in."""
    at = np.flatnonzero(np.isin(task.test, rows))
    return _short(float(_errors(scores)[at].mean()))


def _past(task: Any, rows: np.ndarray, targets: int) -> dict[str, Any]:
    """Return what was known of the targets before a window of several steps."""
    if task.steps == 1:
        return {"past_x": [], "past": [[] for _ in range(targets)]}
    newest = int(task.past_offsets[-1])
    count = newest - int(task.past_offsets[0]) + 1
    count = min(count, max(2 * task.horizon_rows, 12), _MOST_PAST)
    at = np.arange(int(rows[0]) - count + 1, int(rows[0]) + 1)
    series = int(task.series_of(rows[:1])[0])
    # `last` is 0 for rows that no whole window of inputs lies before.
    first = int(task.starts[series]) - int(task.past_offsets[0])
    at = at[at >= first]
    scale = series if len(task.target_mean) > 1 else 0
    values = in_unit(
        task.last[at][:, None], task.target_mean[[scale]], task.target_std[[scale]]
    )
    known = {"past_x": _when(task, at + newest), "past": _flat(values, targets)}
    return known


def _target_rows(task: Any, rows: np.ndarray) -> np.ndarray:
    newest = int(task.past_offsets[-1])
    return (rows[:, None] + newest + task.ahead_rows).reshape(-1)


def _when(task: Any, at: np.ndarray) -> list[int]:
    """Return times in milliseconds since 1970, or rows of the series."""
    if task.times is None:
        series = task.series_of(at[:1])[0] if len(at) else 0
        return (at - task.starts[series]).tolist()
    return task.times[at].astype("datetime64[ms]").astype(np.int64).tolist()


def _rule(task: Any, rows: np.ndarray) -> tuple[str, np.ndarray]:
    """Return what the best simple rule that can be followed forecast."""
    try:
        naive = task.naive(rows, "seasonal")
        return "last season", task.restore(rows, naive)
    except UserError:  # no season is known, or some row has none before it
        return "last value", task.restore(rows, task.naive(rows, "last"))


def _flat(values: np.ndarray, targets: int) -> list[list[float]]:
    """Return `(rows, steps, targets)` as a list for each target, short numbers."""
    flat = values.reshape(-1, values.shape[-1])[:, :targets]
    return [[_short(float(value)) for value in column] for column in flat.T]


def _short(value: float) -> float:
    return float(f"{value:.6g}")
