"""The "Weather" benchmark of long forecasts, with the published borders and windows."""

import os
from collections.abc import Sequence
from typing import Unpack

import numpy as np

from seqconv_jax._checks import expect, flag, positive_int
from seqconv_jax.data.files.find import find
from seqconv_jax.data.files.source import Source
from seqconv_jax.data.forecast.build import StepOptions, forecast_task
from seqconv_jax.data.forecast.task import ForecastTask
from seqconv_jax.data.series.durations import Duration
from seqconv_jax.data.series.read import read_series

__all__ = ["WEATHER_FILE", "load_weather", "whole_batches"]

WEATHER_FILE = Source(
    name="the Weather benchmark",
    filename="weather.csv.zip",
    suffixes=(".csv", ".zip", ".gz", ".parquet", ".txt"),
    max_bytes=100_000_000,
)


def load_weather(
    path: str | os.PathLike[str] | None = None,
    *,
    horizon: Duration = 96,
    lookback: Duration = 512,
    filled: bool = False,
    target: str | Sequence[str] | None = None,
    time: str = "date",
    **options: Unpack[StepOptions],
) -> ForecastTask:
    r"""Load the "Weather" benchmark of the long-term forecasting papers.

    Jena in 2020, every 10 minutes, 21 columns, all of them forecast at once. Of `n`
    rows train has the first `int(0.7 n)`, test the last `int(0.2 n)`, and validation
    what is between; windows of validation and test reach back into the split before.
    Every column is standardised with the mean and standard deviation of train. Errors
    are means over all windows, steps and columns, and every test window counts: where
    a published score left out the last partial batch, `whole_batches` shows what that
    changes.

    Args:
        path: the file, or a directory with `weather.csv` or `weather.csv.zip`; see
            `files.find` for what happens without.
        horizon: how many steps are forecast: rows (96, 192, 336 and 720 are published),
            or a duration.
        lookback: how far back inputs go: rows, or a duration.
        filled: whether the -9999 marks take the last value before them. Published
            scores are on the raw form, in which 81 marks, all of them in train, make
            the spread of two columns so large that these nearly vanish from the score.
        target: the column to forecast, or several; None for all.
        time: the column of times.
        **options: those of `forecast_task` that are left, such as `predict`, `inputs`
            and `calendar`. Each training window is seen once an epoch unless
            `replacement` says else.

    Raises:
        UserError: if an option is out of range, or the file is not found: this set has
            no stand-in.

    Reference:
        H. Wu and others, *Autoformer*, arXiv:2106.13008, whose splits all later papers
        took.

    Example:
        >>> import pathlib, tempfile
        >>> times = np.datetime64("2020-01-01T00:10") + np.arange(200) * 10
        >>> lines = [f"{time},{row % 9}" for row, time in enumerate(times)]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "weather.csv")
        ...     _ = path.write_text("\n".join(["date,OT", *lines]))
        ...     task = load_weather(path, horizon=6, lookback=12)
        >>> len(task.train), len(task.validation), len(task.test), task.outputs
        (123, 15, 35, 6)
    """
    flag("filled", filled)
    origin = find(WEATHER_FILE, path, require_real=True)
    series = read_series(
        origin,
        time=time,
        missing="previous" if filled else "keep",
        duplicates="keep",
        unsorted="keep",
    )
    length = len(series.values)
    options.setdefault("replacement", False)
    return forecast_task(
        series,
        target=series.columns if target is None else target,
        lookback=lookback,
        horizon=horizon,
        split=(int(0.7 * length), length - int(0.2 * length)),
        **options,
    )


def whole_batches(rows: np.ndarray, batch_size: int) -> np.ndarray:
    """Return rows without the last partial batch, as some published scores had them.

    Only to see what such a score would have claimed: the rows that are left out are the
    last ones in time, and a larger batch leaves out more of them.

    Args:
        rows: `(n,)`.
        batch_size: rows in a batch.

    Raises:
        UserError: where no batch is whole.

    Example:
        >>> whole_batches(np.arange(10), 4).tolist()
        [0, 1, 2, 3, 4, 5, 6, 7]
    """
    positive_int("batch_size", batch_size)
    enough = len(rows) >= batch_size
    expect(enough, "batch_size", f"at most {len(rows):,}, the rows", batch_size)
    return rows[: len(rows) // batch_size * batch_size]
