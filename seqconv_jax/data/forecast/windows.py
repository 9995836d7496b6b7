"""Which rows make a window: offsets, the rows of each split, windows over gaps.

The window of row `r` reads `r + offsets` and forecasts rows `r + target_offsets`. All
rows are 0-based; nothing here touches a value.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqconv_jax._checks import UserError, non_negative_int, positive_int

__all__ = ["Split", "Window", "rows_by_targets", "spans_gap", "splits"]


@dataclass(frozen=True, kw_only=True)
class Window:
    """The shape of a window, in rows.

    Attributes:
        lookback: how far back the oldest input lies from the row.
        every: the distance between two inputs.
        delay: how far ahead of the row the target lies, the first of them.
        exact: whether the newest input is the row itself. Otherwise inputs are
            `range(r - lookback, r, every)`, so the newest lies up to `every` rows
            before the row and the real horizon is longer than `delay`.
        steps: how many rows are forecast at once.
        step: the distance between two of them.
    """

    lookback: int
    every: int
    delay: int
    exact: bool = False
    steps: int = 1
    step: int = 1

    def __post_init__(self) -> None:
        """Raise for what makes no window."""
        positive_int("lookback", self.lookback)
        positive_int("every", self.every)
        non_negative_int("delay", self.delay)
        positive_int("steps", self.steps)
        positive_int("step", self.step)
        if self.every > self.lookback:
            raise UserError(
                f"`every` must be at most `lookback` ({self.lookback} rows), got "
                f"{self.every} rows"
            )
        if self.exact and self.delay == 0:
            raise UserError(
                "`delay` must be at least 1 with exact_horizon=True, got 0: the target "
                "would be the newest input"
            )

    @property
    def offsets(self) -> np.ndarray:
        """Return `(length,)` int32, oldest first: `ceil(lookback / every)` inputs.

        >>> Window(lookback=7, every=3, delay=1).offsets.tolist()
        [-7, -4, -1]
        >>> Window(lookback=7, every=3, delay=1, exact=True).offsets.tolist()
        [-6, -3, 0]
        """
        offsets = np.arange(-self.lookback, 0, self.every, dtype=np.int32)
        return offsets - offsets[-1] if self.exact else offsets

    @property
    def target_offsets(self) -> np.ndarray:
        """Return `(steps,)` int32, the next step first.

        >>> Window(lookback=7, every=3, delay=1, steps=3, step=2).target_offsets
        array([1, 3, 5], dtype=int32)
        """
        return np.int32(self.delay) + self.step * np.arange(self.steps, dtype=np.int32)

    @property
    def newest(self) -> int:
        """The offset of the newest input, at most 0."""
        return int(self.offsets[-1])

    @property
    def reach(self) -> int:
        """The offset of the last target."""
        return int(self.target_offsets[-1])

    @property
    def horizon(self) -> int:
        """The rows from the newest input to the last target: the real horizon."""
        return self.reach - self.newest


@dataclass(frozen=True)
class Split:
    """The rows of one split: windows of rows `start + lookback` to `stop - 1`.

    Attributes:
        name: "train", "validation" or "test".
        start: the first row that the split may read.
        stop: one past the last window's row.
        reach: one past the last row that the split's targets may be.
    """

    name: str
    start: int
    stop: int
    reach: int

    def rows(self, lookback: int) -> np.ndarray:
        """Return `(n,)` int32, in order of time."""
        return np.arange(self.start + lookback, self.stop, dtype=np.int32)


def splits(
    length: int,
    cuts: tuple[int, int],
    window: Window,
    purge: int = 0,
    check: bool = True,
) -> tuple[Split, Split, Split]:
    r"""Return the train, validation and test split of a series.

    With `cuts = (a, b)` and `n` rows, the rows of the windows are the book's

    - train: `range(lookback, a)`
    - validation: `range(a + 1 + lookback, b)`
    - test: `range(b + 1 + lookback, n - delay - 1)`

    where `delay` is the distance to the last target if there are several,

    so that no split's inputs reach into the split before it. Targets do reach into the
    next one: the last train target is row `a - 1 + delay`, which validation reads.

    With `purge = p > 0`, train and validation windows whose target would come that
    near are left out: `r + delay < a + 1 - p` for train and `r + delay < b + 1 - p`
    for validation. Every row that one split reads, as input or as target, then lies
    before every row that a later split reads, with `p` rows or more between
    that neither reads.

    Args:
        length: the rows of the series.
        cuts: `(a, b)`.
        window: the window.
        purge: unread rows between two splits; 0 for the book's rows.
        check: whether a split without a window is an error.

    Raises:
        UserError: for a split that holds no window, with the rows it would need.

    Example:
        >>> window = Window(lookback=6, every=2, delay=3)
        >>> [part.rows(6)[[0, -1]].tolist() for part in splits(60, (20, 40), window)]
        [[6, 19], [27, 39], [47, 55]]
    """
    first, second = cuts
    delay = window.reach
    shortest = window.lookback + delay + 1
    if check and length < shortest:
        raise UserError(
            f"the series has {length} rows; one window needs at least lookback + delay "
            f"+ 1 = {window.lookback} + {delay} + 1 = {shortest} rows"
        )
    parts = []
    for name, start, cut in (("train", 0, first), ("validation", first + 1, second)):
        stop = min(cut, cut + 1 - purge - delay) if purge else cut
        parts.append(Split(name, start, stop, stop + delay))
    last = length - delay - 1
    parts.append(Split("test", second + 1, last, length - 1))
    for part in parts if check else ():
        _check_split(part, window, bool(purge) or part.name == "test")
    return parts[0], parts[1], parts[2]


def rows_by_targets(
    length: int, cuts: tuple[int, int], window: Window
) -> dict[str, np.ndarray]:
    r"""Return the rows of windows by the split that all their targets lie in.

    With `cuts = (a, b)` and `n` rows, train's targets lie in `range(a)`, validation's
    in `range(a, b)` and test's in `range(b, n)`. Inputs may look back into the split
    before, as they do in use: what was forecast then is known by now.

    Args:
        length: the rows of the series.
        cuts: `(a, b)`.
        window: the window.

    Returns:
        `(n,)` int32 by "train", "validation" and "test", which may be empty.

    Example:
        >>> window = Window(lookback=3, every=1, delay=1, exact=True, steps=2)
        >>> rows = rows_by_targets(14, (6, 10), window)
        >>> {name: each.tolist() for name, each in rows.items()}
        {'train': [2, 3], 'validation': [5, 6, 7], 'test': [9, 10, 11]}
    """
    oldest, found = -int(window.offsets[0]), {}
    limits = (0, *cuts, length)
    for name, start, stop in zip(
        ("train", "validation", "test"), limits, limits[1:], strict=False
    ):
        first = max(start - window.delay, oldest)
        found[name] = np.arange(first, max(stop - window.reach, first), dtype=np.int32)
    return found


def _check_split(part: Split, window: Window, own_targets: bool) -> None:
    """Raise if the split holds no window.

    Args:
        part: the split.
        window: the window.
        own_targets: whether the targets must lie inside the split as well.
    """
    if part.start + window.lookback < part.stop:
        return
    end = part.reach if own_targets else part.stop
    need = window.lookback + 1 + (window.reach if own_targets else 0)
    terms = "lookback + delay + 1" if own_targets else "lookback + 1"
    raise UserError(
        f"`split` leaves the {part.name} split {max(end - part.start, 0):,} rows (from "
        f"row {part.start:,}); one window needs at least {terms} = {need:,} rows "
        f"(lookback {window.lookback:,}, delay {window.reach:,})"
    )


def spans_gap(
    rows: np.ndarray, window: Window, gaps: Sequence[int] | np.ndarray, length: int
) -> np.ndarray:
    """Return `(n,)` bool: whether a gap lies between first input and last target.

    Args:
        rows: `(n,)` rows of windows.
        window: the window.
        gaps: rows that do not follow the row before them as they should.
        length: the rows of the series.
    """
    if not len(gaps):
        return np.zeros(len(rows), bool)
    gaps, rows = np.sort(np.asarray(gaps, np.int64)), np.asarray(rows, np.int64)
    first, last = rows + int(window.offsets[0]), rows + window.reach
    return np.searchsorted(gaps, last, "right") > np.searchsorted(gaps, first, "right")
