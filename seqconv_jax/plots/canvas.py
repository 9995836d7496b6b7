"""The look of a figure, and the only place that knows matplotlib.

It is imported when a figure is drawn. Figure objects are used without pyplot, so there
is no global state and no display is needed.
"""

import contextlib
import io
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqconv_jax._checks import UserError, expect
from seqconv_jax._files import replace_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The palette of Okabe and Ito: told apart by colour-blind readers and in grey.
BLUE, ORANGE, GREY, INK = "#0072B2", "#D55E00", "#7A7A7A", "#222222"
SERIES = (BLUE, ORANGE, "#009E73", "#CC79A7", "#E69F00", "#56B4E9", INK)
_SIZE, _DPI = (8.0, 4.5), 120
_LEGEND_WIDTH, _LEGEND_SPACE = 94, 6  # characters; of the line before a label
_TITLE_WIDTH = 68
_STYLE: Any = {
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "figure.constrained_layout.h_pad": 0.09,
    "figure.constrained_layout.w_pad": 0.09,
    "font.size": 10,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "text.parse_math": False,  # names of columns are no mathematics
    "text.color": INK,
}


@contextlib.contextmanager
def saved_figure(
    path: Path,
    note: str,
    heights: Sequence[float] = (1.0,),
    size: tuple[float, float] = _SIZE,
) -> Iterator[list["Axes"]]:
    """Yield the axes of a figure, one above the other; then write it as one PNG.

    Args:
        path: the figure.
        note: written across it.
        heights: of the axes, as parts of the whole.
        size: of the figure, width and height in inches.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UserError(
            "figures need matplotlib, which is not installed: "
            "pip install 'seqconv-jax[experiments]'"
        ) from error
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=size, dpi=_DPI, layout="constrained")
        axes = figure.subplots(
            len(heights),
            1,
            sharex=True,
            squeeze=False,
            gridspec_kw={"height_ratios": heights},
        )
        yield list(axes[:, 0])
        if note:
            _watermark(figure, note)
        png = io.BytesIO()
        figure.savefig(png, format="png")
    replace_file(path, png.getvalue())


def title_and_legend(axes: "Axes", title: str) -> None:
    """Put the legend between title and axes, where it hides no line."""
    labels = axes.get_legend_handles_labels()[1]
    columns = _legend_columns(labels)
    title = textwrap.fill(title, _TITLE_WIDTH)
    axes.set_title(title, pad=26 + 15 * max(0, -(-len(labels) // columns) - 1))
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=columns,
        borderaxespad=0.3,
        borderpad=0,
        handlelength=1.6,
        columnspacing=1.4,
    )


def _legend_columns(labels: Sequence[str]) -> int:
    """Return how many labels fit beside each other; a column is as wide as its longest.

    >>> _legend_columns(["training", "validation"]), _legend_columns(["x" * 40] * 3)
    (4, 2)
    """
    lengths = [len(label) for label in labels]
    for columns in (4, 3, 2):
        # As matplotlib shares labels out: the first columns have one more.
        longest = [max(part, default=0) for part in np.array_split(lengths, columns)]
        spaces = _LEGEND_SPACE * min(columns, len(labels))
        if sum(longest) + spaces <= _LEGEND_WIDTH:
            return columns
    return 1


def shortened(name: str, most: int) -> str:
    """Return a name of at most so many characters.

    >>> shortened("temperature", 5), shortened("level", 5)
    ('temp…', 'level')
    """
    return name if len(name) <= most else f"{name[: most - 1]}…"


def finish_epochs(axes: "Axes", ylabel: str, title: str) -> None:
    """Label a figure against epochs, which are whole numbers."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(
        MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10])
    )
    axes.margins(x=0.03)
    axes.set_xlabel("epoch")
    axes.set_ylabel(ylabel)
    title_and_legend(axes, title)


def finish_times(axes: "Axes", times: np.ndarray) -> None:
    """Label a figure against dates, or against rows where there are none."""
    if np.issubdtype(times.dtype, np.datetime64):
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        # With its own minimum of 5 it finds no interval for some spans, and warns.
        locator = AutoDateLocator(minticks=3, maxticks=9)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    else:
        axes.set_xlabel("row")
    axes.margins(x=0.01)


def horizontal(axes: "Axes", value: float, name: str = "baseline") -> None:
    """Draw what a simple rule scores as a dashed line."""
    label = f"{name}: {value:.4g}"
    axes.axhline(value, color=GREY, lw=1.6, ls=(0, (5, 3)), label=label)


def metric_name(metric: str) -> str:
    """Return a metric as an axis calls it: "val_mae" → "validation MAE"."""
    words = metric.replace("val_", "validation ")
    return words.replace("mae", "MAE").replace("mse", "MSE")


def floats(name: str, values: Iterable[float | None]) -> np.ndarray:
    """Return numbers as an array; one that is not there becomes a gap.

    Raises:
        UserError: if one is something else, a text of digits included.
    """
    values = [np.nan if value is None else value for value in values]
    for value in values:
        number = isinstance(value, Real) or getattr(value, "shape", None) == ()
        expect(number and not isinstance(value, bool), name, "numbers or None", value)
    return np.array(values, float)


def _watermark(figure: "Figure", note: str) -> None:
    """Write across the whole figure: a crop of it still shows what it is."""
    size = min(40.0, 720.0 / len(note))
    figure.text(
        0.53,
        0.46,
        note,
        ha="center",
        va="center",
        rotation=22,
        fontsize=size,
        fontweight="bold",
        color=ORANGE,
        alpha=0.3,
        zorder=10,
    )
    figure.supxlabel(note, fontsize=11, fontweight="bold", color=ORANGE)
