"""A metric of several seeds' runs: its mean in every epoch, and a band around it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from seqconv_jax.plots.canvas import floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def over_epochs(
    histories: Sequence[Sequence[Mapping[str, Any]]], metric: str
) -> np.ndarray:
    """Return `(runs, epochs)`, NaN where a run was shorter or has no number."""
    longest = max((len(history) for history in histories), default=0)
    values = np.full((len(histories), longest), np.nan)
    for row, history in zip(values, histories, strict=True):
        row[: len(history)] = floats(metric, (record.get(metric) for record in history))
    return values


def band(
    axes: "Axes",
    epochs: Any,
    values: np.ndarray,
    color: str,
    label: str,
    *,
    ms: float,
) -> None:
    """Draw the mean over runs against the epoch, and, of several, their range.

    Args:
        axes: where to draw.
        epochs: `(epochs,)`.
        values: `(runs, epochs)`.
        color: of both.
        label: of the line.
        ms: the size of its marks.
    """
    low, mean, high = (
        _over_seeds(function, values) for function in (np.nanmin, np.nanmean, np.nanmax)
    )
    axes.plot(epochs, mean, "o-", color=color, ms=ms, label=label)
    if len(values) > 1:
        axes.fill_between(epochs, low, high, color=color, alpha=0.16, lw=0)


def _over_seeds(function, values: np.ndarray) -> np.ndarray:
    """Reduce over runs, NaN (a gap in the line) where no run has a number."""
    columns = np.isfinite(values).any(axis=0)
    result = np.full(values.shape[1], np.nan)
    result[columns] = function(values[:, columns], axis=0)
    return result
