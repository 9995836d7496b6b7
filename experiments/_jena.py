"""The Jena climate, from the file to the forecast task."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from _forecast import ForecastSettings, load_series, make_task

if TYPE_CHECKING:
    from seqconv_jax.data import ForecastTask

SOURCE_SAMPLING = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class JenaSettings(ForecastSettings):
    """Flags of the Jena experiments. The defaults take the file as the source did."""

    time: str = "Date Time"
    """The column of timestamps."""
    target: str = "T (degC)"
    """The column to forecast."""
    delay: str = "24h"
    """How far ahead of the window's end the target lies: time or rows."""
    horizon: Literal["auto", "source", "exact"] = "auto"  # pyright: ignore
    """Source: the newest input lies one step before the row that the delay counts from,
    as in the source. Exact: it is that row, and the horizon is exactly the delay. Auto:
    the source's for a file with its 10-minute rows, exact for any other sampling, where
    a longer step would move the horizon and change the task."""
    missing: Literal["error", "keep", "previous", "interpolate", "drop"] = "keep"
    """What to do with empty cells and -9999 marks; the source kept the marks."""
    duplicates: Literal["error", "first", "last", "keep"] = "keep"
    """What to do with repeated timestamps; the source kept all rows."""
    unsorted: Literal["error", "sort", "keep"] = "keep"
    """What to do with timestamps that go backwards; the source kept the order."""


def load_task(settings: Any) -> "ForecastTask":
    """Find, read and cut the series; fall back on the generated climate."""
    from seqconv_jax import data

    series = load_series(settings, data.JENA_FILE, data.generated_climate)
    exact = settings.horizon == "exact" or (
        settings.horizon == "auto" and series.every != SOURCE_SAMPLING
    )
    split = data.jena_split(series) if settings.split is None else None
    return make_task(settings, series, split, exact=exact)
