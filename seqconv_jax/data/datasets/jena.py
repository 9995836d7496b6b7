"""The Jena climate as a `ForecastTask`, cut as the book cuts it, in any sampling."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.data.datasets.load import load_series
from seqconv_jax.data.datasets.synthetic_climate import generated_climate
from seqconv_jax.data.files.archive import read_member
from seqconv_jax.data.files.source import KERAS_DATASETS, Source
from seqconv_jax.data.forecast.build import TaskOptions, forecast_task
from seqconv_jax.data.forecast.cuts import cut_rows
from seqconv_jax.data.forecast.setup import ForecastSetup
from seqconv_jax.data.forecast.task import ForecastTask
from seqconv_jax.data.series.durations import Duration
from seqconv_jax.data.series.series import Series
from seqconv_jax.data.series.timeline import shown_time

__all__ = ["JENA", "JENA_FILE", "jena_split", "load_jena"]


def _check_jena(path: Path) -> None:
    head = read_member(path, max_bytes=200_000_000)[:400].split(b"\n", 1)[0]
    columns = [name.strip(b'"\r') for name in head.split(b",")]
    if columns[0] != b"Date Time" or b"T (degC)" not in columns or len(columns) != 15:
        raise UserError(
            f"{path}: expected a table of 'Date Time' and 14 columns with 'T (degC)', "
            f"got {len(columns)} columns, {columns[0][:40]!r} first"
        )


JENA_FILE = Source(
    name="the Jena climate series",
    filename="jena_climate_2009_2016.csv.zip",
    url=KERAS_DATASETS + "jena_climate_2009_2016.csv.zip",
    suffixes=(".csv", ".zip", ".gz", ".parquet", ".txt"),
    max_bytes=100_000_000,
    check=_check_jena,
)

# The dates of rows 200,000 and 300,000 of the original file. The file repeats 327
# timestamps at places unknown here, so row 200,000 is between 2012-10-18 15:20 (all
# repeats before it) and 2012-10-20 21:50 (none), and row 300,000 between 2014-09-13
# 02:20 and 2014-09-15 08:50. A day more or less in 1,400 moves no score visibly.
JENA = ForecastSetup(
    time="Date Time",
    target="T (degC)",
    rows=(200_000, 300_000),
    dates=("2012-10-19", "2014-09-14"),
    lookback="10d",
    every="1h",
    delay="24h",
)
_ORIGINAL_SAMPLING = np.timedelta64(10, "m")
_ORIGINAL_ROWS = 420_000


def load_jena(
    path: str | os.PathLike[str] | None = None,
    *,
    target: str | Sequence[str] = JENA.target,
    lookback: Duration = JENA.lookback,
    every: Duration = JENA.every,
    delay: Duration | None = None,
    split: Sequence[Any] | None = None,
    exact_horizon: bool | None = None,
    time: str = JENA.time,
    missing: str = "keep",
    duplicates: str = "keep",
    unsorted: str = "keep",
    reverse: bool = False,
    require_real: bool = False,
    **options: Unpack[TaskOptions],
) -> ForecastTask:
    r"""Load the Jena climate, 2009 to 2016: find, read, cut and standardise.

    The defaults are the experiment of F. Chollet, *Deep Learning with Python*, section
    6.4: ten days of all columns, one row an hour, forecast the temperature a day later.
    The book takes the file as it is: with repeated timestamps, with rows that run
    backwards, and with its -9999 marks.

    Args:
        path: a file of the series in any sampling, or a directory with
            `jena_climate_2009_2016.csv.zip`; see `files.find` for what happens without.
        target: the column to forecast, or several.
        lookback: how far back inputs go: a duration such as "5d", or rows.
        every: the distance between two inputs: a duration, or rows.
        delay: how far ahead of the window's end the target lies: a duration, or rows.
            None for the book's 24h, or with `horizon` for one step.
        split: two cut points, see `forecast_task`; None for the book's, by
            `jena_split`.
        exact_horizon: whether the newest input is the row that `delay` counts from, see
            `forecast_task`. None: as in the book for a file with its 10-minute rows;
            exact for any other, where a longer step would move the horizon and change
            the task, and with `horizon`.
        time: the column of timestamps.
        missing: what to do about empty cells and marks, see `read_series`.
        duplicates: what to do about repeated timestamps, see `read_series`.
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
        >>> hours = np.datetime64("2009-01-01T00") + np.arange(400)
        >>> lines = [f"{hour}:00,{row % 24}" for row, hour in enumerate(hours)]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "hourly.csv")
        ...     _ = path.write_text("\n".join(["Date Time,T (degC)", *lines]))
        ...     task = load_jena(path, lookback="2d", split=(0.5, 0.75))
        >>> task.example.shape, task.horizon, task.unit, task.data_source
        ((1, 48, 1), '1d', 'degC', 'file')
    """
    series = load_series(
        JENA_FILE,
        path,
        generated_climate,
        require_real=require_real,
        time=time,
        missing=missing,
        duplicates=duplicates,
        unsorted=unsorted,
        reverse=reverse,
    )
    alone = options.get("horizon") is None
    if exact_horizon is None and alone:
        exact_horizon = bool(series.every != _ORIGINAL_SAMPLING)
    return forecast_task(
        series,
        target=target,
        lookback=lookback,
        every=every,
        delay=JENA.delay if delay is None and alone else delay,
        split=jena_split(series) if split is None else split,
        exact_horizon=exact_horizon,
        **options,
    )


def jena_split(series: Series) -> tuple[int, int]:
    """Return the rows at which the book cuts the Jena series, for any sampling.

    Args:
        series: the original 10-minute file, which is cut at the book's rows; or
            another sampling of the same years, which is cut at their dates.

    Raises:
        UserError: for a series that does not span the dates on both sides.

    Example:
        >>> days = np.arange("2009-01-01", "2017-01-01", dtype="datetime64[D]")
        >>> daily = Series(
        ...     values=np.zeros((len(days), 1)),
        ...     columns=("T (degC)",),
        ...     times=days.astype("datetime64[us]"),
        ... )
        >>> jena_split(daily)
        (1387, 2082)
    """
    if series.every == _ORIGINAL_SAMPLING and len(series.values) >= _ORIGINAL_ROWS:
        return JENA.rows
    dates = JENA.dates or ("", "")
    times = series.times
    if times is None or not (
        (times < np.datetime64(dates[0])).any()
        and (times > np.datetime64(dates[1])).any()
    ):
        span = "has no times"
        if times is not None:
            span = f"runs from {shown_time(times[0])} to {shown_time(times[-1])}"
        raise UserError(
            f"{series.name} {span}, so it cannot be cut at the published dates "
            f"{dates[0]} and {dates[1]}; give split=(0.5, 0.75)"
        )
    return cut_rows(dates, series)
