"""Training and validation against the epoch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqconv_jax._checks import expect
from seqconv_jax.plots.canvas import (
    BLUE,
    GREY,
    ORANGE,
    finish_epochs,
    floats,
    horizontal,
    metric_name,
    saved_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def curves(
    history: Sequence[Mapping[str, Any]],
    path: str | Path,
    *,
    title: str,
    metric: str = "loss",
    ylabel: str | None = None,
    best_epoch: int | None = None,
    baseline: float | None = None,
    note: str = "",
) -> Path:
    """Draw one metric of training and validation against the epoch.

    Args:
        history: the records of a run: `epoch`, the metric, and the metric with `val_`.
        path: the figure.
        title: what was trained on what.
        metric: its name in the records.
        ylabel: what to call it, with its unit.
        best_epoch: marked on the validation curve.
        baseline: what a simple rule scores: a horizontal line.
        note: written across the figure, such as "GENERATED STAND-IN DATA".

    Returns:
        The figure's path.

    Raises:
        UserError: if the history has no such metric or best epoch, its epochs do not
            ascend, matplotlib is missing or the figure cannot be written.
    """
    expect(len(history) > 0, "history", "at least one epoch", list(history))
    lines = _metric_lines(history, metric)
    expect(len(lines) > 0, "metric", "in the history", metric)
    known = best_epoch is None or best_epoch in lines[-1][1]
    expect(known, "best_epoch", "an epoch of the history", best_epoch)
    with saved_figure(Path(path), note) as (axes,):
        for label, epochs, values, color in lines:
            axes.plot(epochs, values, "o-", color=color, ms=4, label=label)
        if best_epoch is not None:
            _mark_best(axes, lines[-1], best_epoch)
        if baseline is not None:
            horizontal(axes, baseline)
        finish_epochs(axes, ylabel or metric_name(metric), title)
    return Path(path)


def _metric_lines(history, metric: str) -> list[tuple[str, list, np.ndarray, str]]:
    """Return label, epochs, values and colour of training and validation."""
    epochs = floats("epoch", (record.get("epoch") for record in history)).tolist()
    expect(
        bool(np.all(np.diff(epochs) > 0)), "history", "in the order of epochs", epochs
    )
    lines = []
    for key, label, color in (
        (metric, "training", BLUE),
        (f"val_{metric}", "validation", ORANGE),
    ):
        if any(record.get(key) is not None for record in history):
            values = floats(key, (record.get(key) for record in history))
            lines.append((label, epochs, values, color))
    return lines


def _mark_best(axes: "Axes", line, best_epoch: int) -> None:
    label, epochs, values, color = line
    value = values[epochs.index(best_epoch)]
    axes.axvline(best_epoch, color=GREY, lw=1, ls=":")
    axes.plot(
        best_epoch,
        value,
        "o",
        ms=11,
        mfc="none",
        mec=color,
        mew=1.8,
        label=f"best epoch, {best_epoch}: {value:.4g}",
    )
