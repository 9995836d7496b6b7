"""Which of several scores is the best: the one rule for epochs and checkpoints."""

import math
from collections.abc import Iterable
from typing import Literal, TypeVar

Key = TypeVar("Key")


def best_of(
    scores: Iterable[tuple[Key, float | None]], mode: Literal["min", "max"]
) -> Key | None:
    """Return the key of the best score, the earliest of equals.

    A score that is not finite, which a file keeps as null, is never the best.

    Args:
        scores: keys and their scores, from the earliest on.
        mode: whether the smallest or the largest is best.

    Returns:
        The key, or None where no score is finite.

    Example:
        >>> best_of([("a", 2.0), ("b", None), ("c", 1.0), ("d", 1.0)], "min")
        'c'
    """
    sign = 1 if mode == "min" else -1
    finite = [
        (sign * score, place, key)
        for place, (key, score) in enumerate(scores)
        if score is not None and math.isfinite(score)
    ]
    return min(finite, key=lambda each: each[:2])[2] if finite else None
