"""The published protocols: which rows, which windows, which column."""

from dataclasses import dataclass

import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax.data.forecast.cuts import cut_rows
from seqconv_jax.data.series.series import Series
from seqconv_jax.data.series.timeline import shown_time


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How a published experiment reads its series.

    Attributes:
        time: the time column of its file.
        target: the column it forecasts.
        rows: where the file is cut into train, validation and test.
        dates: the same as dates, for other samplings of the same series.
        lookback: how far back inputs go.
        every: the distance between two inputs.
        delay: how far ahead the target lies.
    """

    time: str
    target: str
    rows: tuple[int, int]
    dates: tuple[str, str] | None = None
    lookback: str | int
    every: str | int
    delay: str | int


# The dates of rows 200,000 and 300,000 of the original file. The file repeats 327
# timestamps at places unknown here, so row 200,000 is between 2012-10-18 15:20 (all
# repeats before it) and 2012-10-20 21:50 (none), and row 300,000 between 2014-09-13
# 02:20 and 2014-09-15 08:50. A day more or less in 1,400 moves no score visibly.
JENA = Protocol(
    time="Date Time",
    target="T (degC)",
    rows=(200_000, 300_000),
    dates=("2012-10-19", "2014-09-14"),
    lookback="10d",
    every="1h",
    delay="24h",
)

CSI300 = Protocol(
    time="date",
    target="close",
    rows=(4_000, 4_400),
    lookback=60,
    every=1,
    delay=1,
)

_ORIGINAL_ROWS = 420_000


def jena_split(series: Series) -> tuple[int, int]:
    """Return the rows at which the source cuts the Jena series, for any sampling.

    Args:
        series: the original 10-minute file, which is cut at the source's rows; or
            another sampling of the same years, which is cut at their dates.

    Raises:
        UserError: for a series that does not span the dates on both sides.
    """
    if series.every == np.timedelta64(10, "m") and len(series.values) >= _ORIGINAL_ROWS:
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
            f"{dates[0]} and {dates[1]}; give split=(0.5, 0.75) (--split 0.5 0.75)"
        )
    return cut_rows(dates, series)
