"""Series whose value is their row, so that every leak shows, and noise."""

from typing import Any

import numpy as np

from seqconv_jax.data import Series, forecast_task

START = np.datetime64("2020-01-01", "us")


def series_of(values, columns=None, minutes=10, times=None, allow=()):
    values = np.asarray(values, np.float64)
    values = values[:, None] if values.ndim == 1 else values
    columns = columns or tuple("abcdefgh"[: values.shape[1]])
    steps = np.arange(len(values)) * np.timedelta64(minutes, "m")
    return Series(
        values=values,
        columns=columns,
        times=START + steps if times is None else times,
        allow=allow,
    )


def noise(rows, columns=1, seed=0):
    return np.random.default_rng(seed).normal(3.0, 2.0, (rows, columns))


def ramp_task(length=60, **options):
    """A series whose value is its row, so that every leak shows."""
    defaults: dict[str, Any] = dict(
        target="a", lookback=6, every=2, delay=3, split=(20, 40)
    )
    return forecast_task(series_of(np.arange(length)), **{**defaults, **options})


def rows_in(task, standardised):
    return np.round(task.to_unit(standardised)).astype(int)
