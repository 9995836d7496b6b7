"""The head of a page: what was run, on what, and the score that counts."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from seqconv_jax.report.cost import seconds_of
from seqconv_jax.report.figures import run_color
from seqconv_jax.report.html import Html, el
from seqconv_jax.report.record import RunRecord
from seqconv_jax.report.scores import ScoreRow, main_metric, score_rows
from seqconv_jax.report.tables import chip
from seqconv_jax.report.words import (
    duration,
    higher_is_better,
    metric_name,
    number,
)

__all__ = ["head", "overview_section"]


def head(runs: Sequence[RunRecord], title: str, now: datetime) -> Html:
    """Return the title, what the runs are about, and what to beware of."""
    tasks = list(dict.fromkeys(run.task for run in runs))
    alarms = [f"{run.name} is {run.unfinished}" for run in runs if run.unfinished]
    generated = [run.name for run in runs if run.generated]
    if generated:
        names = "This run was" if len(runs) == 1 else f"{', '.join(generated)}:"
        alarms.insert(
            0,
            f"GENERATED STAND-IN DATA. {names} trained on made-up data; scores say "
            "nothing about real data.",
        )
    return el(
        "header",
        el("h1", title),
        el("p", "; ".join(filter(None, tasks)), class_="quiet"),
        el("p", f"Made {now:%Y-%m-%d %H:%M}", class_="small quiet"),
        [el("p", alarm, class_="alarm", role="note") for alarm in alarms],
    )


def overview_section(runs: Sequence[RunRecord]) -> Html:
    """Return a card for each run: its main score beside the best baseline."""
    cards = [_card(run) for run in runs]
    return el(
        "section",
        el("h2", "At a glance"),
        el("div", cards, class_="facts", style="margin-top:1rem"),
        id="overview",
    )


def _card(run: RunRecord) -> Html:
    lines: list[Html] = []
    metric = main_metric([run])
    if metric is not None:
        lines = _score_lines(score_rows([run], metric), metric)
    if run.unfinished:
        lines.append(el("p", run.unfinished, class_="small"))
    lines.append(el("p", _data(run), class_="small quiet"))
    lines.append(el("p", _size(run), class_="small quiet"))
    return el(
        "div",
        el("h3", chip(run.number), run.name),
        lines,
        class_="card",
        style=f"--c:var({run_color(run.number)})",
    )


def _score_lines(rows: Sequence[ScoreRow], metric: str) -> list[Html]:
    mine = [row for row in rows if row.kind == "run"]
    if not mine or mine[0].shown is None:
        return []
    own = next((row for row in mine if not row.name.startswith("ensemble")), mine[0])
    split = "validation" if own.test is None else "test"
    half = ""
    if own.interval is not None:
        half = f" ± {number((own.interval[1] - own.interval[0]) / 2)}"
    lines = [
        el("p", number(own.shown), el("small", half), class_="score"),
        el("p", f"{metric_name(metric)} on {split}", class_="small"),
    ]
    rest = [row for row in rows if row.kind == "baseline" and _split(row) == split]
    if rest and own.shown is not None and rest[0].shown is not None:
        best, sign = rest[0], 1 if higher_is_better(metric) else -1
        assert best.shown is not None
        ahead = sign * (own.shown - best.shown)
        word = "better than" if ahead > 0 else "worse than" if ahead < 0 else "same as"
        text = f"{number(abs(ahead))} {word} the best baseline, {best.name}"
        lines.append(el("p", text, class_="small"))
    return lines


def _split(row: ScoreRow) -> str:
    return "validation" if row.test is None else "test"


def _data(run: RunRecord) -> str:
    file = run.config.get("data_file") or run.config.get("data")
    if run.generated:
        return "data: generated stand-in"
    if not file:
        return "data: not recorded"
    checksum = run.config.get("data_sha256")
    end = f" (SHA-256 {checksum[:10]}…)" if isinstance(checksum, str) else ""
    return f"data: {Path(str(file)).name}{end}"


def _size(run: RunRecord) -> str:
    parts = []
    if (count := run.scores.get("parameters")) is not None:
        parts.append(f"{count:,.0f} parameters")
    if (seconds := seconds_of(run)) is not None:
        parts.append(f"{duration(seconds)} of training")
    if run.seeds > 1:
        parts.append(f"{run.seeds} seeds")
    return ", ".join(parts)
