"""Intervals of a forecasting experiment: calibrated, kept, and counted on test."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from _cli import STAND_IN_NOTE

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from seqconv_jax.data import ForecastTask


def set_aside(
    settings: Any, task: "ForecastTask"
) -> "tuple[ForecastTask, np.ndarray | None]":
    """Return the task, and rows to calibrate on that are then not validated on."""
    if not settings.level:
        return task, None
    from seqconv_jax import conformal

    less, rows = conformal.hold_out(task, share=0.5)
    for level in settings.level:  # raises before anything is trained
        conformal.conformal_rank(len(rows), level)
    return less, rows


@dataclass(frozen=True)
class Held:
    """How often intervals held.

    Attributes:
        table: what `runs.coverage` found on the test rows; None for no intervals.
        count: the windows that they were calibrated on.
    """

    table: "pd.DataFrame | None" = None
    count: int = 0

    def summary(self) -> dict[str, Any]:
        """Return what the run's summary says of them."""
        if self.table is None:
            return {}
        means: Any = self.table.groupby("interval")["coverage"].mean()
        return {
            "test_coverage": means.to_dict(),
            "calibration_windows": self.count,
            "intervals": self.table.to_dict("records"),
        }

    def lines(self) -> list[str]:
        """Return a line for each interval and target."""
        if self.table is None:
            return []
        lines = ["", f"intervals, calibrated on {self.count:,} windows; on test:"]
        groups: Any = self.table.groupby(["interval", "target"], sort=False)
        for (interval, target), one in groups:
            rates = one["coverage"]
            lines.append(
                f"  {interval} of {target}: {rates.mean():.1%} inside "
                f"({rates.min():.1%} to {rates.max():.1%} by step ahead), mean width "
                f"{one['width'].mean():.4g} {one['unit'].iloc[0]}".rstrip()
            )
        return lines


def keep_intervals(
    settings: Any, run: Any, task: "ForecastTask", rows: "np.ndarray | None"
) -> Held:
    """Calibrate the run on rows, keep the intervals in it, and count them on test."""
    if rows is None:
        return Held()
    from seqconv_jax import runs

    predictor = runs.load(run.path)
    runs.calibrate(predictor, task, rows=rows, level=settings.level)
    table = runs.coverage(predictor, task)
    _draw(run.path, task, table, settings.level)
    return Held(table, len(rows))


def _draw(path: Any, task: "ForecastTask", table: Any, levels: Any) -> None:
    """Draw the highest level of the first target."""
    from seqconv_jax import plots

    level = max(levels)
    shown = table[table["interval"] == f"{100 * level:g}%"]
    name, unit = task.target_columns[0], task.units[0] or "in its unit"
    one = shown[shown["target"] == name]
    plots.coverage(
        {name: (one["coverage"], one["width"])},
        path / "coverage.png",
        ahead=list(task.ahead),
        level=level,
        unit=unit,
        title=f"{name}, intervals of {level:.0%} on the test set",
        note=STAND_IN_NOTE if task.data_source == "generated" else "",
    )
