"""What several models score on one task, side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from seqconv_jax._checks import UserError, expect
from seqconv_jax._seeds import mean_interval
from seqconv_jax.plots.canvas import (
    BLUE,
    GREY,
    ORANGE,
    floats,
    saved_figure,
    shortened,
    title_and_legend,
)

_LOOKS = ((BLUE, "o"), (ORANGE, "s"), (GREY, "D"), ("#009E73", "^"))
_MOST_NAME = 44


def scores(
    groups: Mapping[str, Mapping[str, Sequence[float]]],
    path: str | Path,
    *,
    title: str,
    xlabel: str,
    lower_is_better: bool = False,
    note: str = "",
) -> Path:
    """Draw a row for each model, the best on top: its mean, and its 95 % interval.

    Args:
        groups: for each kind of model, such as "networks", "baselines" and "published",
            the scores of its models by name: those of several seeds, or one. Of several
            the interval of the mean is drawn (Student's t), of one a point alone.
        path: the figure.
        title: the task.
        xlabel: the score, with its unit.
        lower_is_better: whether it is an error.
        note: written across the figure.

    Returns:
        The figure's path.

    Raises:
        UserError: for no model, a model without scores or with one that is not finite,
            more than four groups, or if the figure cannot be written.
    """
    expect(0 < len(groups) <= len(_LOOKS), "groups", "one to four", list(groups))
    found = []
    for (group, models), look in zip(groups.items(), _LOOKS, strict=False):
        for name, values in models.items():
            numbers = floats("groups", values)
            if len(numbers) == 0 or not np.isfinite(numbers).all():
                raise UserError(
                    f"`groups` must hold finite scores for every model, got "
                    f"{list(values)} for {name!r}"
                )
            found.append((float(numbers.mean()), numbers, name, group, look))
    expect(len(found) > 0, "groups", "at least one model", dict(groups))
    found.sort(key=lambda row: row[0], reverse=not lower_is_better)
    with saved_figure(Path(path), note) as (axes,):
        named = set()
        for place, (mean, numbers, _, group, (color, marker)) in enumerate(found):
            _, low, high = mean_interval(numbers.tolist())
            if low is not None and high is not None:
                axes.plot((low, high), (place, place), color=color, lw=2.4, alpha=0.6)
            label = None if group in named else group
            named.add(group)
            axes.plot(mean, place, marker, color=color, ms=7, ls="", label=label)
        names = [shortened(name, _MOST_NAME) for _, _, name, _, _ in found]
        axes.set_yticks(range(len(found)), names)
        axes.set_ylim(len(found) - 0.5, -0.5)
        axes.margins(x=0.08)
        axes.set_xlabel(
            f"{xlabel} ({'lower' if lower_is_better else 'higher'} is better)"
        )
        title_and_legend(axes, title)
    return Path(path)
