"""Which class was taken for which, how well each is told, and the worst mistakes."""

from collections.abc import Mapping, Sequence
from typing import Any

from seqconv_jax.report.figures import run_color
from seqconv_jax.report.html import Html, el, join
from seqconv_jax.report.record import RunRecord
from seqconv_jax.report.tables import chip, head, numbers, table
from seqconv_jax.report.words import number

__all__ = ["classes_section"]

_MOST_CLASSES = 20  # of a confusion table that can be read
_MOST_ROWS = 60
_AT_ONCE = 8  # mistakes
_WIDTH, _HEIGHT = 240.0, 60.0  # of a series' line


def classes_section(runs: Sequence[RunRecord]) -> Html | None:
    """Return a part for each run that tells classes apart; None where none does."""
    parts = [_part(run, alone=len(runs) == 1) for run in runs]
    parts = [part for part in parts if part is not None]
    if not parts:
        return None
    return el("section", el("h2", "Classes and mistakes"), parts, id="classes")


def _part(run: RunRecord, *, alone: bool) -> Html | None:
    answers = run.answers if run.answers and run.answers["kind"] == "classes" else {}
    details = run.details
    counts = answers.get("confusion") or details.get("test_confusion")
    names = answers.get("classes") or details.get("classes")
    rates = details.get("test_classes")
    mistakes = answers.get("mistakes") or []
    blocks = []
    if counts and names and len(names) == len(counts) <= _MOST_CLASSES:
        blocks.append(_confusion(counts, names, run))
    if isinstance(rates, dict) and rates:
        blocks.append(_rates(rates))
    if not blocks and not mistakes:
        return None
    name = run.name if run.seeds == 1 else f"{run.name}, {run.folders[0].name}"
    return el(
        "div",
        None if alone and run.seeds == 1 else el("h3", chip(run.number), name),
        el("div", blocks, class_="columns") if blocks else None,
        _mistakes(run, mistakes) if mistakes else None,
        class_="run",
    )


def _confusion(
    counts: Sequence[Sequence[int]], names: Sequence[str], run: RunRecord
) -> Html:
    """Return the counts; the colour of a cell is the rate of its row, the truth."""
    color = run_color(run.number)
    body = []
    for truth, (name, row) in enumerate(zip(names, counts, strict=True)):
        total, cells = sum(row), []
        for answer, count in enumerate(row):
            rate = count / total if total else 0.0
            part = f"var({color}) {rate * 100:.0f}%,var(--faint)"
            mix = f"background:color-mix(in srgb,{part})"
            dark = ";color:var(--page)" if rate > 0.7 else ""
            words = f"{count:,} of {total:,} of {name} were taken for {names[answer]}"
            style = f"{mix}{dark}" + (";font-weight:600" if truth == answer else "")
            percent = el("span", f"{rate:.0%}") if count else None
            cells.append(el("td", f"{count:,}", percent, style=style, title=words))
        body.append(el("tr", el("th", name, scope="row"), cells))
    caption = "Rows are the truth, columns the answers; test set"
    return table(caption, head("truth", *names), body, class_="confusion")


def _rates(rates: Mapping[str, Any]) -> Html:
    columns = ("precision", "recall", "f1", "examples")
    body = [
        el(
            "tr",
            el("th", name, scope="row"),
            numbers(*(_rate(each.get(key)) for key in columns)),
        )
        for name, each in list(rates.items())[:_MOST_ROWS]
    ]
    left = len(rates) - len(body)
    caption = "Each class on the test set"
    caption += f"; {left:,} more are in summary.json" if left > 0 else ""
    heads = head("class") + head("precision", "recall", "F1", "examples", number=True)
    return table(caption, heads, body)


def _rate(value: Any) -> str:
    """Return a rate with three digits, or a count.

    >>> _rate(1.0), _rate(0.03448), _rate(29), _rate(None)
    ('1.000', '0.034', '29', '–')
    """
    return f"{value:.3f}" if isinstance(value, float) else number(value)


def _mistakes(run: RunRecord, mistakes: Sequence[Mapping[str, Any]]) -> Html:
    text = f"The {len(mistakes)} {run.answers_of} that it was surest of, and wrong. "
    if any("text" in each for each in mistakes):
        text += (
            "Words are shown as the model sees them; “…” is one that it does not know."
        )
    rest = [_mistake(each) for each in mistakes[_AT_ONCE:]]
    more = el(
        "details", el("summary", f"{len(rest)} more"), el("ol", rest, class_="mistakes")
    )
    return join(
        el("h3", "Surest and wrong", style="margin-top:1.75rem"),
        el("p", text.strip(), class_="small quiet"),
        el("ol", [_mistake(each) for each in mistakes[:_AT_ONCE]], class_="mistakes"),
        more if rest else None,
    )


def _mistake(mistake: Mapping[str, Any]) -> Html:
    said = [
        el("strong", mistake["truth"]),
        " taken for ",
        el("strong", mistake["answer"]),
        f", probability {_percent(mistake['probability'])}",
    ]
    content = None
    if "text" in mistake:
        content = el("blockquote", mistake["text"] or "(no words)", tabindex="0")
    elif "series" in mistake:
        content = _series(mistake["series"], str(mistake["name"]))
    name = el("p", mistake["name"], class_="small quiet")
    return el("li", el("p", said), name, content)


def _percent(chance: float) -> str:
    r"""Return a probability; one that is not quite 1 does not become it.

    >>> _percent(0.99996), _percent(0.731), _percent(1.0)
    ('over 99.9\xa0%', '73.1\xa0%', '100\xa0%')
    """
    if 0.999 < chance < 1:
        return "over 99.9\xa0%"
    return f"{chance * 100:.1f}\xa0%".replace("100.0", "100")


def _series(values: Sequence[float], name: str) -> Html:
    low, high = min(values), max(values)
    wide, many = (high - low) or 1.0, max(len(values) - 1, 1)
    points = "L".join(
        f"{at * _WIDTH / many:.1f},{_HEIGHT - (value - low) / wide * _HEIGHT:.1f}"
        for at, value in enumerate(values)
    )
    return el(
        "svg",
        el("path", d=f"M{points}"),
        viewBox=f"0 -2 {_WIDTH:g} {_HEIGHT + 4:g}",
        preserveAspectRatio="none",
        role="img",
        aria_label=f"{name}: a series of {len(values)} values from {number(low)} to "
        f"{number(high)}",
    )
