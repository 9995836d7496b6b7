"""Curves of training and validation, and the errors at each step ahead."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from seqconv_jax.report.figures import Figures, line, run_color
from seqconv_jax.report.html import Html, el
from seqconv_jax.report.record import RunRecord
from seqconv_jax.report.words import metric_name, source_name

__all__ = ["curves_section", "steps_section"]

_NOT_SCORES = ("epoch", "step", "seconds", "examples_per_second", "gradient_norm")
_VALIDATION = "val_"
_RULES = ("last", "drift", "seasonal")
_STYLES = ("dotted", "sparse", "dashed")


def curves_section(runs: Sequence[RunRecord], figures: Figures) -> Html | None:
    """Return a chart for each score of the epochs; None where no epoch has ended."""
    records = [r for run in runs for history in run.histories for r in history]
    metrics = dict.fromkeys(
        name.removeprefix(_VALIDATION)
        for record in records
        for name, value in record.items()
        if name not in _NOT_SCORES and isinstance(value, float | int)
    )
    if not metrics:
        return None
    several = any(run.seeds > 1 for run in runs)
    text = "Training is dashed, validation is drawn through"
    text += "; of several seeds the mean, in the range of all." if several else "."
    if len(runs) == 1 and not several:
        text += " The upright line is the best epoch, whose weights are kept."
    return el(
        "section",
        el("h2", "Training"),
        el("p", text, class_="small"),
        el("div", [_chart(runs, name, figures) for name in metrics], class_="figures"),
        id="training",
    )


def _chart(runs: Sequence[RunRecord], metric: str, figures: Figures) -> Html:
    longest = max(len(history) for run in runs for history in run.histories)
    series, marks = [], []
    for run in runs:
        whose = "" if len(runs) == 1 else f"{run.name}, "
        names = {metric: "training", f"{_VALIDATION}{metric}": "validation"}
        for key, word in names.items():
            mean, band = _over_seeds(run, key, longest)
            if any(value is not None for value in mean):
                series.append(
                    line(
                        f"{whose}{word}",
                        mean,
                        color=run_color(run.number),
                        style="dashed" if word == "training" else "",
                        band=band,
                    )
                )
        best = run.summary.get("best_epoch")
        if isinstance(best, int) and len(runs) == 1:
            marks.append({"x": best, "color": run_color(run.number)})
    view = {"xs": [list(range(1, longest + 1))], "series": series, "marks": marks}
    return figures.chart(_title(metric), [view], xlabel="epoch")


def _title(metric: str) -> str:
    name = metric_name(metric)
    return name[:1].upper() + name[1:]


def _over_seeds(
    run: RunRecord, key: str, longest: int
) -> tuple[list[float | None], tuple[list[Any], list[Any]] | None]:
    """Return the mean over seeds of each epoch, and their lowest and highest."""
    epochs = [
        [
            float(history[at][key])
            for history in run.histories
            if at < len(history) and isinstance(history[at].get(key), float | int)
        ]
        for at in range(longest)
    ]
    mean = [statistics.fmean(values) if values else None for values in epochs]
    if run.seeds == 1:
        return mean, None
    low = [min(values) if values else None for values in epochs]
    return mean, (low, [max(values) if values else None for values in epochs])


def steps_section(runs: Sequence[RunRecord], figures: Figures) -> Html | None:
    """Return the errors against how far ahead a forecast is, for each target."""
    tables = [(run, _errors(run)) for run in runs]
    tables = [(run, table) for run, table in tables if table]
    targets = dict.fromkeys(row["target"] for _, table in tables for row in table)
    charts = []
    for target in targets:
        of_target = [
            (run, [row for row in table if row["target"] == target])
            for run, table in tables
        ]
        charts.append(_steps(target, [each for each in of_target if each[1]], figures))
    charts = [chart for chart in charts if chart is not None]
    if not charts:
        return None
    text = "On the test set, in the unit of the target; rules without a model are grey."
    return el(
        "section",
        el("h2", "Errors by step ahead"),
        el("p", text, class_="small"),
        el("div", charts, class_="figures"),
        id="steps",
    )


def _errors(run: RunRecord) -> list[Mapping[str, Any]]:
    found = run.details.get("errors")
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        return []
    return [row for row in found if "target" in row and "mae" in row]


def _steps(
    target: str,
    of_runs: Sequence[tuple[RunRecord, list[Mapping[str, Any]]]],
    figures: Figures,
) -> Html | None:
    longest = max((table for _, table in of_runs), key=len)
    if len(longest) < 2:
        return None
    ahead = [str(row.get("ahead", row.get("step"))) for row in longest]
    xs, series = [], []
    for at, (run, table) in enumerate(of_runs):
        xs.append(list(range(1, len(table) + 1)))
        errors = [row["mae"] for row in table]
        whose = run.name if run.seeds == 1 else f"{run.name}, {run.folders[0].name}"
        series.append(line(whose, errors, color=run_color(run.number), x=at))
    run, table = max(of_runs, key=lambda each: len(each[1]))
    at = [run for run, _ in of_runs].index(run)
    rules = [rule for rule in _RULES if rule in table[0]]
    for rule, style in zip(rules, _STYLES, strict=False):
        values = [row[rule] for row in table]
        series.append(
            line(source_name(rule), values, color="--grey", x=at, style=style)
        )
    unit = str(longest[0].get("unit") or "")
    title = f"{target}: mean absolute error" + (f", {unit}" if unit else "")
    view = {"xs": xs, "series": series}
    return figures.chart(title, [view], xlabel="ahead", labels=ahead, zero=True)
