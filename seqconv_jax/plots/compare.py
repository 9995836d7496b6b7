"""One metric of several models, each trained from several seeds."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError, expect
from seqconv_jax.plots.canvas import (
    SERIES,
    finish_epochs,
    floats,
    horizontal,
    metric_name,
    saved_figure,
)


def compare(
    runs: Mapping[str, Sequence[Sequence[Mapping[str, Any]]]],
    path: str | Path,
    *,
    title: str,
    metric: str = "val_loss",
    ylabel: str | None = None,
    baselines: Mapping[str, float] | None = None,
    note: str = "",
) -> Path:
    """Draw one metric of several models: the mean over seeds, and their range.

    Args:
        runs: for each model's name, the histories of its runs.
        path: the figure.
        title: the task.
        metric: which number of the records.
        ylabel: what to call it, with its unit.
        baselines: for each name, a horizontal line.
        note: written across the figure.

    Returns:
        The figure's path.

    Raises:
        UserError: if a model has no such metric, matplotlib is missing or the figure
            cannot be written.
    """
    expect(len(runs) > 0, "runs", "at least one model", dict(runs))
    with saved_figure(Path(path), note) as (axes,):
        for (name, histories), color in zip(runs.items(), cycle(SERIES), strict=False):
            values = _stack(name, histories, metric)
            epochs = np.arange(1, values.shape[1] + 1)
            low, mean, high = (
                _over_seeds(f, values) for f in (np.nanmin, np.nanmean, np.nanmax)
            )
            axes.plot(epochs, mean, "o-", color=color, ms=3.5, label=name)
            axes.fill_between(epochs, low, high, color=color, alpha=0.16, lw=0)
        for name, value in (baselines or {}).items():
            horizontal(axes, value, name)
        most = max(map(len, runs.values()))
        seeds = f" (mean and range of {most} seeds)" if most > 1 else ""
        finish_epochs(axes, (ylabel or metric_name(metric)) + seeds, title)
        axes.set_title(title)
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0)
    return Path(path)


def _stack(name: str, histories, metric: str) -> np.ndarray:
    """Return `(runs, epochs)`, NaN where a run was shorter or has no number."""
    longest = max((len(history) for history in histories), default=0)
    values = np.full((len(histories), longest), np.nan)
    for row, history in zip(values, histories, strict=True):
        row[: len(history)] = floats(metric, (record.get(metric) for record in history))
    if not np.isfinite(values).any():
        raise UserError(
            f"`runs` must have {metric!r} for every model, got none: {name}"
        )
    return values


def _over_seeds(function, values: np.ndarray) -> np.ndarray:
    """Reduce over runs, NaN (a gap in the line) where no run has a number."""
    columns = np.isfinite(values).any(axis=0)
    result = np.full(values.shape[1], np.nan)
    result[columns] = function(values[:, columns], axis=0)
    return result
