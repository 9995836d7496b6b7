"""Errors against how far ahead the forecast was."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from seqconv_jax._checks import expect, expect_shape
from seqconv_jax.plots.canvas import (
    GREY,
    ORANGE,
    SERIES,
    saved_figure,
    title_and_legend,
)

_LABEL_WIDTH = 42  # characters
_DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))


def errors_by_step(
    errors: Mapping[str, np.ndarray],
    path: str | Path,
    *,
    ahead: Sequence[str],
    ylabel: str,
    title: str,
    note: str = "",
) -> Path:
    """Draw the error of a forecast, and of simple rules, against the step ahead.

    Args:
        errors: `(steps,)` errors by name, the model's first, those of rules behind it.
        path: the figure.
        ahead: how far ahead each step is, such as "3h".
        ylabel: the error and its unit.
        title: what was forecast.
        note: written across the figure.

    Returns:
        The figure's path.

    Raises:
        UserError: if there is no error, one is of other steps, matplotlib is missing or
            the figure cannot be written.
    """
    expect(len(errors) > 0, "errors", "at least one row by name", dict(errors))
    steps = np.arange(1, len(ahead) + 1)
    rows = {name: np.asarray(values) for name, values in errors.items()}
    for name, values in rows.items():
        expect_shape(values.shape == steps.shape, name, f"({len(steps)},)", values)
    with saved_figure(Path(path), note) as (axes,):
        for index, (name, values) in enumerate(rows.items()):
            color = ORANGE if index == 0 else GREY if index < 5 else SERIES[0]
            style = "-" if index == 0 else _DASHES[(index - 1) % len(_DASHES)]
            mark = "o" if len(steps) < 13 else None
            label = f"{name} (mean {values.mean():.3g})"
            axes.plot(steps, values, color=color, ls=style, marker=mark, label=label)
        axes.set_ylim(bottom=0)
        axes.margins(x=0.02)
        every = -(-len(steps) // 9)
        axes.set_xticks(steps[every - 1 :: every], list(ahead)[every - 1 :: every])
        axes.set_xlabel("ahead of the newest input")
        axes.set_ylabel(textwrap.fill(ylabel, _LABEL_WIDTH))
        title_and_legend(axes, title)
    return Path(path)
