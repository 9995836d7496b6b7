"""The words of a text, coloured by numbers: as a figure, as HTML, for a terminal."""

import html
import textwrap
import unicodedata
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqconv_jax._checks import expect
from seqconv_jax.plots.canvas import GREY, INK, saved_figure
from seqconv_jax.plots.shades import checked_words, shades

__all__ = ["words", "words_ansi", "words_html"]

_WIDTH, _MARGIN = 8.0, 0.25  # inches
_POINTS, _LINE = 10.5, 0.255  # of the letters; inches from line to line
_ACROSS = 86  # letters of one width in a line
_MOST = 2_000  # words in a figure


def words(
    tokens: Sequence[str],
    values: Any,
    path: str | Path,
    *,
    title: str,
    caption: str = "",
    note: str = "",
) -> Path:
    """Draw words with a background by their numbers: blue above 0, orange below.

    Args:
        tokens: the words.
        values: `(tokens,)` what each adds, such as `TextContributions.values`.
        path: the figure.
        title: what is explained.
        caption: a line below the title, such as what is added besides.
        note: written across the figure, such as "GENERATED STAND-IN DATA".

    Returns:
        The figure's path.

    Raises:
        UserError: for numbers that are not finite or not as many, more than 2,000
            words, or where matplotlib is missing or the figure cannot be written.
    """
    texts, numbers = checked_words(tokens, values)
    expect(0 < len(texts) <= _MOST, "tokens", f"from 1 to {_MOST:,} words", len(texts))
    places = _places([_width(text) for text in texts])
    head = [*textwrap.wrap(title, 66), ""]
    below = textwrap.wrap(caption, 92)
    lines = len(head) + len(below) + places[-1][0] + 2
    height = max(1.6, lines * _LINE + 2 * _MARGIN)
    with warnings.catch_warnings():
        # A letter that the font lacks is a box.
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        with saved_figure(Path(path), note, size=(_WIDTH, height)) as (axes,):
            axes.set_axis_off()
            axes.set_xlim(0, _ACROSS)
            axes.set_ylim(lines, 0)
            for row, text in enumerate(head):
                axes.text(0, row + 0.5, text, fontsize=12, fontweight="bold")
            for row, text in enumerate(below, len(head) - 1):
                axes.text(0, row + 0.5, text, fontsize=9.5, color=GREY)
            first = len(head) + len(below)
            for text, shade, (row, column) in zip(
                texts, shades(numbers), places, strict=True
            ):
                axes.text(
                    column,
                    first + row,
                    text,
                    family="monospace",
                    fontsize=_POINTS,
                    color=INK,
                    va="center",
                    bbox={"facecolor": shade, "edgecolor": "none", "pad": 2.2},
                )
            _legend(axes, lines - 0.6, float(np.abs(numbers).max(initial=0)))
    return Path(path)


def words_html(
    tokens: Sequence[str], values: Any, *, title: str, caption: str = ""
) -> str:
    """Return words with a background by their numbers, as a fragment of HTML.

    Texts are escaped; a word's number is its tooltip.

    Args:
        tokens: the words.
        values: `(tokens,)` what each adds.
        title: what is explained.
        caption: a line below the title.

    Raises:
        UserError: for numbers that are not finite or not as many.

    Example:
        >>> fragment = words_html(["a", "<b>"], [0.0, 1.0], title="logit of good")
        >>> print(fragment.splitlines()[4])
        <span style="background:#4095c5" title="+1">&lt;b&gt;</span>
    """
    texts, numbers = checked_words(tokens, values)
    spans = [
        f'<span style="background:{shade}" title="{number:+.4g}">'
        f"{html.escape(text)}</span>"
        for text, shade, number in zip(texts, shades(numbers), numbers, strict=True)
    ]
    below = f"<br><small>{html.escape(caption)}</small>" if caption else ""
    style = f"color:{INK};background:#fff;line-height:1.9;margin:1em 0;padding:.5em"
    lines = [
        f'<figure style="{style}">',
        f"<figcaption><strong>{html.escape(title)}</strong>{below}</figcaption>",
        '<p dir="auto">',
        *spans,
        "</p>",
        "</figure>",
    ]
    return "\n".join(lines)


def words_ansi(tokens: Sequence[str], values: Any) -> str:
    r"""Return words with a background by their numbers, for a 24-bit terminal.

    Args:
        tokens: the words.
        values: `(tokens,)` what each adds.

    Raises:
        UserError: for numbers that are not finite or not as many.

    Example:
        >>> words_ansi(["so", "good"], [0.0, 1.0])
        'so \x1b[48;2;64;149;197m\x1b[38;2;34;34;34mgood\x1b[0m'
    """
    texts, numbers = checked_words(tokens, values)
    ink = ";".join(_numbers_of(INK))
    coloured = [
        text
        if shade == "#ffffff"
        else f"\x1b[48;2;{';'.join(_numbers_of(shade))}m\x1b[38;2;{ink}m{text}\x1b[0m"
        for text, shade in zip(texts, shades(numbers), strict=True)
    ]
    return " ".join(coloured)


def _numbers_of(colour: str) -> list[str]:
    return [str(int(colour[k : k + 2], 16)) for k in (1, 3, 5)]


def _width(text: str) -> int:
    """Return how many letters of one width a text takes.

    >>> _width("film"), _width("映画")
    (4, 4)
    """
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _places(widths: Sequence[int]) -> list[tuple[int, int]]:
    """Return line and column of each word.

    >>> _places([50, 30, 20])
    [(0, 0), (0, 51), (1, 0)]
    """
    places, row, column = [], 0, 0
    for width in widths:
        if column and column + width > _ACROSS:
            row, column = row + 1, 0
        places.append((row, column))
        column += width + 1
    return places


def _legend(axes: Any, row: float, largest: float) -> None:
    for column, name, value in ((0, "lowers", -1.0), (12, "raises", 1.0)):
        box = {"facecolor": shades([value])[0], "edgecolor": "none", "pad": 2.0}
        axes.text(column, row, name, fontsize=9, va="center", bbox=box)
    axes.text(24, row, f"full colour: {largest:.3g}", fontsize=9, va="center")
