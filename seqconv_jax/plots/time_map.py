"""What steps and columns of a series add: a map of time by column."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError, expect
from seqconv_jax.plots.canvas import finish_times, saved_figure, shortened
from seqconv_jax.plots.shades import shades

__all__ = ["time_map"]

_MOST_NAMES = 60
_LONGEST_NAME = 24


def time_map(
    values: Any,
    steps: Any,
    columns: Sequence[str],
    path: str | Path,
    *,
    title: str,
    label: str = "adds",
    xlabel: str = "step",
    note: str = "",
) -> Path:
    """Draw what spans of steps add, column by column: blue above 0, orange below.

    Args:
        values: `(spans, columns)`, such as `SeriesMap.values`.
        steps: `(spans + 1,)` where each span begins and the last one ends: rising
            numbers, or times.
        columns: their names.
        path: the figure.
        title: what is explained.
        label: what the numbers are, with their unit.
        xlabel: what the steps are, where they are no times.
        note: written across the figure, such as "GENERATED STAND-IN DATA".

    Returns:
        The figure's path.

    Raises:
        UserError: for numbers that are not finite or of another shape, or where
            matplotlib is missing or the figure cannot be written.
    """
    table, edges = np.asarray(values, np.float64), np.asarray(steps)
    shape = (len(edges) - 1, len(columns))
    if table.shape != shape or not table.size:
        raise UserError(
            f"`values` must have shape {shape}, one for each span and column, got "
            f"{table.shape}"
        )
    expect(bool(np.isfinite(table).all()), "values", "finite", values)
    expect(bool((edges[1:] > edges[:-1]).all()), "steps", "rising", steps)
    largest = float(np.abs(table).max()) or 1.0
    names = [shortened(name, _LONGEST_NAME) for name in columns]
    height = float(np.clip(1.8 + 0.28 * len(names), 2.8, 14))
    with saved_figure(Path(path), note, size=(8.0, height)) as (axes,):
        mesh = axes.pcolormesh(
            edges,
            np.arange(len(names) + 1) - 0.5,
            table.T,
            cmap=_colours(),
            vmin=-largest,
            vmax=largest,
            shading="flat",
        )
        axes.grid(False)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_yticks([])
        if len(names) <= _MOST_NAMES:
            axes.set_yticks(range(len(names)), names)
        if np.issubdtype(edges.dtype, np.datetime64):
            finish_times(axes, edges)
        else:
            axes.set_xlabel(xlabel)
        axes.margins(x=0)
        axes.set_title(textwrap.fill(title, 60))
        figure: Any = axes.figure
        figure.colorbar(mesh, ax=axes, label=label, fraction=0.06, pad=0.02)
    return Path(path)


def _colours() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("adds", shades([-1.0, 0.0, 1.0]))
