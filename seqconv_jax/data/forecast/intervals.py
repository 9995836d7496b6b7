"""Intervals as tables: how often they hold, and beside forecasts in the unit."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from seqconv_jax.data.forecast.task import ForecastTask

__all__ = ["coverage_tables", "interval_table", "with_intervals"]


def interval_table(
    task: "ForecastTask", rows: np.ndarray, ends: np.ndarray
) -> "pd.DataFrame":
    """Return how often the truth lies inside, a row for each target and step.

    Args:
        task: the task.
        rows: `(n,)`.
        ends: `(n, steps, targets, 2)` lower and upper ends in the unit.

    Returns:
        Columns `target`, `unit`, `step`, `ahead`, `coverage` and `width`.
    """
    import pandas as pd

    actual = task.actual(rows).reshape(ends.shape[:-1])
    low, high = ends[..., 0], ends[..., 1]
    coverage = ((low <= actual) & (actual <= high)).mean(axis=0)
    width = (high - low).mean(axis=0)
    steps, targets = coverage.shape
    return pd.DataFrame(
        {
            "target": np.repeat(task.target_columns, steps),
            "unit": np.repeat(task.units, steps),
            "step": np.tile(np.arange(1, steps + 1), targets),
            "ahead": np.tile(task.ahead, targets),
            "coverage": coverage.T.reshape(-1),
            "width": width.T.reshape(-1),
        }
    )


def coverage_tables(
    task: "ForecastTask", rows: np.ndarray, ends: Mapping[str, np.ndarray]
) -> "pd.DataFrame":
    """Return `interval_table` of each interval, one below the other.

    Args:
        task: the task.
        rows: `(n,)`.
        ends: `(n, steps, targets, 2)` by the name of the interval, the first column.
    """
    import pandas as pd

    tables = []
    for name, each in ends.items():
        table = interval_table(task, rows, each)
        table.insert(0, "interval", name)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def with_intervals(
    table: "pd.DataFrame", task: "ForecastTask", ends: np.ndarray, name: str
) -> "pd.DataFrame":
    """Return the table of `answer_table` with two columns more for each target.

    Args:
        table: a row for each window and step.
        task: the task.
        ends: `(n, steps, targets, 2)` in the unit, windows in the table's order.
        name: what to call the interval, such as "90%".
    """
    flat = ends.reshape(len(table), len(task.target_columns), 2)
    columns = {
        f"{target} {name} {end}": flat[:, place, index]
        for place, target in enumerate(task.target_columns)
        for index, end in enumerate(("low", "high"))
    }
    return table.assign(**columns)
