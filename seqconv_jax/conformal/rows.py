"""Which rows to calibrate on: no target of theirs was trained on, or is tested."""

from typing import TYPE_CHECKING

import numpy as np

from seqconv_jax._checks import UserError, at_most_one, non_negative_int
from seqconv_jax.data.forecast.rows import with_rows

if TYPE_CHECKING:
    from seqconv_jax.data.forecast.task import ForecastTask

__all__ = ["calibration_rows", "hold_out"]


def calibration_rows(task: "ForecastTask", *, purge: int = 0) -> np.ndarray:
    """Return the validation rows whose targets are neither trained on nor tested.

    The task of the book lets the targets of one split reach into the next; windows for
    which that is so are left out. Where validation has chosen the epoch as well, the
    intervals are a little too narrow: `hold_out` avoids that.

    Args:
        task: the task.
        purge: how many rows more are to lie between targets of two parts.

    Returns:
        `(n,)`, in order.

    Raises:
        UserError: if none are left.

    Example:
        >>> from seqconv_jax.data import Series, forecast_task
        >>> ramp = Series(values=np.arange(60.0)[:, None], columns=("level",))
        >>> options = {"target": "level", "lookback": 2, "split": (20, 40)}
        >>> book = forecast_task(ramp, delay=6, **options)
        >>> int(book.train[-1]) + 6, book.validation[[0, -1]].tolist()
        (25, [23, 39])
        >>> calibration_rows(book)[[0, -1]].tolist(), int(book.test[0]) + 6
        ([23, 39], 49)
        >>> calibration_rows(book, purge=5)[[0, -1]].tolist()
        [25, 37]
    """
    non_negative_int("purge", purge)
    first, last = _target_offsets(task)
    kept = []
    for one in range(len(task.starts)):
        rows, trained, tested = (
            _of_series(task, each, one)
            for each in (task.validation, task.train, task.test)
        )
        after = (trained + last).max(initial=-1) + purge
        before = (tested + first).min(initial=len(task.targets) + purge) - purge
        kept.append(rows[(rows + first > after) & (rows + last < before)])
    found = np.concatenate(kept)
    if not len(found):
        raise UserError(
            "`task` has no validation row to calibrate on whose targets are neither "
            "trained on nor tested; give it more validation rows"
        )
    return found


def hold_out(
    task: "ForecastTask", *, share: float = 0.5, purge: int = 0
) -> tuple["ForecastTask", np.ndarray]:
    """Return a task that validates on less, and the rows to calibrate on instead.

    The latest part of validation is set aside, of each series; what is left chooses the
    epoch, without the windows that have a target in common with those.

    Args:
        task: the task.
        share: the share of the validation rows to calibrate on, in (0, 1).
        purge: how many rows more are to lie between targets of two parts.

    Raises:
        UserError: if none are left for one of the two.

    Example:
        >>> from seqconv_jax.data import Series, forecast_task
        >>> ramp = Series(values=np.arange(60.0)[:, None], columns=("level",))
        >>> task = forecast_task(
        ...     ramp, target="level", lookback=2, horizon=3, split=(20, 40)
        ... )
        >>> less, rows = hold_out(task, share=0.5)
        >>> task.validation[[0, -1]].tolist(), less.validation[[0, -1]].tolist()
        ([19, 36], [19, 25])
        >>> rows[[0, -1]].tolist()
        [28, 36]
    """
    at_most_one("share", share, zero=False)
    first, last = _target_offsets(task)
    usable = calibration_rows(task, purge=purge)
    chosen, kept = [], []
    for one in range(len(task.starts)):
        rows, own = (_of_series(task, each, one) for each in (usable, task.validation))
        part = rows[len(rows) - round(share * len(rows)) :]
        end = part[0] + first - purge if len(part) else len(task.targets)
        kept.append(part)
        chosen.append(own[own + last < end])
    left, set_aside = np.concatenate(chosen), np.concatenate(kept)
    for found, what in ((left, "to choose the epoch by"), (set_aside, "to calibrate")):
        if not len(found):
            raise UserError(
                f"`share` = {share:g} of {len(task.validation):,} validation rows "
                f"leaves none {what}; give the task more of them, or another share"
            )
    return with_rows(task, validation=left), set_aside


def _target_offsets(task: "ForecastTask") -> tuple[int, int]:
    """Return how far from a row its first and its last target lie."""
    newest = int(task.past_offsets[-1])
    return newest + int(task.ahead_rows[0]), newest + int(task.ahead_rows[-1])


def _of_series(task: "ForecastTask", rows: np.ndarray, one: int) -> np.ndarray:
    return rows[task.series_of(rows) == one].astype(np.int64)
