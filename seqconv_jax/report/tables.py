"""Tables of a page, the marks beside a run's name, and marks on a line of numbers."""

from collections.abc import Iterable, Sequence
from typing import Any

from seqconv_jax.report.figures import run_color
from seqconv_jax.report.html import Html, el

__all__ = ["Strip", "chip", "head", "numbers", "table"]


def table(
    caption: str,
    heads: Sequence[Html],
    rows: Sequence[Html],
    *,
    class_: str = "",
    seen: bool = True,
) -> Html:
    """Return a table that scrolls by itself where it is too wide, by keys as well.

    Args:
        caption: what it shows.
        heads: the cells above.
        rows: what is under them.
        class_: of what scrolls.
        seen: whether the caption is shown, or only read aloud.
    """
    made = el(
        "table",
        el("caption", caption, class_=None if seen else "unseen"),
        el("thead", el("tr", heads)),
        el("tbody", rows),
    )
    kind = f"scroll {class_}".strip()
    return el("div", made, class_=kind, tabindex="0", role="group", aria_label=caption)


def head(*names: Any, number: bool = False) -> list[Html]:
    """Return cells that name columns."""
    kind = "n" if number else None
    return [el("th", name, scope="col", class_=kind) for name in names]


def numbers(*values: Any) -> list[Html]:
    """Return cells of numbers, which are aligned."""
    return [el("td", value, class_="n") for value in values]


def chip(number: int) -> Html:
    """Return the mark of a run."""
    return el("i", class_="chip", style=f"--c:var({run_color(number)})")


class Strip:
    """A line of numbers that each row of a table has its marks on.

    Args:
        values: those that must lie on it.
    """

    def __init__(self, values: Iterable[float]):
        """Find its ends."""
        known = list(values)
        self._low = min(known)
        self._wide = (max(known) - self._low) or 1.0

    def marks(
        self,
        value: float,
        *,
        spans: Iterable[tuple[float, float]] = (),
        color: str = "",
        kind: str = "",
        zero: bool = False,
    ) -> Html:
        """Return a cell with a mark, hidden from who reads the numbers beside it.

        Args:
            value: where the mark lies.
            spans: intervals around it.
            color: a CSS variable; "" for grey.
            kind: a class of the mark.
            zero: whether 0 is marked as well.
        """
        paint = f";--c:var({color})" if color else ""
        parts = [self._at("zero", 0.0, "")] if zero else []
        for low, high in spans:
            width = f";width:{self._left(high) - self._left(low):.2f}%"
            parts.append(self._at("span", low, width + paint))
        parts.append(self._at(f"at {kind}".strip(), value, paint))
        track = el("span", parts, class_="track")
        return el("td", track, class_="strip", aria_hidden="true")

    def _at(self, kind: str, value: float, style: str) -> Html:
        return el("i", class_=kind, style=f"left:{self._left(value):.2f}%{style}")

    def _left(self, value: float) -> float:
        return 3 + 94 * (value - self._low) / self._wide
