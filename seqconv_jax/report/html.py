"""HTML whose every text is escaped: elements are made of plain strings or of others."""

from html import escape
from typing import Any

__all__ = ["Html", "el", "join"]

_VOID = ("br", "hr", "img", "input", "meta", "link")


class Html(str):
    """A text that is HTML; any other text is escaped where it is put in one."""


def el(tag: str, *children: Any, **attributes: Any) -> Html:
    """Return an element.

    Args:
        tag: its name.
        *children: texts, elements, and lists of them; None is left out.
        **attributes: `class_` is `class`, other underscores are hyphens; True is an
            attribute without a value, None and False are left out.

    Example:
        >>> el("p", "a < b", el("b", "!"), class_="note", data_x=None, hidden=True)
        '<p class="note" hidden>a &lt; b<b>!</b></p>'
    """
    given = "".join(
        _attribute(name.rstrip("_").replace("_", "-"), value)
        for name, value in attributes.items()
        if value is not None and value is not False
    )
    if tag in _VOID:
        return Html(f"<{tag}{given}>")
    return Html(f"<{tag}{given}>{join(*children)}</{tag}>")


def join(*children: Any) -> Html:
    """Return texts and elements one behind another.

    >>> join("&", [el("i", "x"), None])
    '&amp;<i>x</i>'
    """
    return Html("".join(map(_child, children)))


def _child(child: Any) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    if isinstance(child, list | tuple):
        return "".join(map(_child, child))
    return escape(str(child))


def _attribute(name: str, value: Any) -> str:
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
