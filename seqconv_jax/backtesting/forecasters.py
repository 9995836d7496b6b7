"""What a backtest fits in a fold: a function, a network of several seeds, a rule."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from seqconv_jax._checks import UserError, expect, one_of
from seqconv_jax.baselines import ridge_lags
from seqconv_jax.baselines.naive import Naive
from seqconv_jax.data.forecast.task import ForecastTask

__all__ = ["BASELINES", "FitFold", "baselines_of", "fitters_of", "outputs_of"]

FitFold = Callable[[ForecastTask], Any]
"""A task to a forecaster: something with `outputs(task, rows)`, as a function of
`baselines` returns it, a `runs.Predictor`, or a function of a task and rows."""

BASELINES = ("last", "drift", "seasonal", "ridge")
_MOST_FEATURES = 1_000


@dataclass(frozen=True)
class _Network:
    """A trained network, which answers for rows of a task."""

    model: Any
    params: Any = field(repr=False)
    batch_stats: Any = field(repr=False)

    def outputs(self, task: ForecastTask, rows: np.ndarray) -> np.ndarray:
        from seqconv_jax.train import predict

        stats = self.batch_stats
        return predict(self.model, self.params, task, rows, batch_stats=stats)


def fitters_of(
    forecaster: Any, fit: Mapping[str, Any] | None, seeds: Sequence[int]
) -> dict[int, FitFold]:
    """Return what fits a forecaster to a fold, by seed; that of a function is -1.

    Args:
        forecaster: a function of a task, or a Flax module.
        fit: of a module, the options of `train.fit` but for the seed; None for a
            function.
        seeds: of a module, one for each training.

    Raises:
        UserError: for options without a module, a module without them, and no seed.
    """
    if not (hasattr(forecaster, "init") and hasattr(forecaster, "apply")):
        what = "a function of a task that returns a forecaster, or a Flax module"
        expect(callable(forecaster), "forecaster", what, forecaster)
        expect(fit is None, "fit", "left out for a function, which fits itself", fit)
        expect(list(seeds) == [0], "seeds", "left out for a function", seeds)
        return {-1: forecaster}
    if fit is None or "seed" in fit:
        raise UserError(
            "`fit` must be the options of train.fit for a network, but for the seed, "
            f"such as dict(optimizer=..., loss=..., epochs=...), got {fit}"
        )
    expect(len(seeds) > 0, "seeds", "at least one", seeds)

    def fitter(seed: int) -> FitFold:
        def fit_fold(task: ForecastTask) -> _Network:
            from seqconv_jax import train

            best = train.fit(forecaster, task, seed=seed, **fit).best
            return _Network(forecaster, best.params, best.batch_stats)

        return fit_fold

    return {int(seed): fitter(seed) for seed in seeds}


def baselines_of(
    asked: Sequence[str] | Mapping[str, FitFold],
) -> dict[str, FitFold]:
    """Return what fits each baseline, by its name."""
    if isinstance(asked, Mapping):
        return dict(asked)
    expect(not isinstance(asked, str), "baselines", "a tuple of names", asked)
    return {one_of("baselines", name, BASELINES): _BY_NAME[name] for name in asked}


def _ridge(task: ForecastTask) -> Any:
    """Return a ridge regression on as many lags as a thousand features are."""
    lags = min(len(task.past_offsets), _MOST_FEATURES // len(task.columns))
    if not lags:
        raise UserError(f"too many columns for a ridge: {len(task.columns):,}")
    return ridge_lags(task, lags=lags)


_BY_NAME: dict[str, FitFold] = {
    "last": lambda task: Naive("last"),
    "drift": lambda task: Naive("drift"),
    "seasonal": lambda task: Naive("seasonal"),
    "ridge": _ridge,
}


def outputs_of(forecaster: Any, task: ForecastTask, rows: np.ndarray) -> np.ndarray:
    """Return what a forecaster puts out for rows of a task, `(n, outputs)`.

    Raises:
        UserError: for what is no forecaster, and outputs that are not finite numbers, a
            row each.
    """
    if hasattr(forecaster, "preprocessor"):  # only runs have one
        outputs = forecaster.outputs(replace(task, test=rows))
    elif hasattr(forecaster, "outputs"):
        outputs = forecaster.outputs(task, rows)
    else:
        what = "to give something with outputs(task, rows), or a function of both"
        expect(callable(forecaster), "forecaster", what, forecaster)
        outputs = forecaster(task, rows)
    outputs = np.asarray(outputs, np.float64)
    fits = outputs.ndim == 2 and len(outputs) == len(rows)
    what = f"to put out a row for each of {len(rows):,} windows"
    expect(fits, "forecaster", what, f"shape {outputs.shape}")
    finite = bool(np.isfinite(outputs).all())
    expect(finite, "forecaster", "to put out finite numbers", "NaN or infinity")
    return outputs
