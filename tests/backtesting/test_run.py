"""Backtests against doing it by hand; once or anew; networks, seeds, baselines."""

from typing import Any

import numpy as np
import pytest

import seqconv_jax as sc
from seqconv_jax import UserError
from seqconv_jax.backtesting import fold_task, rolling_folds
from seqconv_jax.baselines import ridge_lags
from seqconv_jax.data import Series

RNG = np.random.default_rng(0)
HOURS = np.datetime64("2021-01-01", "us") + np.arange(600) * np.timedelta64(1, "h")
WAVE = 10 + 5 * np.sin(2 * np.pi * np.arange(600) / 24) + RNG.normal(size=600)
SERIES = Series(values=WAVE[:, None], columns=("load (MW)",), times=HOURS)
TASK: Any = {"target": "load (MW)", "lookback": "1d", "horizon": "3h"}
OPTIONS: Any = {"test": "2d", "validation": "3d", "folds": 3, **TASK}


def line(task):
    return ridge_lags(task, penalty=1.0)


def test_errors_are_those_of_each_fold_by_hand():
    found: Any = sc.backtest(SERIES, line, **OPTIONS)
    assert not found.left_out
    assert found.folds == tuple(rolling_folds(600, test=48, validation=72, folds=3))
    folds, steps = found.by_fold(), found.by_step()
    want = []
    for index, fold in enumerate(found.folds):
        task: Any = fold_task(SERIES, fold, **TASK)
        table = task.errors("test", line(task).outputs(task, task.test))
        want.append(table["mae"].to_numpy())
        assert folds["model"][index] == pytest.approx(table["mae"].mean())
        seasonal = task.errors("test", task.naive("test", "seasonal"))["mae"].mean()
        assert folds["seasonal"][index] == pytest.approx(seasonal)
    assert steps["model"].to_numpy() == pytest.approx(np.mean(want, axis=0))
    assert steps["ahead"].tolist() == ["1h", "2h", "3h"]
    assert list(folds)[4:] == ["model", "last", "drift", "seasonal", "ridge"]
    summary: Any = found.summary().set_index("name")
    assert summary.loc["model", "mean"] == pytest.approx(np.mean(want))
    half = 4.3026527 * np.std(folds["model"], ddof=1) / 3**0.5
    assert summary.loc["model", "high"] == pytest.approx(np.mean(want) + half)
    assert summary.loc["last", "wins"] == 3 and summary.loc["model", "wins"] == 0
    assert "seasonal" in str(found) and "(model is better in 3 of 3)" in str(found)


@pytest.mark.parametrize("refit", [True, False])
def test_it_is_fitted_in_each_fold_or_once(refit):
    seen = []

    def fit(task):
        seen.append((len(task.train), task.unit_shift))
        return lambda task, rows: np.zeros((len(rows), task.outputs))

    found: Any = sc.backtest(SERIES, fit, refit=refit, baselines=("last",), **OPTIONS)
    assert [count for count, _ in seen] == ([358, 406, 454] if refit else [358])
    # Zero is the mean that the scale was fitted on: the same in all folds, or another.
    error = np.abs(WAVE[-48:] - seen[-1][1]).mean()
    assert found.by_fold()["model"][2] == pytest.approx(error, rel=0.03)


def test_intervals_of_each_fold():
    found: Any = sc.backtest(SERIES, line, level=0.8, baselines=("last",), **OPTIONS)
    assert found.by_fold("inside")["model"].between(0.6, 0.95).all()
    widths: Any = found.by_step("width")
    assert (widths["model"] < widths["last"]).all()


def test_a_network_of_several_seeds():
    model = sc.nn.Sequential((sc.nn.Flatten(), sc.nn.Dense(3)))
    fit = {"optimizer": sc.optim.rmsprop(1e-2), "loss": sc.losses.mae, "epochs": 1}
    found: Any = sc.backtest(
        SERIES,
        model,
        fit=fit | {"batch_size": 64},
        seeds=(0, 1),
        refit=False,
        baselines={"ours": line},
        **OPTIONS | {"folds": 2},
    )
    scored = found.table[found.table["name"] == "model"]
    assert scored["seed"].value_counts().to_dict() == {0: 6, 1: 6}
    assert scored["mae"].nunique() == 12
    assert set(found.table[found.table["name"] == "ours"]["seed"]) == {-1}


def test_a_baseline_that_is_not_in_every_fold_is_left_out():
    plain = Series(values=WAVE[:, None], columns=("load (MW)",))
    options = {**OPTIONS, "lookback": 24, "horizon": 3, "test": 48, "validation": 72}
    found: Any = sc.backtest(plain, line, **options)
    assert list(found.left_out) == ["seasonal"]
    assert "no seasonal: fold 1: `season` must be given" in str(found)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"forecaster": 3}, "`forecaster` must be a function of a task that returns"),
        ({"forecaster": lambda task: 3}, "`forecaster` must be to give something with"),
        ({"fit": {}}, "`fit` must be left out for a function"),
        ({"seeds": (1,)}, "`seeds` must be left out for a function"),
        ({"forecaster": sc.nn.Dense(1)}, "`fit` must be the options of train.fit"),
        ({"baselines": ("ridges",)}, "did you mean 'ridge'"),
        ({"baselines": {"model": line}}, "`baselines` must not be called 'model'"),
        ({"test": "90min"}, "`test` = 90min is no whole multiple"),
        ({"refit": "no"}, "`refit` must be True or False"),
    ],
)
def test_mistakes(changes, message):
    with pytest.raises(UserError, match=message):
        sc.backtest(SERIES, **{"forecaster": line, **OPTIONS, **changes})


@pytest.mark.parametrize("bad", [np.zeros((48, 3)), np.full((46, 3), np.nan)])
def test_outputs_that_are_none(bad):
    with pytest.raises(UserError, match="`forecaster` must be to put out"):
        sc.backtest(SERIES, lambda task: lambda task, rows: bad, **OPTIONS)
