"""Running a backtest: fit on each fold, or once, and score behind it."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seqconv_jax._checks import UserError, flag
from seqconv_jax.backtesting.folds import rolling_folds
from seqconv_jax.backtesting.forecasters import (
    BASELINES,
    FitFold,
    baselines_of,
    fitters_of,
    outputs_of,
)
from seqconv_jax.backtesting.result import Backtest
from seqconv_jax.backtesting.tasks import Given, fold_task, later_task, time_axis
from seqconv_jax.comparison.intervals import check_confidence
from seqconv_jax.conformal import Intervals, calibrate
from seqconv_jax.data.forecast.panel import panel_of
from seqconv_jax.data.series.durations import Duration

if TYPE_CHECKING:
    import pandas as pd

    from seqconv_jax.data.forecast.task import ForecastTask

__all__ = ["backtest"]

MODEL = "model"


def backtest(
    series: Given,
    forecaster: FitFold | Any,
    *,
    test: Duration,
    validation: Duration | None = None,
    folds: int = 5,
    stride: Duration | None = None,
    train: Duration | None = None,
    gap: Duration = 0,
    refit: bool = True,
    fit: Mapping[str, Any] | None = None,
    seeds: Sequence[int] = (0,),
    baselines: Sequence[str] | Mapping[str, FitFold] = BASELINES,
    quantiles: Sequence[float] | None = None,
    level: float | None = None,
    confidence: float = 0.95,
    **options: Any,
) -> Backtest:
    """Score a forecaster as it would have done in the past, again and again.

    The origin moves on from fold to fold. In each, the forecaster is fitted on a task
    of its own, whose scales come from its training rows and which ends with its test
    rows, so that nothing later can have a part in it; a target of training or
    validation is none of testing. Beside it stand baselines, fitted alike.

    Args:
        series: a series, or several by name.
        forecaster: a function that fits: it takes the task of a fold and returns
            something with `outputs(task, rows)`, as `baselines.ridge_lags` and the
            others of `baselines` do, a `runs.Predictor`, or a function of a task and
            rows. Or a Flax module, with `fit`.
        test: rows to test on in each fold, or a duration such as "30d".
        validation: rows before those that choose an epoch or a penalty; None for as
            many as `test`.
        folds: how many; the last ends with the series.
        stride: how far the origin moves from fold to fold; None for `test`.
        train: how much to train on, a sliding window; None for all that lies before,
            an expanding one.
        gap: rows between two parts that are in neither.
        refit: whether each fold is fitted, or only the first, whose forecaster, scales
            included, is then used in all.
        fit: of a module, the options of `train.fit`: optimiser, loss, epochs.
        seeds: of a module, a training for each, whose errors are averaged.
        baselines: names among "last", "drift", "seasonal" and "ridge" (on lags), or
            functions like `forecaster` by name. One that does not exist in every fold
            is left out, and said to be.
        quantiles: which the forecaster puts out, if it does; not the baselines.
        level: that of split-conformal intervals, calibrated on the validation rows of
            each fold (`conformal.calibrate`); `inside` and `width` are then columns,
            and how often they hold from fold to fold shows drift. None for none.
        confidence: of the intervals over folds.
        **options: those of `data.forecast_task`: `target`, `lookback`, `horizon` and so
            on, but for `split` and `purge`.

    Returns:
        The errors of each fold and step; `print` it.

    Raises:
        UserError: for folds without a window, options that are none, and outputs that
            do not fit.

    Reference:
        R. Hyndman and G. Athanasopoulos, *Forecasting: Principles and Practice*,
        section 5.10, on time series cross-validation.

    Example:
        >>> import numpy as np
        >>> from seqconv_jax.baselines import ridge_lags
        >>> from seqconv_jax.data import Series
        >>> wave = np.sin(np.arange(400) / 4.0)[:, None]
        >>> series = Series(values=wave, columns=("level (m)",))
        >>> found = backtest(
        ...     series,
        ...     lambda task: ridge_lags(task, penalty=1.0),
        ...     baselines=("last", "seasonal"),
        ...     test=40,
        ...     folds=3,
        ...     target="level (m)",
        ...     lookback=6,
        ...     horizon=2,
        ... )
        >>> print(found)
        mean absolute error over 3 folds
        level (m), m:
          model  0.0006139 ± 0.0002715
          last   0.2339 ± 0.00836  (model is better in 3 of 3)
        no seasonal: fold 1: `season` must be given for kind='seasonal': none follows \
from the sampling
        >>> found.by_step()[["ahead", "last"]].round(2).values.tolist()
        [['1 row', 0.16], ['2 rows', 0.31]]
    """
    flag("refit", refit)
    check_confidence(confidence)
    panel = panel_of(series)
    lengths: dict[str, Any] = {
        name: None if value is None else panel.rows(name, value)
        for name, value in {
            "test": test,
            "validation": test if validation is None else validation,
            "stride": stride,
            "train": train,
            "gap": gap,
        }.items()
    }
    made = rolling_folds(len(time_axis(series)), folds=folds, **lengths)
    rivals = {
        name: _Rival({-1: fitter}) for name, fitter in baselines_of(baselines).items()
    }
    if MODEL in rivals:
        raise UserError(f"`baselines` must not be called {MODEL!r}, got one that is")
    model = _Rival(fitters_of(forecaster, fit, seeds), tuple(quantiles or ()))
    first = task = fold_task(series, made[0], **options)
    tables, left_out = [], {}
    for number, fold in enumerate(made, start=1):
        if number > 1:
            task = (
                fold_task(series, fold, **options)
                if refit
                else later_task(first.preprocessor, series, fold)
            )
        if number == 1 or refit:
            model.fit(task, level)
        found = {MODEL: model.errors(task)}
        for name, rival in rivals.items():
            try:
                if name not in left_out and (number == 1 or refit):
                    rival.fit(task, level)
                found[name] = [] if name in left_out else rival.errors(task)
            except UserError as error:
                left_out[name] = f"fold {number}: {error}"
        for name, several in found.items():
            tables += [each.assign(fold=number, name=name) for each in several]
    return Backtest(_joined(tables, left_out), tuple(made), confidence, left_out)


class _Rival:
    """A forecaster that is fitted to a fold from each seed, and scored."""

    def __init__(self, fitters: Mapping[int, FitFold], quantiles: Any = ()):
        self._fitters, self._quantiles = fitters, quantiles
        self._fitted: dict[int, tuple[Any, Intervals | None]] = {}

    def fit(self, task: "ForecastTask", level: float | None) -> None:
        """Fit to the training rows, and margins to the validation rows."""
        for seed, fitter in self._fitters.items():
            fitted, intervals = fitter(task), None
            if level is not None:
                rows = task.validation
                outputs = outputs_of(fitted, task, rows)
                options: Any = {"level": level, "quantiles": self._quantiles}
                intervals = calibrate(task, rows, outputs, **options)
            self._fitted[seed] = fitted, intervals

    def errors(self, task: "ForecastTask") -> "list[pd.DataFrame]":
        """Return the errors on the test rows, of each seed."""
        tables, rows = [], task.test
        for seed, (fitted, intervals) in self._fitted.items():
            outputs = outputs_of(fitted, task, rows)
            table = task.errors(rows, outputs, self._quantiles or None)
            table = table.assign(seed=seed, windows=len(rows))
            if intervals is not None:
                held = intervals.coverage(task, rows, outputs)
                table = table.assign(inside=held["coverage"], width=held["width"])
            tables.append(table)
        return tables


def _joined(
    tables: "Sequence[pd.DataFrame]", left_out: Collection[str]
) -> "pd.DataFrame":
    import pandas as pd

    table: Any = pd.concat(tables, ignore_index=True)
    table = table[~table["name"].isin(list(left_out))].reset_index(drop=True)
    front = ["fold", "name", "seed", "windows"]
    return table[[*front, *table.columns.drop(front)]]
