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
from seqconv_jax.plots.seeds import band, over_epochs

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def curves(
    history: Sequence[Mapping[str, Any]] | Sequence[Sequence[Mapping[str, Any]]],
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
        history: the records of a run: `epoch`, the metric, and the metric with `val_`;
            or those of each of several runs, whose mean is drawn in a band from the
            lowest to the highest.
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
    several = not isinstance(history[0], Mapping)
    histories: Any = history if several else [history]
    lines = _metric_lines(histories, metric)
    expect(len(lines) > 0, "metric", "in the history", metric)
    known = best_epoch is None or best_epoch in lines[-1][1]
    expect(known, "best_epoch", "an epoch of the history", best_epoch)
    seeds = f" (mean and range of {len(histories)} seeds)" if several else ""
    with saved_figure(Path(path), note) as (axes,):
        for label, epochs, values, color in lines:
            band(axes, epochs, values, color, label, ms=4)
        if best_epoch is not None:
            _mark_best(axes, lines[-1], best_epoch)
        if baseline is not None:
            horizontal(axes, baseline)
        finish_epochs(axes, (ylabel or metric_name(metric)) + seeds, title)
    return Path(path)


def _metric_lines(histories, metric: str) -> list[tuple[str, list, np.ndarray, str]]:
    """Return label, epochs, `(runs, epochs)` and colour of training and validation."""
    for history in histories:
        epochs = _epochs(history)
        in_order = bool(np.all(np.diff(epochs) > 0))
        expect(in_order, "history", "in the order of epochs", epochs)
    epochs = max(map(_epochs, histories), key=len)
    lines = []
    for key, label, color in (
        (metric, "training", BLUE),
        (f"val_{metric}", "validation", ORANGE),
    ):
        there = (record.get(key) is not None for run in histories for record in run)
        if any(there):
            lines.append((label, epochs, over_epochs(histories, key), color))
    return lines


def _epochs(history: Sequence[Mapping[str, Any]]) -> list[float]:
    return floats("epoch", (record.get("epoch") for record in history)).tolist()


def _mark_best(axes: "Axes", line, best_epoch: int) -> None:
    label, epochs, values, color = line
    value = np.nanmean(values[:, epochs.index(best_epoch)])
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
