"""Forecasts as a table: times, steps, and values in the unit."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from seqconv_jax.data.forecast.errors import middle_quantile

if TYPE_CHECKING:
    import pandas as pd

    from seqconv_jax.data.forecast.task import ForecastTask

__all__ = ["answer_table"]


def answer_table(
    task: "ForecastTask",
    rows: np.ndarray,
    outputs: Any,
    quantiles: Sequence[float] | None,
) -> "pd.DataFrame":
    """Return a row for each window and step ahead.

    Args:
        task: the task.
        rows: `(n,)` the windows.
        outputs: `(n, outputs)`, with quantiles `(n, outputs * quantiles)`.
        quantiles: which, or None.

    Returns:
        See `ForecastPreprocessor.answers`.
    """
    import pandas as pd

    rows = np.asarray(rows, np.int64)
    values = task.restore(rows, outputs, quantiles)
    shape = (len(rows), task.steps, len(task.target_columns), -1)
    values = values.reshape(shape)
    window = np.repeat(np.arange(len(rows)), task.steps)
    ahead = np.tile(task.ahead_rows, len(rows))
    at = rows[window] + int(task.past_offsets[-1]) + ahead
    columns: dict[str, Any] = {}
    series = task.series_of(rows)[window]
    if task.series_names != ("",):
        columns["series"] = np.array(task.series_names, object)[series]
    if task.times is None:
        columns["row"] = at - task.starts[series]
    else:
        times = pd.DatetimeIndex(task.times[at])
        columns["time"] = times.tz_localize("UTC") if task.utc else times
    columns["step"] = np.tile(np.arange(1, task.steps + 1), len(rows))
    columns["ahead"] = np.tile(np.array(task.ahead, object), len(rows))
    for place, name in enumerate(task.target_columns):
        of_target = values[:, :, place].reshape(len(window), -1)
        middle = 0 if quantiles is None else middle_quantile(quantiles)
        columns[name] = of_target[:, middle]
        for index, level in enumerate(quantiles or ()):
            columns[f"{name} q{level:g}"] = of_target[:, index]
    return pd.DataFrame(columns)
