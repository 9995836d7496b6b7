"""Pictures of runs: curves, forecasts against what happened, models side by side.

The only file that imports matplotlib, and only when a picture is drawn. It uses figure
objects without pyplot, so it keeps no global state and needs no display.
"""

import contextlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqconv_jax._checks import UserError, expect, expect_shape
from seqconv_jax._files import replace_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The palette of Okabe and Ito: told apart by colour-blind readers and in grey.
_BLUE, _ORANGE, _GREY, _INK = "#0072B2", "#D55E00", "#7A7A7A", "#222222"
_SERIES = (_BLUE, _ORANGE, "#009E73", "#CC79A7", "#E69F00", "#56B4E9", _INK)
_SIZE, _DPI = (8.0, 4.5), 120
_STYLE = {
    "axes.edgecolor": _GREY,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "font.size": 10,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "text.color": _INK,
}


def curves(
    history: Sequence[Mapping[str, Any]],
    directory: str | Path,
    *,
    title: str,
    metrics: Iterable[str] = ("loss", "accuracy", "mae"),
    best_epoch: int | None = None,
    baselines: Mapping[str, float] | None = None,
    note: str = "",
) -> list[Path]:
    """Draw training and validation against the epoch, a picture for each metric.

    Args:
        history: the records of a run: `epoch`, a metric, and the metric with `val_`.
        directory: where `<metric>.png` goes.
        title: what was trained on what.
        metrics: what to draw; one that the history does not have is left out.
        best_epoch: marked where it lies.
        baselines: for a metric, what a simple rule scores: a horizontal line.
        note: written across the picture, such as "GENERATED STAND-IN DATA".

    Returns:
        The pictures' paths.

    Raises:
        UserError: if the history is empty, matplotlib is missing or a picture cannot
            be written.
    """
    expect(len(history) > 0, "history", "at least one epoch", list(history))
    drawn = []
    for metric in metrics:
        lines = _metric_lines(history, metric)
        if not lines:
            continue
        path = Path(directory) / f"{metric}.png"
        with _picture(path, note) as (_, (axes,)):
            for label, epochs, values, color in lines:
                axes.plot(epochs, values, "o-", color=color, ms=4, label=label)
            if best_epoch is not None:
                _mark_best(axes, lines[-1], best_epoch)
            if baselines and metric in baselines:
                _horizontal(axes, baselines[metric])
            _finish_epochs(axes, _name(metric), title)
        drawn.append(path)
    return drawn


def forecast(
    times: np.ndarray,
    actual: np.ndarray,
    predicted: np.ndarray,
    path: str | Path,
    *,
    unit: str,
    title: str,
    baseline: np.ndarray | None = None,
    note: str = "",
) -> Path:
    """Draw forecasts against what happened, and beneath them the errors.

    Args:
        times: `(n,)` when each forecast was for: datetime64 or numbers, ascending.
        actual: `(n,)` what happened, in `unit`.
        predicted: `(n,)` what was forecast for that time.
        path: the picture.
        unit: such as "°C".
        title: what was forecast, and how far ahead.
        baseline: `(n,)` what a simple rule forecast; None for none.
        note: written across the picture.

    Returns:
        The picture's path.

    Raises:
        UserError: if the shapes differ, matplotlib is missing or the picture cannot be
            written.
    """
    rows = {"forecast": (np.asarray(predicted), _ORANGE)}
    if baseline is not None:
        rows["baseline"] = (np.asarray(baseline), _GREY)
    times, actual = np.asarray(times), np.asarray(actual)
    expect_shape(times.ndim == 1 and times.size > 0, "times", "(n,)", times)
    for name, values in {
        "actual": actual,
        **{k: v for k, (v, _) in rows.items()},
    }.items():
        expect_shape(values.shape == times.shape, name, str(times.shape), values)
    with _picture(Path(path), note, heights=(2.4, 1.0)) as (_, (above, below)):
        above.plot(times, actual, color=_INK, label="what happened")
        for name, (values, color) in reversed(rows.items()):
            thin = {"lw": 1.1, "alpha": 0.9} if name == "baseline" else {}
            score = np.nanmean(np.abs(values - actual))
            label = f"{name} (mean error {score:.3g} {unit})"
            above.plot(times, values, color=color, label=label, **thin)
            below.plot(times, values - actual, color=color, **thin)
        below.axhline(0, color=_INK, lw=1)
        _title_and_legend(above, title)
        above.set_ylabel(unit)
        below.set_ylabel(f"error, {unit}")
        _finish_times(below, times)
    return Path(path)


def compare(
    runs: Mapping[str, Sequence[Sequence[Mapping[str, Any]]]],
    path: str | Path,
    *,
    title: str,
    metric: str = "val_loss",
    baselines: Mapping[str, float] | None = None,
    note: str = "",
) -> Path:
    """Draw one metric of several models: the mean over seeds, and their range.

    Args:
        runs: for each model's name, the histories of its runs.
        path: the picture.
        title: the task.
        metric: which number of the records.
        baselines: for each name, a horizontal line.
        note: written across the picture.

    Returns:
        The picture's path.

    Raises:
        UserError: if a model has no such metric, matplotlib is missing or the picture
            cannot be written.
    """
    expect(len(runs) > 0, "runs", "at least one model", dict(runs))
    with _picture(Path(path), note) as (_, (axes,)):
        for i, (name, histories) in enumerate(runs.items()):
            values = _stack(name, histories, metric)
            epochs = np.arange(1, values.shape[1] + 1)
            color = _SERIES[i % len(_SERIES)]
            seeds = f" ({len(values)} seeds)" if len(values) > 1 else ""
            axes.plot(
                epochs,
                _over_seeds(np.nanmean, values),
                "o-",
                color=color,
                ms=3.5,
                label=f"{name}{seeds}",
            )
            low, high = (_over_seeds(f, values) for f in (np.nanmin, np.nanmax))
            axes.fill_between(epochs, low, high, color=color, alpha=0.16, lw=0)
        for name, value in (baselines or {}).items():
            _horizontal(axes, value, name)
        _finish_epochs(axes, _name(metric), title)
    return Path(path)


def _metric_lines(history, metric: str) -> list[tuple[str, list, np.ndarray, str]]:
    """Return label, epochs, values and colour of training and validation."""
    lines = []
    for key, label, color in (
        (metric, "training", _BLUE),
        (f"val_{metric}", "validation", _ORANGE),
    ):
        if any(record.get(key) is not None for record in history):
            values = _floats(record.get(key) for record in history)
            lines.append((label, [r["epoch"] for r in history], values, color))
    return lines


def _stack(name: str, histories, metric: str) -> np.ndarray:
    """Return `(runs, epochs)`, NaN where a run was shorter or has no number."""
    longest = max((len(history) for history in histories), default=0)
    values = np.full((len(histories), longest), np.nan)
    for row, history in zip(values, histories, strict=True):
        row[: len(history)] = _floats(record.get(metric) for record in history)
    if not np.isfinite(values).any():
        raise UserError(
            f"`runs` must have {metric!r} for every model, got none: {name}"
        )
    return values


def _over_seeds(function, values: np.ndarray) -> np.ndarray:
    """Reduce over runs, NaN (a gap in the line) where no run has a number."""
    columns = np.isfinite(values).any(axis=0)
    result = np.full(values.shape[1], np.nan)
    result[columns] = function(values[:, columns], axis=0)
    return result


def _floats(values: Iterable[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], float)


def _mark_best(axes: "Axes", line, best_epoch: int) -> None:
    label, epochs, values, color = line
    if best_epoch not in epochs:
        return
    value = values[epochs.index(best_epoch)]
    axes.axvline(best_epoch, color=_GREY, lw=1, ls=":")
    axes.plot(
        best_epoch,
        value,
        "o",
        ms=11,
        mfc="none",
        mec=color,
        mew=1.8,
        label=f"best: {value:.4g} in epoch {best_epoch}",
    )


def _horizontal(axes: "Axes", value: float, name: str = "baseline") -> None:
    label = f"{name}: {value:.4g}"
    axes.axhline(value, color=_GREY, lw=1.6, ls=(0, (5, 3)), label=label)


def _name(metric: str) -> str:
    """Return a metric as an axis calls it: "val_mae" → "validation MAE"."""
    words = metric.replace("val_", "validation ")
    return words.replace("mae", "MAE").replace("mse", "MSE")


def _title_and_legend(axes: "Axes", title: str) -> None:
    """Put the legend in a row between title and picture, where it hides no line."""
    axes.set_title(title, pad=26)
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=4,
        borderaxespad=0.3,
        borderpad=0,
        handlelength=1.6,
        columnspacing=1.4,
    )


def _finish_epochs(axes: "Axes", ylabel: str, title: str) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.margins(x=0.03)
    axes.set_xlabel("epoch")
    axes.set_ylabel(ylabel)
    _title_and_legend(axes, title)


def _finish_times(axes: "Axes", times: np.ndarray) -> None:
    if np.issubdtype(times.dtype, np.datetime64):
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        locator = AutoDateLocator(maxticks=9)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    else:
        axes.set_xlabel("row")
    axes.margins(x=0.01)


@contextlib.contextmanager
def _picture(
    path: Path, note: str, heights: Sequence[float] = (1.0,)
) -> Iterator[tuple["Figure", Sequence["Axes"]]]:
    """Yield a figure and its axes, one above the other; then write it as one PNG."""
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UserError(
            "pictures need matplotlib, which is not installed: "
            "pip install 'seqconv-jax[experiments]'"
        ) from error
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=_SIZE, dpi=_DPI, layout="constrained")
        axes = figure.subplots(
            len(heights),
            1,
            sharex=True,
            squeeze=False,
            gridspec_kw={"height_ratios": heights},
        )
        yield figure, axes[:, 0]
        if note:
            _watermark(figure, note)
        png = io.BytesIO()
        figure.savefig(png, format="png")
    replace_file(path, png.getvalue())


def _watermark(figure: "Figure", note: str) -> None:
    """Write across the whole picture: a crop of it still shows what it is."""
    size = min(40.0, 900.0 / max(len(note), 1))
    figure.text(
        0.53,
        0.46,
        note,
        ha="center",
        va="center",
        rotation=22,
        fontsize=size,
        fontweight="bold",
        color=_ORANGE,
        alpha=0.3,
        zorder=10,
    )
    figure.supxlabel(note, fontsize=11, fontweight="bold", color=_ORANGE)
