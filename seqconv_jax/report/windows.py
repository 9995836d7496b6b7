"""Forecasts beside what happened, window by window, of one run or of several."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from seqconv_jax.report.figures import Figures, line, run_color
from seqconv_jax.report.html import Html, el
from seqconv_jax.report.record import RunRecord
from seqconv_jax.report.words import number

__all__ = ["forecasts_section"]

Answers = Mapping[str, Any]


def forecasts_section(runs: Sequence[RunRecord], figures: Figures) -> Html | None:
    """Return a chart for each group of runs that forecast the same of the same rows."""
    groups: dict[tuple[Any, ...], list[RunRecord]] = {}
    for run in runs:
        answers = run.answers
        if answers is not None and answers["kind"] == "forecast":
            key = (tuple(answers["targets"]), answers["timed"], answers["steps"] == 1)
            groups.setdefault(key, []).append(run)
    if not groups:
        return None
    charts = [_chart(group, figures) for group in groups.values()]
    text = (
        "Drag over a stretch to zoom in, double-click to see all again; with keys, "
        "move with the arrows and zoom with + and −."
    )
    return el(
        "section",
        el("h2", "Forecasts beside the truth"),
        el("p", text, class_="small"),
        el("div", charts, class_="figures wide-figures"),
        id="forecasts",
    )


def _chart(runs: Sequence[RunRecord], figures: Figures) -> Html:
    first = _answers(runs[0])
    windows: dict[tuple[Any, ...], dict[int, Mapping[str, Any]]] = {}
    for run in runs:
        for window in _answers(run)["windows"]:
            key: tuple[Any, ...] = (window["series"], window["x"][0], window["x"][-1])
            if not _same(window, windows.get(key, {})):
                key = (*key, run.number)  # the same rows of another series
            windows.setdefault(key, {})[run.number] = window
    order = sorted(windows, key=lambda key: (str(key[0]), key[1]))
    views = [
        _view(runs, windows[key], target)
        for key in order
        for target in range(len(first["targets"]))
    ]
    names = [_name(windows[key], first) for key in order]
    choices = [("window" if first["steps"] > 1 else "stretch", names)]
    if len(first["targets"]) > 1:
        choices.append(("target", first["targets"]))
    ahead = f"{first['horizon']} ahead"
    title = f"{first['targets'][0]}, {ahead}"
    if len(first["targets"]) > 1:
        title = f"{len(first['targets'])} targets, {ahead}"
    count = first["examples"]
    note = f"{number(count)} forecasts {runs[0].answers_of}"
    if first["steps"] > 1:
        note += "; these are spread over all of them, and some with the largest errors"
    elif (shown := sum(len(each["x"]) for each in first["windows"])) < count:
        note += f"; {number(shown)} of them are shown"
    return figures.chart(
        title,
        views,
        xlabel="row",
        note=note,
        choices=choices,
        tall=True,
        timed=first["timed"],
    )


def _same(window: Mapping[str, Any], others: Mapping[int, Mapping[str, Any]]) -> bool:
    """Return whether what happened is the same, to rounding, as in other runs."""
    return all(
        math.isclose(a, b, rel_tol=1e-3, abs_tol=1e-6)
        for other in others.values()
        for mine, theirs in zip(window["truth"], other["truth"], strict=True)
        for a, b in zip(mine, theirs, strict=False)
    )


def _answers(run: RunRecord) -> Answers:
    assert run.answers is not None
    return run.answers


def _view(
    runs: Sequence[RunRecord], windows: Mapping[int, Mapping[str, Any]], target: int
) -> dict[str, Any]:
    """Return what is drawn of one window and target: truth, forecasts, a rule."""
    any_run = next(run for run in runs if run.number in windows)
    window, about = windows[any_run.number], _answers(any_run)
    past = max(windows.values(), key=lambda each: len(each["past_x"]))
    gone = len(past["past_x"])
    xs = [[*past["past_x"], *window["x"]], window["x"]]
    truth = [*past["past"][target], *window["truth"][target]]
    series = []
    for run in runs:
        if run.number not in windows:
            continue
        values, levels = windows[run.number]["values"], _answers(run)["quantiles"]
        middle = min(
            range(len(values)),
            key=lambda at: abs(levels[at] - 0.5) if levels else at,
        )
        name = "forecast" if len(runs) == 1 else run.name
        made = line(name, values[middle][target], color=run_color(run.number), x=1)
        if len(levels) > 1:
            made["low"], made["high"] = values[0][target], values[-1][target]
            made["band"] = f"{levels[0]:.0%} to {levels[-1]:.0%}"
        series.append(made)
    rule = line(
        about["rule"], window["rule"][target], color="--grey", x=1, style="dotted"
    )
    happened = line("what happened", truth, color="--ink")
    marks = [{"x": past["past_x"][-1], "color": "--grey"}] if gone else []
    return {"xs": xs, "series": [happened, rule, *series], "marks": marks}


def _name(windows: Mapping[int, Mapping[str, Any]], about: Answers) -> str:
    """Return what to call a window: its series, its time, whether it is a bad one."""
    window = next(iter(windows.values()))
    start = window["x"][0]
    when = f"row {start:,}"
    if about["timed"]:
        when = f"{datetime.fromtimestamp(start / 1000, UTC):%Y-%m-%d %H:%M}"
    parts = [window["series"], f"from {when}"]
    if any(each["worst"] for each in windows.values()):
        parts.append("large error")
    return ", ".join(filter(None, parts))
