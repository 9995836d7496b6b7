"""The tables of what the filters of text networks look for."""

from collections.abc import Mapping, Sequence
from typing import Any

from seqconv_jax.report.html import Html, el
from seqconv_jax.report.record import RunRecord
from seqconv_jax.report.tables import chip, head, numbers, table
from seqconv_jax.report.words import number

__all__ = ["ngrams_section"]


def ngrams_section(runs: Sequence[RunRecord]) -> Html | None:
    """Return a table for each run whose filters were read; None where none was."""
    parts = [
        (run, run.answers["ngrams"])
        for run in runs
        if run.answers and run.answers.get("ngrams")
    ]
    if not parts:
        return None
    text = (
        "The patterns of words that fire each filter most, and the class that it then "
        "speaks for; “_” is any word, and in brackets stands in how many texts a "
        "pattern is the strongest. Largest effect first: weight times activation, the "
        "mean over all texts, in units of the logit."
    )
    return el(
        "section",
        el("h2", "What it looks for"),
        el("p", text, class_="small"),
        [_part(run, found, alone=len(runs) == 1) for run, found in parts],
        id="ngrams",
    )


def _part(run: RunRecord, found: Mapping[str, Any], *, alone: bool) -> Html:
    body = [
        el(
            "tr",
            el("th", each["pushes_to"], scope="row"),
            el("td", _patterns(each["patterns"])),
            numbers(number(each["effect"]), f"{each['fires']:.0%}"),
        )
        for each in found["filters"]
    ]
    heads = head("speaks for", "patterns") + head("effect", "fires in", number=True)
    shown, count = len(body), found["of"]
    of = f"{shown} of {count} filters" if shown < count else f"{count} filters"
    caption = f"{of}, over {found['texts']:,} test texts"
    title = None if alone else el("h3", chip(run.number), run.name)
    return el("div", title, table(caption, heads, body, class_="wide"), class_="run")


def _patterns(patterns: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{each['words']} ({each['count']:,})" for each in patterns) or "–"
