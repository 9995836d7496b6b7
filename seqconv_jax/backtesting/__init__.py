"""Backtests: a forecaster fitted again and again as time goes on, and scored after it.

`backtest` (`sc.backtest` too) does all of it. `rolling_folds` says which rows belong
where, `fold_task` makes the task of one fold: both are functions of the times alone.
"""

from seqconv_jax.backtesting.folds import Fold, rolling_folds
from seqconv_jax.backtesting.result import Backtest
from seqconv_jax.backtesting.run import backtest
from seqconv_jax.backtesting.tasks import fold_task, later_task, time_axis

__all__ = [
    "Backtest",
    "Fold",
    "backtest",
    "fold_task",
    "later_task",
    "rolling_folds",
    "time_axis",
]
