"""How often answers are right against how sure they are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqconv_jax._checks import expect
from seqconv_jax.plots.canvas import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    SERIES,
    saved_figure,
    title_and_legend,
)

__all__ = ["reliability"]

_COLOURS = (ORANGE, BLUE, *SERIES[2:])


def reliability(
    found: Mapping[str, Any], path: str | Path, *, title: str, note: str = ""
) -> Path:
    """Draw how often answers are right, and beneath it how many are how sure.

    On the dashed line they are as often right as they say; below it they are too sure.

    Args:
        found: what `calibration.reliability` returned, by name, such as "as trained"
            and "with temperature".
        path: the figure.
        title: what was scored.
        note: written across the figure.

    Returns:
        The figure's path.

    Raises:
        UserError: if there is nothing to draw, matplotlib is missing or the figure
            cannot be written.
    """
    what = "at least one reliability by name"
    expect(len(found) > 0, "found", what, dict(found))
    most, least = 0.0, min(float(each.edges.min()) for each in found.values())
    with saved_figure(Path(path), note, heights=(2.4, 1.0)) as (above, below):
        above.plot([0, 1], [0, 1], color=GREY, ls=(0, (5, 3)), lw=1.2)
        for place, (name, each) in enumerate(found.items()):
            colour = _COLOURS[place % len(_COLOURS)]
            label = f"{name} (calibration error {each.error:.1%})"
            above.plot(
                each.confidence, each.accuracy, color=colour, marker="o", label=label
            )
            rates = each.counts / each.counts.sum()
            below.hlines(rates, *each.edges.T, color=colour, lw=2)
            most = max(most, float(rates.max()))
        above.set_ylim(0, 1.02)
        above.set_xlim(max(0.0, least - 0.02), 1.01)
        above.set_ylabel("rate of right answers")
        above.text(
            *(0.985, 0.04),
            "below the dashed line: too sure",
            transform=above.transAxes,
            ha="right",
            color=INK,
        )
        below.set_ylim(0, 1.15 * most)
        below.set_ylabel("rate of all\nanswers")
        below.set_xlabel("probability of the answer, as the model says")
        title_and_legend(above, title)
    return Path(path)
