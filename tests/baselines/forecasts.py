"""Small forecast tasks: two columns at every hour, a wave and noise."""

from typing import Any

import numpy as np

from seqconv_jax.data import ForecastTask, Series, forecast_task


def small_series(rows: int = 240, seed: int = 0) -> Series:
    noise = np.random.default_rng(seed).normal(size=(rows, 2)).cumsum(axis=0)
    hours = np.arange(rows)
    values = noise * 0.3 + np.sin(2 * np.pi * hours / 24)[:, None]
    times = np.datetime64("2020-01-01T00", "us") + hours * np.timedelta64(1, "h")
    return Series(values=values, columns=("a (m)", "b"), times=times)


def small_task(series: Any = None, **options: Any) -> ForecastTask:
    chosen = {"target": "a (m)", "lookback": 6, "horizon": 3, "split": (0.5, 0.75)}
    given = small_series() if series is None else series
    return forecast_task(given, **(chosen | options))
