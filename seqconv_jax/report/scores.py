"""Who scored what: runs beside baselines and published figures, best first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from seqconv_jax.report.figures import run_color
from seqconv_jax.report.record import RunRecord
from seqconv_jax.report.words import (
    higher_is_better,
    score_of,
    source_name,
)

__all__ = ["ScoreRow", "is_score", "main_metric", "metrics_of", "score_rows"]

_FIRST = ("accuracy", "mae", "mse")
_LAST = ("loss",)


@dataclass(frozen=True, kw_only=True)
class ScoreRow:
    """A line of the table.

    Attributes:
        name: whose score it is.
        kind: "run", "baseline" or "published".
        note: beneath the name.
        color: of its run; "" for none.
        val: the score of the validation rows, None where there is none.
        test: that of the test rows.
        interval: that of `test` (else of `val`) over seeds.
    """

    name: str
    kind: str
    note: str = ""
    color: str = ""
    val: float | None = None
    test: float | None = None
    interval: tuple[float, float] | None = None

    @property
    def shown(self) -> float | None:
        """The score that it is ranked by."""
        return self.val if self.test is None else self.test


def main_metric(runs: Sequence[RunRecord]) -> str | None:
    """Return the metric that a page leads with."""
    return next(iter(metrics_of(runs)), None)


def score_rows(runs: Sequence[RunRecord], metric: str) -> list[ScoreRow]:
    """Return who scored what, best first.

    Args:
        runs: the runs of the page.
        metric: its name.
    """
    rows: dict[tuple[Any, ...], ScoreRow] = {}
    for run in runs:
        for row in _of_run(run, metric, alone=len(runs) == 1):
            known = (row.kind, row.name, row.val, row.test)
            if row.kind == "run":
                rows[(*known, run.number)] = row
            elif known in rows:  # the same rule on the same rows
                rows[known] = replace(rows[known], note="", color="")
            else:
                rows[known] = row
    sign = -1 if higher_is_better(metric) else 1
    known = [row for row in rows.values() if row.shown is not None]
    return sorted(known, key=lambda row: sign * (row.shown or 0.0))


def metrics_of(runs: Sequence[RunRecord]) -> list[str]:
    """Return the metrics that some run has, the most telling first."""
    found: dict[str, int] = {}
    for run in runs:
        for name, value in run.scores.items():
            score = score_of(name)
            if score is not None and score.source == "" and is_score(value):
                found.setdefault(score.metric, len(found))
    order = {**dict.fromkeys(_FIRST, 0), **dict.fromkeys(_LAST, 2)}
    return sorted(found, key=lambda name: (order.get(name, 1), found[name]))


def _of_run(run: RunRecord, metric: str, *, alone: bool) -> list[ScoreRow]:
    parts: dict[str, dict[str, float]] = {}
    interval = None
    for name, value in run.scores.items():
        score = score_of(name)
        if score is None or score.metric != metric or not is_score(value):
            continue
        parts.setdefault(score.source, {}).setdefault(score.split, value)
        if score.source == "" and (score.split == "test" or interval is None):
            interval = run.interval(name)
    named = {tuple(part.values()) for name, part in parts.items() if name != "baseline"}
    if tuple(parts.get("baseline", {}).values()) in named:
        del parts["baseline"]  # which a rule with a name is
    color, rows = run_color(run.number), []
    for source, part in parts.items():
        mine = source in ("", "retrain")
        name = run.name if source == "" else source_name(source)
        note = f"{run.seeds} seeds" if source == "" and run.seeds > 1 else ""
        if source == "retrain" or (not mine and not alone):
            note = f"of {run.name}"
        if not mine and (chosen := _chosen(run, source)):
            name = f"{name} ({chosen})"
        rows.append(
            ScoreRow(
                name=name,
                kind="run" if mine else "baseline",
                note=note,
                color=color if mine else "",
                interval=interval if source == "" else None,
                **part,
            )
        )
    ensemble = (run.summary.get("ensemble") or {}).get(f"test_{metric}")
    if ensemble is not None:
        name = f"ensemble of {run.seeds} seeds"
        rows.append(
            ScoreRow(
                name=name, kind="run", note=f"of {run.name}", color=color, test=ensemble
            )
        )
    return [*rows, *_published(run, metric)]


def _published(run: RunRecord, metric: str) -> list[ScoreRow]:
    """Return the figures of others that the run says it is comparable with."""
    found = []
    for figure in run.details.get("published") or ():
        if figure.get("metric") == metric and is_score(figure.get("value")):
            split = {figure.get("split", "test"): figure["value"]}
            name, note = str(figure.get("name")), str(figure.get("note", ""))
            found.append(ScoreRow(name=name, kind="published", note=note, **split))
    return found


def _chosen(run: RunRecord, source: str) -> str:
    chosen = run.details.get("baseline_chosen")
    if run.seeds > 1 or not isinstance(chosen, dict):
        return ""
    return str(chosen.get(source, ""))


def is_score(value: Any) -> bool:
    """Return whether a value of a summary is a number."""
    return isinstance(value, float | int) and not isinstance(value, bool)
