"""What anybody forecasts without a model, as baselines."""

from typing import NamedTuple

import numpy as np

from seqconv_jax.data.forecast.baselines import Baseline as Kind
from seqconv_jax.data.forecast.task import ForecastTask

__all__ = ["Naive", "drift", "last_value", "seasonal_naive"]


class Naive(NamedTuple):
    """A rule of `ForecastTask.naive`: nothing is fitted.

    Attributes:
        kind: "last", "drift" or "seasonal".
    """

    kind: Kind

    def outputs(self, task: ForecastTask, rows: np.ndarray) -> np.ndarray:
        """Return `(n, outputs)` float64; see `contract.Baseline`.

        Raises:
            UserError: for a season that is not known, or less than one before a row.
        """
        return task.naive(rows, self.kind)


def last_value(task: ForecastTask) -> Naive:
    """Return "it stays as it was last observed".

    Example:
        >>> from seqconv_jax.data import Series, forecast_task
        >>> ramp = Series(values=np.arange(60.0)[:, None], columns=("level (m)",))
        >>> task = forecast_task(
        ...     ramp, target="level (m)", lookback=6, horizon=2, split=(20, 40)
        ... )
        >>> rows = task.test[:1]
        >>> task.restore(rows, last_value(task).outputs(task, rows))[0, :, 0].round(3)
        array([39., 39.])
        >>> task.restore(rows, drift(task).outputs(task, rows))[0, :, 0].round(3)
        array([40., 41.])
    """
    return _checked(task, "last")


def drift(task: ForecastTask) -> Naive:
    """Return "the line through the oldest and the newest input goes on"."""
    return _checked(task, "drift")


def seasonal_naive(task: ForecastTask) -> Naive:
    """Return "it is as it was a season ago", a day ago for samplings below it.

    Raises:
        UserError: for a season that is not known, or less than one before a row.
    """
    return _checked(task, "seasonal")


def _checked(task: ForecastTask, kind: Kind) -> Naive:
    task.naive(task.train[-1:], kind)
    return Naive(kind)
