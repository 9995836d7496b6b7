"""The CSI 300 index as a `ForecastTask`: daily bars, the close a day ahead."""

import os
from collections.abc import Sequence
from typing import Any, Unpack

from seqconv_jax.data.datasets.load import load_series
from seqconv_jax.data.datasets.synthetic_index import generated_index
from seqconv_jax.data.files.source import Source
from seqconv_jax.data.forecast.build import TaskOptions, forecast_task
from seqconv_jax.data.forecast.setup import ForecastSetup
from seqconv_jax.data.forecast.task import ForecastTask
from seqconv_jax.data.series.durations import Duration

__all__ = ["CSI300", "CSI300_FILE", "load_csi300"]

CSI300_FILE = Source(
    name="the CSI 300 index",
    filename="000300.SH.csv",
    suffixes=(".csv", ".zip", ".gz", ".parquet", ".txt"),
    max_bytes=100_000_000,
)

CSI300 = ForecastSetup(
    time="date",
    target="close",
    rows=(4_000, 4_400),
    lookback=60,
    every=1,
    delay=1,
)


def load_csi300(
    path: str | os.PathLike[str] | None = None,
    *,
    target: str | Sequence[str] = CSI300.target,
    lookback: Duration = CSI300.lookback,
    every: Duration = CSI300.every,
    delay: Duration | None = None,
    split: Sequence[Any] | None = None,
    exact_horizon: bool = True,
    time: str = CSI300.time,
    missing: str = "error",
    duplicates: str = "error",
    unsorted: str = "error",
    reverse: bool = False,
    require_real: bool = False,
    **options: Unpack[TaskOptions],
) -> ForecastTask:
    r"""Load daily bars of the CSI 300 index: find, read, cut and standardise.

    By default 60 bars, today's the newest, forecast tomorrow's close. They are business
    days: a duration is "5B" or "1w" (five bars), and a holiday is a gap.

    Args:
        path: a file with the columns date, open, high, low, close, vol and amount, or a
            directory with `000300.SH.csv`; see `files.find` for what happens without.
        target: the column to forecast, or several.
        lookback: how many rows back inputs go.
        every: the rows between two inputs.
        delay: the rows from the window's end to the target; None for one, or with
            `horizon` for one step.
        split: two cut points, see `forecast_task`; None for rows 4,000 and 4,400.
        exact_horizon: whether the newest input is today's bar, so that the target lies
            `delay` bars later; False for one bar more between them.
        time: the column of dates.
        missing: what to do about empty cells and -9999 marks, see `read_series`.
        duplicates: what to do about repeated dates, see `read_series`.
        unsorted: what to do where time runs backwards, see `read_series`.
        reverse: whether the file has its newest row first.
        require_real: raise where the generated stand-in would be used.
        **options: those of `forecast_task` that are left, such as `horizon` for many
            steps at once, `future`, `calendar`, `predict`, `purge` and `gaps`.

    Returns:
        The task; `task.report` tells what the file holds.

    Raises:
        UserError: if an option is out of range, or the data cannot be found or used.

    Warns:
        GeneratedDataWarning: where there is no file and a stand-in takes its place.

    Example:
        >>> import pathlib, tempfile
        >>> import numpy as np
        >>> days = np.busday_offset("2020-01-01", np.arange(400), roll="forward")
        >>> lines = [f"{day},{3000 + row}" for row, day in enumerate(days)]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "bars.csv")
        ...     _ = path.write_text("\n".join(["date,close", *lines]))
        ...     task = load_csi300(path, split=(200, 300))
        >>> task.example.shape, task.horizon, task.actual(task.test[:1]).round(2)
        ((1, 60, 1), '1 business day', array([3362.]))
    """
    series = load_series(
        CSI300_FILE,
        path,
        generated_index,
        require_real=require_real,
        time=time,
        missing=missing,
        duplicates=duplicates,
        unsorted=unsorted,
        reverse=reverse,
    )
    alone = options.get("horizon") is None
    return forecast_task(
        series,
        target=target,
        lookback=lookback,
        every=every,
        delay=CSI300.delay if delay is None and alone else delay,
        split=CSI300.rows if split is None else split,
        exact_horizon=exact_horizon,
        **options,
    )
