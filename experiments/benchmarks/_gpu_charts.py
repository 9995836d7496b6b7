"""The figure of `gpu.py`: a panel for each part that was measured."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from _charts import COLORS, GREY, minor_number, tidy
from _gpu_report import floor_seconds, kernel_pairs, step_seconds
from _peers import PEERS
from _timing import quartiles
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

plain_numbers = FuncFormatter(lambda value, _: f"{value:g}")


def draw(report: dict[str, Any], path: Path) -> None:
    """Draw what there is; nothing where no part has a panel."""
    panels = [
        (panel, report["parts"][name])
        for name, panel in PANELS.items()
        if report["parts"].get(name)
    ]
    if not panels:
        return
    figure = Figure(figsize=(10, 4 * len(panels)), dpi=120, layout="constrained")
    all_axes = figure.subplots(len(panels), 1, squeeze=False)[:, 0]
    for axes, (panel, found) in zip(all_axes, panels, strict=True):
        panel(axes, found, report)
        tidy(axes)
    figure.suptitle(report["machine"]["device"])
    figure.savefig(path)


def _groups(
    axes: Any,
    names: list[str],
    bars: Mapping[str, Sequence[Sequence[float] | None]],
    colors: Mapping[str, str],
) -> None:
    """Draw medians with quartiles in ms, in groups, on a logarithmic scale."""
    width = 0.8 / len(bars)
    for index, (label, values) in enumerate(bars.items()):
        for place, seconds in enumerate(values):
            if not seconds:
                continue
            low, median, high = (1e3 * each for each in quartiles(seconds))
            axes.bar(
                place + (index - (len(bars) - 1) / 2) * width,
                median,
                width * 0.92,
                yerr=[[median - low], [high - median]],
                color=colors[label],
                error_kw={"lw": 1, "ecolor": "#222222"},
            )
        axes.bar([0], [np.nan], color=colors[label], label=label)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(plain_numbers)
    axes.yaxis.set_minor_formatter(FuncFormatter(minor_number))
    axes.set_xticks(range(len(names)), names)
    _legend(axes)


def _legend(axes: Any) -> None:
    """Put it on the right of the panel, where no bar is behind it."""
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _peers(axes: Any, found: dict[str, Any], report: dict[str, Any]) -> None:
    steps = report["settings"]["epoch_steps"]
    names = list(found)
    timed = {peer for each in found.values() for peer in each["seconds"]["epoch"]}
    bars = {
        PEERS[peer].title: [
            [each / steps for each in found[name]["seconds"]["epoch"].get(peer, [])]
            for name in names
        ]
        for peer in PEERS
        if peer in timed
    }
    colors = dict(zip(bars, ("#222222", *COLORS), strict=False))
    _groups(axes, names, bars, colors)
    precision = report["settings"]["precision"]
    for place, name in enumerate(names):
        if least := floor_seconds(report["parts"], name, precision):
            axes.hlines(least * 1e3, place - 0.45, place + 0.45, color=GREY, ls="--")
    axes.set_ylabel("ms a step")
    title = "Training step in an epoch, data included (dashed: floor)"
    axes.set_title(title, loc="left", weight="bold")


def _kernels(axes: Any, found: dict[str, Any], _: Any) -> None:
    pairs = kernel_pairs(found)
    titles = {"fused": "one fused kernel", "xla": "XLA's loop"}
    bars = {
        title: [pair.get(kind) for pair in pairs.values()]
        for kind, title in titles.items()
    }
    short = {", ": "\n", "GRU alone": "GRU", "training step": "whole\nstep"}
    names = list(pairs)
    for long, less in short.items():
        names = [name.replace(long, less) for name in names]
    _groups(axes, names, bars, dict(zip(bars, COLORS, strict=False)))
    axes.set_ylabel("ms")
    axes.set_title("A GRU's loop over time", loc="left", weight="bold")


def _seeds(axes: Any, found: dict[str, Any], _: Any) -> None:
    names = list(dict.fromkeys(each["workload"] for each in found.values()))
    for name, color in zip(names, COLORS, strict=False):
        points = [each for each in found.values() if each["workload"] == name]
        counts = [each["seeds"] for each in points]
        spreads = [quartiles(each["seconds"]) for each in points]
        low, median, high = 1e3 * np.array(spreads).T
        axes.errorbar(
            counts,
            median,
            [median - low, high - median],
            fmt="o-",
            color=color,
            label=name,
        )
        slope = median[0] * np.array(counts) / counts[0]
        axes.plot(counts, slope, color=color, lw=1, ls=":")
    axes.plot([], [], color=GREY, lw=1, ls=":", label="one after the other")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(plain_numbers)
        axis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("seeds at once")
    axes.set_ylabel("ms a step of all")
    _legend(axes)
    axes.set_title("Several seeds at once", loc="left", weight="bold")


def _profile(axes: Any, found: dict[str, Any], report: dict[str, Any]) -> None:
    names = list(found)
    busy = [found[name]["busy_ms"] for name in names]
    between = [found[name]["between_ms"] for name in names]
    axes.bar(names, busy, 0.6, color=COLORS[0], label="in kernels")
    axes.bar(names, between, 0.6, busy, color="#BBBBBB", label="between kernels")
    for place, name in enumerate(names):
        seconds = step_seconds(report["parts"], name) or found[name]["seconds"]
        median = quartiles(seconds).median * 1e3
        axes.hlines(median, place - 0.3, place + 0.3, color="#222222")
    axes.plot([], [], color="#222222", label="step without the profiler")
    axes.set_ylabel("ms a step")
    _legend(axes)
    axes.set_title("Profile of a training step", loc="left", weight="bold")


PANELS = {"peers": _peers, "kernels": _kernels, "seeds": _seeds, "profile": _profile}
