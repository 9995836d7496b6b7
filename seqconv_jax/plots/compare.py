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
    horizontal,
    metric_name,
    saved_figure,
)
from seqconv_jax.plots.seeds import band, over_epochs


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
            values = over_epochs(histories, metric)
            if not np.isfinite(values).any():
                raise UserError(
                    f"`runs` must have {metric!r} for every model, got none: {name}"
                )
            epochs = np.arange(1, values.shape[1] + 1)
            band(axes, epochs, values, color, name, ms=3.5)
        for name, value in (baselines or {}).items():
            horizontal(axes, value, name)
        most = max(map(len, runs.values()))
        seeds = f" (mean and range of {most} seeds)" if most > 1 else ""
        finish_epochs(axes, (ylabel or metric_name(metric)) + seeds, title)
        axes.set_title(title)
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0)
    return Path(path)
