"""The rows of each split, of one series or several, and those over gaps in time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError, non_negative_int
from seqconv_jax.data.forecast.cuts import cut_rows
from seqconv_jax.data.forecast.panel import Panel
from seqconv_jax.data.forecast.windows import (
    Window,
    rows_by_targets,
    spans_gap,
    splits,
)
from seqconv_jax.data.series.series import Series

__all__ = ["Parts", "split_panel"]

_SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Parts:
    """The rows of each split, and how many windows span a gap and are dropped.

    Attributes:
        rows: `(n,)` int32 by split.
        spanning: by split; empty where the sampling is not regular.
        dropped: by split.
    """

    rows: Mapping[str, np.ndarray]
    spanning: Mapping[str, int]
    dropped: Mapping[str, int]


def split_panel(
    panel: Panel, split: Sequence[Any], window: Window, purge: int | None, gaps: str
) -> tuple[list[int], Parts]:
    """Return the first cut of each series, and the rows of each split of all.

    Args:
        panel: the series.
        split: two cut points, see `cuts.cut_rows`.
        window: the window.
        purge: unread rows between two splits, see `windows.splits`; None to split by
            the targets.
        gaps: "keep" or "drop".

    Raises:
        UserError: for cut points that are none, and a split that holds no window.
    """
    if purge is not None:
        non_negative_int("purge", purge)
    if gaps == "drop" and not panel.regular:
        raise UserError(
            f"gaps='drop' needs a regular sampling, which {panel.name} does not have"
        )
    alone, cuts, found = len(panel.series) == 1, [], []
    for index, one in enumerate(panel.series):
        with panel.naming(index):
            at = cut_rows(split, one, inside=alone)
            rows = _rows_of(len(one.values), at, window, purge, alone)
            found.append(_at_gaps(rows, one, window, gaps, panel.regular))
        cuts.append(at[0])
    return cuts, _joined(panel, found, gaps)


def _rows_of(
    length: int, cuts: tuple[int, int], window: Window, purge: int | None, alone: bool
) -> dict[str, np.ndarray]:
    """Return the rows of one series by split; of one among several they may be none."""
    if purge is None:
        rows = rows_by_targets(length, cuts, window)
        if alone:
            _expect_windows(rows, length, cuts, window)
        return rows
    parts = splits(length, cuts, window, purge, check=alone)
    return {part.name: part.rows(window.lookback) for part in parts}


def _expect_windows(
    rows: dict[str, np.ndarray], length: int, cuts: tuple[int, int], window: Window
) -> None:
    limits = (0, *cuts, length)
    for index, name in enumerate(_SPLITS):
        if len(rows[name]):
            continue
        span, before = window.reach - window.delay + 1, window.delay - window.offsets[0]
        raise UserError(
            f"`split` leaves no {name} window in rows {limits[index]:,} to "
            f"{limits[index + 1] - 1:,} of {length:,}: one needs {span:,} rows of "
            f"targets there and {before:,} rows before them (lookback "
            f"{window.lookback:,}, horizon {window.horizon:,})"
        )


def _at_gaps(
    rows: dict[str, np.ndarray], one: Series, window: Window, gaps: str, regular: bool
) -> Parts:
    """Return the rows to use of one series.

    Where the sampling is not regular, nobody can tell what spans a gap: no counts.
    """
    spanning, dropped = {}, dict.fromkeys(rows, 0)
    if not regular:
        return Parts(rows, spanning, dropped)
    for name, split_rows in rows.items():
        broken = spans_gap(split_rows, window, one.gaps, len(one.values))
        spanning[name] = int(broken.sum())
        if gaps == "drop":
            dropped[name] = spanning[name]
            rows = {**rows, name: split_rows[~broken]}
    return Parts(rows, spanning, dropped)


def _joined(panel: Panel, found: list[Parts], gaps: str) -> Parts:
    joined = {
        name: np.concatenate(
            [
                part.rows[name] + start
                for part, start in zip(found, panel.starts, strict=True)
            ]
        ).astype(np.int32)
        for name in _SPLITS
    }
    dropped = {name: sum(part.dropped[name] for part in found) for name in _SPLITS}
    for name, rows in joined.items():
        if len(rows):
            continue
        if dropped[name]:
            raise UserError(
                f"gaps='drop' leaves no {name} window of {panel.name}: all "
                f"{dropped[name]:,} cross a gap in time"
            )
        raise UserError(
            f"`split` leaves no {name} window in any of {len(panel.series):,} series; "
            "give other cut points, or a shorter `lookback` or `horizon`"
        )
    names = _SPLITS if all(part.spanning for part in found) else ()
    spanning = {name: sum(part.spanning[name] for part in found) for name in names}
    return Parts(joined, spanning, dropped)
