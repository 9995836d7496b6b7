"""Colours for numbers on both sides of zero: blue above, orange below."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqconv_jax._checks import expect
from seqconv_jax.plots.canvas import BLUE, ORANGE, floats

__all__ = ["checked_words", "shades"]

_DARKEST = 0.75  # so that dark letters are read on it


def shades(values: Any, limit: float | None = None) -> list[str]:
    """Return a background colour for each number, the paler the nearer to zero.

    Args:
        values: `(n,)` finite numbers.
        limit: the size that has the full colour; None for the largest.

    Example:
        >>> shades([0.0, 2.0, -1.0])
        ['#ffffff', '#4095c5', '#efc39f']
    """
    numbers = np.asarray(values, np.float64)
    largest = float(np.abs(numbers).max(initial=0)) if limit is None else limit
    parts = np.clip(numbers / (largest or 1.0), -1, 1) * _DARKEST
    return [_mixed(BLUE if part >= 0 else ORANGE, abs(float(part))) for part in parts]


def checked_words(words: Sequence[str], values: Any) -> tuple[list[str], np.ndarray]:
    """Return words and their numbers, if there is a finite one for each.

    Characters that a terminal would obey are escaped.

    Raises:
        UserError: for anything else.
    """
    listed = not isinstance(words, str) and all(isinstance(w, str) for w in words)
    expect(listed, "words", "a list of texts", words)
    numbers = floats("values", values)
    expect(len(numbers) == len(words), "values", f"{len(words)}", f"{len(numbers)}")
    expect(bool(np.isfinite(numbers).all()), "values", "finite", values)
    printable = [
        "".join(c if c.isprintable() else repr(c)[1:-1] for c in word) for word in words
    ]
    return printable, numbers


def _mixed(colour: str, part: float) -> str:
    """Return a colour mixed with white."""
    full = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return "#" + "".join(f"{round(255 + (c - 255) * part):02x}" for c in full)
