"""Tables of intervals: how often they hold, and beside forecasts in the unit."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from seqconv_jax.data.forecast.task import ForecastTask

__all__ = ["interval_table", "joined_tables", "with_intervals"]


def interval_table(
    task: "ForecastTask", rates: np.ndarray, widths: np.ndarray
) -> "pd.DataFrame":
    """Return a row for each target and step.

    Args:
        task: the task, for names, units and steps.
        rates: `(steps, targets)` how often the truth lies inside.
        widths: `(steps, targets)` the mean ones, in the unit.

    Returns:
        Columns `target`, `unit`, `step`, `ahead`, `coverage` and `width`.
    """
    import pandas as pd

    steps, targets = rates.shape
    return pd.DataFrame(
        {
            "target": np.repeat(task.target_columns, steps),
            "unit": np.repeat(task.units, steps),
            "step": np.tile(np.arange(1, steps + 1), targets),
            "ahead": np.tile(task.ahead, targets),
            "coverage": rates.T.reshape(-1),
            "width": widths.T.reshape(-1),
        }
    )


def joined_tables(tables: "Mapping[str, pd.DataFrame]") -> "pd.DataFrame":
    """Return tables of intervals one below the other, their names as first column."""
    import pandas as pd

    named = []
    for name, table in tables.items():
        table = table.copy()
        table.insert(0, "interval", name)
        named.append(table)
    return pd.concat(named, ignore_index=True)


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
