"""A split that keeps the rates of the classes."""

from collections.abc import Sequence

import numpy as np

from seqconv_jax._checks import UserError, expect, is_number, non_negative_int

__all__ = ["stratified"]


def stratified(
    labels: Sequence[str], rate: float, *, name: str, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows stay and which are drawn, each class at the same rate.

    Of a class that has two examples or more, one at least is drawn and one stays.

    Args:
        labels: one a row.
        rate: how many of the rows are drawn, in [0, 1).
        name: of the rate, for messages.
        seed: what is drawn follows from it.

    Raises:
        UserError: for a rate out of range, or of which nothing would come.

    Example:
        >>> stay, drawn = stratified("aaaabb", 0.5, name="test", seed=0)
        >>> len(stay), sorted("aaaabb"[row] for row in drawn)
        (3, ['a', 'a', 'b'])
    """
    valid = is_number(rate) and 0 <= float(rate) < 1
    expect(valid, name, "a rate in [0, 1)", rate)
    random = np.random.default_rng(non_negative_int("seed", seed))
    taken: list[int] = []
    for label in dict.fromkeys(labels) if rate else ():
        rows = np.flatnonzero([each == label for each in labels])
        most = len(rows) - 1
        count = min(max(round(rate * len(rows)), 1), most)
        taken.extend(random.permutation(rows)[:count].tolist())
    if rate and not taken:
        raise UserError(
            f"`{name}` must be 0 where no class has two examples, got {rate}"
        )
    drawn = np.array(sorted(taken), np.int32)
    return np.setdiff1d(np.arange(len(labels), dtype=np.int32), drawn), drawn
