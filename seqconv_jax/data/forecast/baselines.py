"""What anybody forecasts without a model: the last value, a line, the last season."""

from typing import TYPE_CHECKING, Literal

import numpy as np

from seqconv_jax._checks import UserError, one_of

if TYPE_CHECKING:
    from seqconv_jax.data.forecast.task import ForecastTask

__all__ = ["KINDS", "Baseline", "baseline_values", "has_season"]

Baseline = Literal["last", "drift", "seasonal"]
KINDS = ("last", "drift", "seasonal")


def baseline_values(
    task: "ForecastTask", rows: np.ndarray, kind: Baseline
) -> np.ndarray:
    r"""Return what a baseline forecasts, standardised.

    With $z_t$ the newest observed value and $h$ rows ahead of it:

    - last: $z_t$;
    - drift: $z_t + h \, (z_t - z_s) / (t - s)$, $s$ the oldest input of the window;
    - seasonal: $z_{t + h - km}$, $m$ the rows of a season, $k = \lceil h / m \rceil$:
      the last season that is known at $t$, for steps beyond one season as well.

    Args:
        task: the task.
        rows: `(n,)` checked rows.
        kind: one of `KINDS`.

    Returns:
        `(n, steps, targets)` float64.

    Raises:
        UserError: for a season that is not known, or that begins before a series does.

    Reference: R. Hyndman and G. Athanasopoulos, *Forecasting: Principles and Practice*,
    section 5.2.
    """
    one_of("kind", kind, KINDS)
    ahead, last = task.ahead_rows, task.last.astype(np.float64)
    now = last[rows][:, None]
    if kind == "last":
        return np.repeat(now, len(ahead), axis=1)
    newest = int(task.past_offsets[-1])
    if kind == "drift":
        span = newest - int(task.past_offsets[0])
        slope = (now - last[rows - span][:, None]) / max(span, 1)
        return now + slope * ahead[:, None]
    if task.season is None:
        raise UserError(
            "`season` must be given for kind='seasonal': none follows from the sampling"
        )
    if not has_season(task, rows):
        raise UserError(
            f"`rows` must be rows with a season of {task.season:,} rows before them, "
            f"got {_without(task, rows):,} of {len(rows):,} without"
        )
    # the newest input of row `r` is row `r + newest`, whose value is `last[r]`
    return last[rows[:, None] + _seasons_back(task)]


def has_season(task: "ForecastTask", rows: np.ndarray) -> bool:
    """Return whether every row has a season's values before it."""
    return task.season is not None and _without(task, rows) == 0


def _without(task: "ForecastTask", rows: np.ndarray) -> int:
    oldest = rows + int(_seasons_back(task).min()) + int(task.past_offsets[-1])
    return int((oldest < task.starts[task.series_of(rows)]).sum())


def _seasons_back(task: "ForecastTask") -> np.ndarray:
    season = task.season or 1
    return task.ahead_rows - -(-task.ahead_rows // season) * season
