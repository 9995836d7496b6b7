"""A run on two hourly columns of noise, which takes no time to train."""

from typing import Any

import numpy as np
import pandas as pd

import seqconv_jax as sc

MODEL = sc.nn.Sequential((sc.nn.Flatten(), sc.nn.Dense(4)))
HOURS = pd.date_range("2021-01-01", periods=900, freq="h", name="time")


def frame_of(seed=0) -> Any:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(900, 2)) * [1, 50] + [0, 400]
    return pd.DataFrame(values, columns=["a (m)", "b"], index=HOURS)


def task_of():
    series = sc.data.Series.from_pandas(frame_of())
    return sc.data.forecast_task(
        series, target=("a (m)", "b"), lookback=3, horizon=2, split=(300, 600)
    )


def fit(directory, task, model: Any = MODEL, loss: Any = sc.losses.mae, **options: Any):
    with sc.runs.open(directory, resume=(directory / "config.json").exists()) as run:
        tx = sc.optim.rmsprop(1e-2)
        options = {"epochs": 1, "batch_size": 64} | options
        return sc.train.fit(model, task, run=run, optimizer=tx, loss=loss, **options)
