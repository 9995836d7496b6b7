"""Which class was taken for which."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqconv_jax._checks import expect
from seqconv_jax.plots.canvas import INK, saved_figure, shortened

__all__ = ["confusion"]

_MOST_NUMBERS = 15  # classes whose counts can be read
_MOST_NAMES = 60
_LONGEST_NAME = 20


def confusion(
    table: Any,
    names: Sequence[str],
    path: str | Path,
    *,
    title: str,
    note: str = "",
) -> Path:
    """Draw a confusion table; the colour is the rate of each row, the true class.

    Args:
        table: `(classes, classes)` counts, rows the truth, columns the answers.
        names: those of the classes.
        path: the figure.
        title: what was scored.
        note: written across the figure, such as "GENERATED STAND-IN DATA".

    Returns:
        The figure's path.

    Raises:
        UserError: for a table of another shape, or where matplotlib is missing or the
            figure cannot be written.
    """
    counts = np.asarray(table)
    size = len(names)
    shape = f"shape {counts.shape}"
    expect(counts.shape == (size, size), "table", f"of shape ({size}, {size})", shape)
    rates = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    with saved_figure(Path(path), note) as (axes,):
        image = axes.imshow(rates, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        axes.grid(False)
        axes.set_xlabel("answer")
        axes.set_ylabel("truth")
        axes.set_title(title)
        figure = axes.figure
        figure.colorbar(image, ax=axes, label="rate of the true class")
        if size <= _MOST_NAMES:
            short = [shortened(name, _LONGEST_NAME) for name in names]
            slanted = 45 if size > 6 or max(map(len, short)) > 8 else 0
            axes.set_xticks(
                range(size),
                short,
                rotation=slanted,
                ha="right" if slanted else "center",
            )
            axes.set_yticks(range(size), short)
        if size <= _MOST_NUMBERS:
            for (row, column), count in np.ndenumerate(counts):
                dark = rates[row, column] > 0.6
                axes.text(
                    column,
                    row,
                    f"{count:,}",
                    ha="center",
                    va="center",
                    color="white" if dark else INK,
                )
    return Path(path)
