"""The errors of forecasts in the unit, for each target and each step ahead."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from seqconv_jax.data.forecast.task import ForecastTask

__all__ = ["error_table", "middle_quantile", "pinball"]


def error_table(
    task: "ForecastTask",
    actual: np.ndarray,
    forecast: np.ndarray,
    quantiles: Sequence[float] | None,
) -> "pd.DataFrame":
    """Return a row for each target and step.

    Args:
        task: the task, for names, units and steps.
        actual: `(n, steps, targets)` in the unit.
        forecast: the same, or with a last axis of quantiles.
        quantiles: which; None for one forecast each.
    """
    import pandas as pd

    columns: dict[str, np.ndarray] = {}
    middle = forecast
    if quantiles is not None:
        middle = forecast[..., middle_quantile(quantiles)]
    difference = middle - actual
    columns["mae"] = np.abs(difference).mean(axis=0)
    columns["rmse"] = np.sqrt(np.square(difference).mean(axis=0))
    if quantiles is not None:
        columns["pinball"] = pinball(actual, forecast, quantiles).mean(axis=(0, -1))
        inside = (forecast.min(axis=-1) <= actual) & (actual <= forecast.max(axis=-1))
        columns["coverage"] = inside.mean(axis=0)
    steps, targets = len(task.ahead), len(task.target_columns)
    return pd.DataFrame(
        {
            "target": np.repeat(task.target_columns, steps),
            "unit": np.repeat(task.units, steps),
            "step": np.tile(np.arange(1, steps + 1), targets),
            "ahead": np.tile(task.ahead, targets),
            # targets are the slower axis of the table, the faster one of outputs
            **{name: values.T.reshape(-1) for name, values in columns.items()},
        }
    )


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantiles: Sequence[float]
) -> np.ndarray:
    r"""Return $\max(q d, (q - 1) d)$ with $d = y - \hat y$ for each quantile $q$.

    Args:
        actual: `(...)`.
        forecast: `(..., quantiles)`.
        quantiles: in (0, 1).
    """
    levels = np.asarray(quantiles, np.float64)
    difference = actual[..., None] - forecast
    return np.maximum(levels * difference, (levels - 1) * difference)


def middle_quantile(quantiles: Sequence[float]) -> int:
    """Return the place of the quantile that is nearest to the median."""
    return int(np.argmin(np.abs(np.asarray(quantiles, np.float64) - 0.5)))
