"""The tables of scores."""

from collections.abc import Sequence

from seqconv_jax.report.html import Html, el
from seqconv_jax.report.record import RunRecord, by_task
from seqconv_jax.report.scores import ScoreRow, is_score, metrics_of, score_rows
from seqconv_jax.report.tables import Strip, head, numbers, table
from seqconv_jax.report.words import higher_is_better, metric_name, number

__all__ = ["scores_section"]


def scores_section(runs: Sequence[RunRecord]) -> Html | None:
    """Return a table for each metric; None where no run has ended."""
    groups = by_task([run for run in runs if metrics_of([run])])
    if not groups:
        return None
    text = (
        "Best first. The marks lie where the test score does, or the validation score "
        "where there is no other"
    )
    if any(run.seeds > 1 for run in runs):
        text += "; a bar is the 95 % interval over seeds"
    if len(groups) > 1:
        text += ". Runs of another task or other data are not comparable"
    return el(
        "section",
        el("h2", "Scores"),
        el("p", f"{text}.", class_="small"),
        [_group(group, alone=len(groups) == 1) for group in groups],
        id="scores",
    )


def _group(runs: Sequence[RunRecord], *, alone: bool) -> Html:
    """Return the tables of runs of one task, the most telling one opened."""
    main, *others = [
        _table(metric, score_rows(runs, metric), runs) for metric in metrics_of(runs)
    ]
    count = f"{len(others)} more scores" if len(others) > 1 else "1 more score"
    more = el("details", el("summary", count), others) if others else None
    title = None if alone else el("h3", runs[0].task or "a task that nobody named")
    return el("div", title, main, more, class_="run")


def _table(metric: str, rows: Sequence[ScoreRow], runs: Sequence[RunRecord]) -> Html:
    unit, scale = _unit(runs, metric)
    known = [row.shown for row in rows if row.shown is not None]
    strip = Strip([*known, *(end for row in rows for end in row.interval or ())])
    higher = higher_is_better(metric)
    columns = ["validation", "test", *([f"test, {unit}"] if unit else [])]
    way = "worse to better" if higher else "better to worse"
    heads = [
        *head(""),
        *head(*columns, number=True),
        el("th", way, class_="strip", scope="col", aria_hidden="true"),
    ]
    body = [
        el(
            "tr",
            _name(row),
            numbers(*_cells(row), *([_scaled(row, scale)] if unit else [])),
            strip.marks(
                row.shown or 0.0,
                spans=[row.interval] if row.interval else [],
                color=row.color,
                kind="published" if row.kind == "published" else "",
            ),
            class_="mine" if row.kind == "run" else None,
        )
        for row in rows
    ]
    name = metric_name(metric)
    caption = (
        f"{name[:1].upper()}{name[1:]}, {'higher' if higher else 'lower'} is better"
    )
    caption += ", in standard deviations" if unit else ""
    return table(caption, heads, body, class_="wide")


def _name(row: ScoreRow) -> Html:
    style = f"--c:var({row.color})"
    kind = "published figure" if row.kind == "published" else ""
    under = ", ".join(filter(None, (kind, row.note)))
    return el(
        "th",
        el("i", class_="chip", style=style) if row.color else None,
        row.name,
        el("span", under, class_="sub") if under else None,
        scope="row",
    )


def _cells(row: ScoreRow) -> list[list[object]]:
    """Return both scores; half the interval stands under the one that it is of."""
    half = None
    if row.interval:
        low, high = row.interval
        half = el("span", f"± {number((high - low) / 2)}", class_="sub")
    tested = row.test is not None
    return [
        [number(row.val), None if tested else half],
        [number(row.test), half if tested else None],
    ]


def _scaled(row: ScoreRow, scale: float) -> str:
    return "–" if row.test is None else number(row.test * scale)


def _unit(runs: Sequence[RunRecord], metric: str) -> tuple[str, float]:
    """Return the unit of the target and one standard deviation, if all runs agree."""
    found = {
        (str(run.details.get("unit") or ""), run.details.get("unit_scale"))
        for run in runs
        if is_score(run.details.get("unit_scale"))
    }
    if metric != "mae" or len(found) != 1:
        return "", 1.0
    unit, scale = next(iter(found))
    return unit, float(scale or 1.0)
