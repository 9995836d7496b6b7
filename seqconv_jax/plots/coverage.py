"""How often intervals hold, and how wide they are, against how far ahead."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqconv_jax._checks import expect, expect_shape
from seqconv_jax.plots.canvas import (
    BLUE,
    GREY,
    ORANGE,
    SERIES,
    saved_figure,
    title_and_legend,
)

__all__ = ["coverage"]

_COLOURS = (ORANGE, BLUE, *SERIES[2:])


def coverage(
    found: Mapping[str, tuple[Any, Any]],
    path: str | Path,
    *,
    ahead: Sequence[str],
    level: float,
    unit: str,
    title: str,
    note: str = "",
) -> Path:
    """Draw how often intervals hold at each step ahead, and beneath it their width.

    Args:
        found: coverage, in [0, 1], and width of each step, both `(steps,)`, by name.
        path: the figure.
        ahead: how far ahead each step is, such as "3h".
        level: how often they are meant to hold: a dashed line, with two points to
            either side.
        unit: of the width.
        title: what was forecast.
        note: written across the figure.

    Returns:
        The figure's path.

    Raises:
        UserError: if there is nothing to draw, something is of other steps, matplotlib
            is missing or the figure cannot be written.
    """
    expect(len(found) > 0, "found", "coverage and width by name", dict(found))
    steps = np.arange(1, len(ahead) + 1)
    rows = {name: tuple(map(np.asarray, each)) for name, each in found.items()}
    for name, each in rows.items():
        for values in each:
            expect_shape(values.shape == steps.shape, name, f"({len(steps)},)", values)
    least = min(
        level - 0.05, *(float(rates.min()) - 0.02 for rates, _ in rows.values())
    )
    with saved_figure(Path(path), note, heights=(1.6, 1.0)) as (above, below):
        from matplotlib.ticker import MaxNLocator  # the canvas has found it

        above.axhspan(level - 0.02, level + 0.02, color=GREY, alpha=0.15, lw=0)
        above.axhline(level, color=GREY, ls=(0, (5, 3)), lw=1.6)
        for place, (name, (rates, widths)) in enumerate(rows.items()):
            mark = "o" if len(steps) < 13 else None
            style: dict[str, Any] = {
                "color": _COLOURS[place % len(_COLOURS)],
                "marker": mark,
            }
            label = f"{name} (mean {rates.mean():.1%})"
            above.plot(steps, rates, label=label, **style)
            below.plot(steps, widths, **style)
        above.set_ylim(max(0.0, least), 1.0)
        above.set_ylabel("rate inside")
        above.yaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10]))
        above.yaxis.set_major_formatter("{x:.0%}")
        most = max(float(widths.max()) for _, widths in rows.values())
        below.set_ylim(0, 1.1 * most or 1.0)
        below.set_ylabel(textwrap.fill(f"mean width, {unit}", 22))
        every = -(-len(steps) // 9)
        below.set_xticks(steps[every - 1 :: every], list(ahead)[every - 1 :: every])
        below.set_xlabel("ahead of the newest input")
        above.margins(x=0.02)
        title_and_legend(above, title)
    return Path(path)
