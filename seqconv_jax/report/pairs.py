"""Whether one run is better than another, or than a baseline beside it."""

from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

from seqconv_jax._checks import UserError
from seqconv_jax.comparison import Comparison, compare
from seqconv_jax.report.figures import run_color
from seqconv_jax.report.html import Html, el
from seqconv_jax.report.record import RunRecord, by_task
from seqconv_jax.report.tables import Strip, head, numbers, table
from seqconv_jax.report.words import metric_name, number, source_name

__all__ = ["pairs_section"]

_MOST_PAIRED = 6  # runs of which every pair is tested; of more, each with the first
_BASELINE = "baseline_"


class _Side(NamedTuple):
    name: str
    paths: list[Path]
    color: str = ""


def pairs_section(runs: Sequence[RunRecord]) -> Html | None:
    """Return the paired tests; None where there is nothing to compare.

    Several runs are compared with each other, a single one with its baselines.
    """
    scored = [run for run in runs if run.summary and run.folders]
    if len(runs) == 1:
        pairs = [(_side(run), other) for run in scored for other in _baselines(run)]
    else:
        pairs = [pair for group in by_task(scored) for pair in _pairs(group)]
    if not pairs:
        return None
    found = [(a, b, _compare(a, b)) for a, b in pairs]
    done = [each for each in found if isinstance(each[2], Comparison)]
    words = [
        el(
            "li",
            f"{a.name} and {b.name} were not compared: {result}"
            if not isinstance(result, Comparison)
            else str(result),
        )
        for a, b, result in found
    ]
    text = (
        "A difference counts where neither the seeds nor the choice of test examples "
        "explain it. Intervals are of the first less the second; windows of a series "
        "are drawn in blocks of neighbours, whose errors are alike."
    )
    return el(
        "section",
        el("h2", "Is it better?"),
        el("p", text, class_="small"),
        _table(done) if done else None,
        el(
            "details",
            el("summary", "In words"),
            el("ul", words, class_="verdicts"),
            open=len(words) < 3 or not done,
        ),
        id="compare",
    )


def _pairs(runs: Sequence[RunRecord]) -> list[tuple[_Side, _Side]]:
    sides = [_side(run) for run in runs]
    if len(sides) <= _MOST_PAIRED:
        return list(combinations(sides, 2))
    return [(side, sides[0]) for side in sides[1:]]


def _side(run: RunRecord) -> _Side:
    return _Side(run.name, list(run.folders), run_color(run.number))


def _baselines(run: RunRecord) -> list[_Side]:
    """Return the baselines whose test scores lie in the run directory."""
    files = sorted(run.folders[0].glob(f"{_BASELINE}*.npz")) if run.folders else []
    return [
        _Side(source_name(file.stem.removeprefix(_BASELINE)), [file]) for file in files
    ]


def _compare(a: _Side, b: _Side) -> Comparison | str:
    try:
        return compare(a.paths, b.paths, names=(a.name, b.name), resamples=4_000)
    except UserError as error:
        return str(error)


def _table(found: Sequence[tuple[_Side, _Side, Any]]) -> Html:
    results = [result for _, _, result in found]
    spans = [span for each in results for span in _spans(each)]
    strip = Strip([0.0, *(each.difference for each in results), *sum(spans, ())])
    metric = results[0].metric
    way = "higher" if results[0].higher_is_better else "lower"
    names = [name for name in _CELLS if any(_CELLS[name](each) for each in results)]
    heads = [
        *head(""),
        *head(*names, number=True),
        *head("better"),
        el("th", "", class_="strip", scope="col", aria_hidden="true"),
    ]
    body = [_row(*each, strip, names) for each in found]
    name = metric_name(metric)
    caption = f"{name[:1].upper()}{name[1:]}, {way} is better: differences with 95 % "
    return table(f"{caption}intervals", heads, body, class_="wide")


def _row(
    a: _Side, b: _Side, result: Comparison, strip: Strip, names: Sequence[str]
) -> Html:
    chips = [
        el("i", class_="chip", style=f"--c:var({side.color})") if side.color else None
        for side in (a, b)
    ]
    under = el("span", "less ", chips[1], b.name, class_="sub")
    better = el("strong", result.better) if result.better else "cannot be told apart"
    return el(
        "tr",
        el("th", chips[0], a.name, under, scope="row"),
        numbers(*(_CELLS[name](result) or "–" for name in names)),
        el("td", better),
        strip.marks(result.difference, spans=_spans(result), color="--ink", zero=True),
    )


def _spans(result: Comparison) -> list[tuple[float, float]]:
    known = (result.over_seeds, result.over_examples)
    return [(each.low, each.high) for each in known if each is not None]


def _words(interval: Any) -> str:
    if interval is None:
        return ""
    return f"{number(interval.low, 3)} to {number(interval.high, 3)}"


def _p_value(value: float) -> str:
    """Return a p-value; one of many zeros is no measurement.

    >>> _p_value(0.0312), _p_value(1.7e-195)
    ('0.031', '< 1e−6')
    """
    return (
        "< 1e−6"
        if value < 1e-6
        else number(value, 2)
        if value < 0.01
        else f"{value:.2g}"
    )


_CELLS: dict[str, Callable[[Comparison], str]] = {
    "difference": lambda result: number(result.difference),
    "over seeds": lambda result: _words(result.over_seeds),
    "over test examples": lambda result: _words(result.over_examples),
    "p, McNemar": lambda result: (
        _p_value(result.mcnemar.p_value) if result.mcnemar else ""
    ),
}
