"""The errors of a backtest: of each fold, of each step ahead, and over all folds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seqconv_jax.backtesting.folds import Fold
from seqconv_jax.comparison.intervals import mean_spread

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Backtest"]


@dataclass(frozen=True, eq=False)
class Backtest:
    """What `backtest` found; `print` it.

    Attributes:
        table: a row for each fold, forecaster, seed, target and step ahead: `fold`
            (from 1), `name` (`model`, or a baseline), `seed` (-1 for none), `windows`,
            and the columns of `ForecastTask.errors`; with a `level` also `inside`, how
            often the intervals hold, and `width`, in the unit.
        folds: the rows of each fold.
        confidence: of the intervals in `summary`.
        left_out: by the name of a baseline, why it is not there.
    """

    table: "pd.DataFrame" = field(repr=False)
    folds: tuple[Fold, ...] = field(repr=False)
    confidence: float = 0.95
    left_out: Mapping[str, str] = field(default_factory=dict)

    def by_fold(self, metric: str = "mae") -> "pd.DataFrame":
        """Return a row for each target and fold, a column for each forecaster.

        Args:
            metric: "mae" or "rmse", in the unit; of quantiles "pinball" or "coverage";
                with a `level` "inside" or "width". Means over steps and seeds.
        """
        return self._pivot(["target", "unit", "fold", "windows"], metric)

    def by_step(self, metric: str = "mae") -> "pd.DataFrame":
        """Return a row for each target and step ahead: means over folds and seeds."""
        return self._pivot(["target", "unit", "step", "ahead"], metric)

    def summary(self, metric: str = "mae") -> "pd.DataFrame":
        """Return a row for each target and forecaster, over all folds.

        Returns:
            `target`, `unit`, `name`; `mean`, and `low` and `high`, its interval by
            Student's t with the folds as units (NaN for one fold); and `wins`, the
            folds in which the model has less of the metric than a baseline. Errors of
            neighbouring folds are alike, and an expanding window trains on the same
            rows again, so the interval is the least that is not known.
        """
        import pandas as pd

        folds, rows = self.by_fold(metric), []
        groups: Any = folds.groupby(["target", "unit"], sort=False)
        names = [name for name in dict.fromkeys(self.table["name"]) if name in folds]
        for (target, unit), one in groups:
            for name in names:
                values = one[name].to_numpy()
                spread = mean_spread(values, confidence=self.confidence)
                interval = None if spread is None else spread.interval
                rows.append(
                    {
                        "target": target,
                        "unit": unit,
                        "name": name,
                        "mean": values.mean(),
                        "low": float("nan") if interval is None else interval.low,
                        "high": float("nan") if interval is None else interval.high,
                        "wins": int((one["model"].to_numpy() < values).sum()),
                    }
                )
        return pd.DataFrame(rows)

    def __str__(self) -> str:
        """Return the mean absolute errors, in words."""
        folds = len(self.folds)
        lines = [f"mean absolute error over {folds} fold{'s' * (folds != 1)}"]
        found = self.summary()
        width = max(map(len, found["name"]))
        for row in found.to_dict("records"):
            if row["name"] == "model":
                lines.append(f"{row['target']}, {row['unit'] or 'in its unit'}:")
            half = row["high"] - row["mean"]
            spread = "" if half != half else f" ± {half:.4g}"
            won = f"model is better in {row['wins']} of {folds}"
            more = "" if row["name"] == "model" else f"  ({won})"
            lines.append(f"  {row['name']:<{width}}  {row['mean']:.4g}{spread}{more}")
        lines += [f"no {name}: {why}" for name, why in self.left_out.items()]
        return "\n".join(lines)

    def _pivot(self, index: list[str], metric: str) -> "pd.DataFrame":
        found = self.table.pivot_table(
            index=index, columns="name", values=metric, aggfunc="mean", sort=False
        )
        found.columns.name = None
        return found.reset_index()
