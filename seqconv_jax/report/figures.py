"""A chart of a page: its numbers for the script that draws it, and as a table."""

from collections.abc import Mapping, Sequence
from typing import Any

from seqconv_jax._json import to_json
from seqconv_jax.report.html import Html, el
from seqconv_jax.report.words import number

__all__ = ["Figures", "line", "run_color"]

_COLORS = 6
_HELP = (
    "Arrow keys move a cursor along the chart, plus and minus zoom, shift with an "
    "arrow pans, 0 shows all. Drag to zoom with a pointer."
)


def run_color(number: int) -> str:
    """Return the CSS variable of a run's colour."""
    return f"--run-{number % _COLORS + 1}"


def line(
    name: str,
    y: Sequence[float | None],
    *,
    color: str,
    x: int = 0,
    style: str = "",
    band: tuple[Sequence[Any], Sequence[Any]] | None = None,
) -> dict[str, Any]:
    """Return one line of a chart.

    Args:
        name: in the legend.
        y: its values; None leaves a gap.
        color: a CSS variable.
        x: which of the view's lists of places they lie at.
        style: "", "dashed" or "dotted".
        band: lower and upper bounds around it.
    """
    found: dict[str, Any] = {"name": name, "y": list(y), "color": color, "x": x}
    if style:
        found["style"] = style
    if band is not None:
        found["low"], found["high"] = map(list, band)
    return found


class Figures:
    """Makes the charts of a page, each with an id of its own."""

    def __init__(self) -> None:
        """Begin with the first."""
        self._made = 0

    def chart(
        self,
        title: str,
        views: Sequence[Mapping[str, Any]],
        *,
        xlabel: str,
        note: str = "",
        choices: Sequence[tuple[str, Sequence[str]]] = (),
        tall: bool = False,
        **options: Any,
    ) -> Html:
        """Return a chart that can be zoomed, hovered, stepped through, and read.

        Args:
            title: what it shows, with the unit.
            views: what it shows by choice; each with `xs`, lists of places, `series`,
                what `line` returned, and perhaps `lines` (horizontal ones) and `marks`
                (vertical ones), as `page.js` draws them.
            xlabel: what the places are.
            note: a line beneath the title.
            choices: the names of what is chosen, and of each choice; the first one
                varies slowest over the views.
            tall: whether it is higher than others.
            **options: `timed`, `labels` and `zero`, as `page.js` has them.
        """
        self._made += 1
        own = f"chart-{self._made}"
        several = len(views) > 1
        data = {
            "xlabel": xlabel,
            "inner": len(choices[1][1]) if len(choices) > 1 else 1,
            "views": views,
            **options,
        }
        return el(
            "figure",
            el(
                "figcaption",
                el("h3", title, id=f"{own}-title"),
                _zoom(title),
                el("div", note, class_="small quiet") if note else None,
                _legend(views[0]),
            ),
            _choices(own, choices),
            el(
                "div",
                class_="plot",
                id=f"{own}-plot",
                tabindex="0",
                role="application",
                aria_roledescription="chart",
                aria_labelledby=f"{own}-title",
                aria_describedby=f"{own}-help",
            ),
            el("p", _HELP, id=f"{own}-help", hidden=True),
            el("p", class_="readout", role="status", aria_live="polite"),
            _table(title, views[0], xlabel, options.get("labels"), live=several),
            el("script", _json(data), type="application/json"),
            class_="chart tall" if tall else "chart",
            id=own,
        )


def _legend(view: Mapping[str, Any]) -> Html:
    keys: list[Html] = []
    bands: set[str] = set()
    for each in view["series"]:
        style = f"--c:var({each['color']})"
        kind = f"key {each.get('style', '')}".strip()
        keys.append(el("span", el("i", class_=kind, style=style), each["name"]))
        if (band := each.get("band")) and band not in bands:
            bands.add(band)
            block = el("i", class_="key block", style=style)
            keys.append(el("span", block, band))
    for each in view.get("lines", ()):
        kind = f"key {each.get('style', 'dashed')}"
        mark = el("i", class_=kind, style=f"--c:var({each['color']})")
        keys.append(el("span", mark, f"{each['name']}: {number(each['y'])}"))
    return el("div", keys, class_="legend")


def _choices(own: str, choices: Sequence[tuple[str, Sequence[str]]]) -> Html | None:
    """Return what chooses a view; the first choice can also be stepped through."""
    tools: list[Html] = []
    for at, (name, options) in enumerate(choices):
        made = [el("option", text, value=i) for i, text in enumerate(options)]
        select = el("select", made, id=f"{own}-choice-{at}", aria_label=name)
        steps = at == 0 and len(options) > 1
        label = el("label", el("span", name), select, for_=f"{own}-choice-{at}")
        tools += [
            _button("back", "‹", f"Previous {name}") if steps else Html(),
            label,
            _button("on", "›", f"Next {name}") if steps else Html(),
        ]
    return el("div", tools, class_="tools") if choices else None


def _zoom(title: str) -> Html:
    buttons = [
        _button("left", "←", "Earlier"),
        _button("right", "→", "Later"),
        _button("out", "−", "Zoom out"),
        _button("reset", "All", "Show all"),
        _button("in", "+", "Zoom in"),
    ]
    return el("span", buttons, class_="zoom", role="group", aria_label=f"Zoom: {title}")


def _button(action: str, text: str, label: str) -> Html:
    return el(
        "button", text, type="button", data_do=action, aria_label=label, title=label
    )


def _table(
    title: str,
    view: Mapping[str, Any],
    xlabel: str,
    labels: Sequence[str] | None,
    *,
    live: bool,
) -> Html:
    """Return the numbers of a chart; of one with choices, of what is shown."""
    series, body = view["series"], []
    if not live:
        at = sorted({x for xs in view["xs"] for x in xs})
        places = [
            dict(zip(view["xs"][each["x"]], each["y"], strict=True)) for each in series
        ]
        for x in at:
            name = x if labels is None else labels[x - 1]
            cells = [
                el("td", number(known[x]) if x in known else "", class_="n")
                for known in places
            ]
            body.append(el("tr", el("th", name, scope="row"), cells))
    heads = [el("th", each["name"], scope="col", class_="n") for each in series]
    table = el(
        "table",
        el("caption", title),
        el("thead", el("tr", el("th", xlabel, scope="col"), heads)),
        el("tbody", body),
    )
    scroll = el(
        "div",
        table,
        class_="scroll",
        tabindex="0",
        role="group",
        aria_label=f"Numbers: {title}",
    )
    return el("details", el("summary", "Numbers"), scroll, data_live=live)


def _json(data: Any) -> Html:
    """Return JSON that no text in it can end the script of."""
    text = to_json(data).replace("&", "\\u0026").replace("<", "\\u003c")
    return Html(text.replace(">", "\\u003e"))
