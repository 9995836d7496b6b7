"""What a forecast task is, in a few lines for a person."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from seqconv_jax.data.forecast.baselines import Baseline, has_season
from seqconv_jax.data.forecast.outputs import SplitName

if TYPE_CHECKING:
    from seqconv_jax.data.forecast.task import ForecastTask

__all__ = ["describe"]

Splits = tuple[SplitName, ...]
_SPLITS: Splits = ("train", "validation", "test")


def describe(task: "ForecastTask") -> str:
    """Return a few lines: splits, window, horizon, gaps, baselines."""
    counts = [f"{name} {len(task.rows(name)):,}" for name in _SPLITS]
    drawn = "with replacement" if task.replacement else "each once an epoch"
    targets = ", ".join(map(repr, task.target_columns))
    lines = [
        f"forecast of {targets} ({task.predict}), data: {_data(task)}",
        f"windows: {', '.join(counts)} (train drawn {drawn})",
        f"window: {len(task.past_offsets)} inputs of {len(task.columns)} columns, "
        f"every {task.every} of {task.lookback} rows{_known_ahead(task)}",
        f"real horizon: {task.horizon} after the newest input (rows: {_rows(task)})",
        f"windows over gaps in time: {_gaps(task)}",
    ]
    if len(task.series_names) > 1:
        scale = "each" if len(task.target_mean) > 1 else "one for all"
        count = len(task.series_names)
        lines.insert(1, f"series: {count:,}, scale: {scale}; no window crosses two")
    return "\n".join([*lines, *_baselines(task)])


def _data(task: "ForecastTask") -> str:
    if task.data_source == "file":
        return task.data_path or "arrays in memory"
    return task.data_path or task.data_source


def _known_ahead(task: "ForecastTask") -> str:
    if task.visible is None:
        return ""
    known = np.asarray(task.visible)[-1]
    names = [name for name, seen in zip(task.columns, known, strict=True) if seen]
    return f", and {task.steps} ahead of {', '.join(names)}"


def _rows(task: "ForecastTask") -> str:
    if task.steps == 1:
        return str(task.horizon_rows)
    return f"{task.ahead_rows[0]} to {task.horizon_rows}, {task.steps} steps"


def _gaps(task: "ForecastTask") -> str:
    if task.spanning:
        return f"{_counts(task.spanning)}; left out: {_counts(task.dropped)}"
    reason = "no times" if task.times is None else "no regular sampling"
    return f"not counted: the data has {reason}"


def _baselines(task: "ForecastTask") -> list[str]:
    both = _SPLITS[1:]
    splits: Splits = tuple(name for name in both if _is_known(task, task.rows(name)))
    if not splits:
        return []
    lines = [
        "baseline (last observed value), MAE in standard deviations: "
        + _scores(task, splits, "last")
    ]
    if task.steps > 1:
        drift = _scores(task, splits, "drift")
        lines.append(f"baseline (drift of the window): {drift}")
        lines.append(f"baseline ({_seasonal(task, splits)}")
    return lines


def _is_known(task: "ForecastTask", rows: np.ndarray) -> bool:
    return len(rows) > 0 and bool(np.isfinite(task.truth(rows)).all())


def _seasonal(task: "ForecastTask", splits: Splits) -> str:
    if task.season is None:
        return "seasonal): none, no season follows from the sampling; season=... is one"
    words = f"as a season of {task.season:,} rows ago): "
    if not all(has_season(task, task.rows(name)) for name in splits):
        return words + "none, some rows have less before them"
    return words + _scores(task, splits, "seasonal")


def _scores(task: "ForecastTask", splits: Splits, kind: Baseline) -> str:
    one = isinstance(task.unit_scale, float)
    found = []
    for name in splits:
        score = task.baseline(name, kind)
        unit = f" = {score * task.unit_scale:.4g} {task.unit}" if one else ""
        found.append(f"{name} {score:.4f}{unit}".rstrip())
    return ", ".join(found)


def _counts(counts: Mapping[str, int]) -> str:
    if not any(counts.values()):
        return "none"
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
