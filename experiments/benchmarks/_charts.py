"""The figures: ratios as bars, growth as curves."""

from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
from _peers import OURS, PEERS
from _report import ratios
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

# The palette of Okabe and Ito: told apart by colour-blind readers and in grey.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
GREY = "#7A7A7A"
PANELS = {
    "train": "Training step",
    "epoch": "Epoch with its data",
    "infer_128": "Inference, batch 128",
}


def bars(results: dict[str, dict[str, Any]], path: Path) -> None:
    """Draw how many times longer than ours each peer takes, with 95 % intervals.

    Bars of peers that leave out a part of the work are hatched.
    """
    figure = Figure(figsize=(10, 10), dpi=120, layout="constrained")
    all_axes = figure.subplots(len(PANELS), 1, sharex=True)
    peers = [peer for peer in PEERS if peer != OURS]
    width = 0.8 / len(peers)
    for axes, (measure, title) in zip(all_axes, PANELS.items(), strict=True):
        for place, result in enumerate(results.values()):
            found = ratios(result["seconds"][measure])
            for peer, spread in found.items():
                index = peers.index(peer)
                axes.bar(
                    place + (index - (len(peers) - 1) / 2) * width,
                    spread.median,
                    width * 0.92,
                    yerr=[
                        [spread.median - spread.low],
                        [spread.high - spread.median],
                    ],
                    color=COLORS[index],
                    hatch="//" if result["notes"][peer] else None,
                    edgecolor="white",
                    error_kw={"lw": 1, "ecolor": "#222222"},
                )
        axes.axhline(1, color=GREY, lw=1.4, ls=(0, (5, 3)))
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_formatter(FuncFormatter(minor_number))
        axes.set_ylabel("times our time")
        axes.set_title(title, loc="left", weight="bold")
        tidy(axes)
    names = [f"{name}\n{fill(result['title'], 16)}" for name, result in results.items()]
    all_axes[-1].set_xticks(np.arange(len(names)), names)
    _legend(figure, peers, results)
    figure.savefig(path)


def minor_number(value: float, _: Any) -> str:
    """Label 2 and 5 of a decade, and nothing else."""
    first = int(f"{value:e}"[0])
    return f"{value:g}" if first in (2, 5) else ""


def _legend(figure: Figure, peers: list[str], results: dict[str, Any]) -> None:
    from matplotlib.patches import Patch

    there = {peer for result in results.values() for peer in result["seconds"]["train"]}
    handles = [
        Patch(color=COLORS[index], label=PEERS[peer].title)
        for index, peer in enumerate(peers)
        if peer in there
    ]
    if any(note for result in results.values() for note in result["notes"].values()):
        label = "without recurrent dropout"
        handles.append(Patch(facecolor=GREY, edgecolor="w", hatch="//", label=label))
    figure.legend(handles=handles, loc="outside upper left", ncols=3, frameon=False)


def curves(panels: dict[str, dict[str, list[dict[str, float]]]], path: Path) -> None:
    """Draw time against size, a panel for each axis, on logarithmic scales.

    Args:
        panels: for each title, for each curve's name its points: `size`, `seconds`.
        path: where the figure goes.
    """
    figure = Figure(figsize=(10, 7.5), dpi=120, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.15, h_pad=0.1)  # pyright: ignore
    for axes, (title, lines) in zip(
        figure.subplots(2, 2).flat, panels.items(), strict=False
    ):
        for color, (name, points) in zip(COLORS, lines.items(), strict=False):
            sizes = np.array([point["size"] for point in points])
            times = np.array([point["seconds"] for point in points]) * 1e3
            axes.plot(sizes, times, "o-", color=color, ms=4, label=name)
            if len(points) > 1:
                slope = times[-1] * sizes / sizes[-1]
                axes.plot(sizes, slope, color=color, lw=1, ls=":")
        axes.plot([], [], color=GREY, lw=1, ls=":", label="slope 1")
        axes.set_xscale("log", base=2 if title != "vocabulary" else 10)
        axes.set_yscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_minor_formatter(FuncFormatter(minor_number))
        axes.set_xlabel(title)
        axes.set_ylabel("training step, ms")
        axes.legend(frameon=False)
        tidy(axes)
    figure.savefig(path)


def tidy(axes: Any) -> None:
    axes.grid(axis="y", color="#E6E6E6", lw=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
