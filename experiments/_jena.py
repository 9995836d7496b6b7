"""The Jena climate, from the file to the forecast task."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from _forecast import ForecastSettings, data_options

if TYPE_CHECKING:
    from seqconv_jax.data import ForecastTask


@dataclass(frozen=True, kw_only=True)
class JenaSettings(ForecastSettings):
    """Flags of the Jena experiments. The defaults take the file as the book did."""

    time: str = "Date Time"
    """The column of timestamps."""
    target: str = "T (degC)"
    """The column to forecast."""
    delay: str = "24h"
    """How far ahead of the window's end the target lies: time or rows."""
    horizon: Literal["auto", "book", "source", "exact"] = "auto"  # pyright: ignore
    """Book: the newest input lies one step before the row that the delay counts from,
    as in the book; source is an earlier name for it. Exact: it is that row, and the
    horizon is exactly the delay. Auto: the book's for a file with its 10-minute rows,
    exact for any other sampling, where a longer step would move the horizon and change
    the task."""
    missing: Literal["error", "keep", "previous", "interpolate", "drop"] = "keep"
    """What to do with empty cells and -9999 marks; the book kept the marks."""
    duplicates: Literal["error", "first", "last", "keep"] = "keep"
    """What to do with repeated timestamps; the book kept all rows."""
    unsorted: Literal["error", "sort", "keep"] = "keep"
    """What to do with timestamps that go backwards; the book kept the order."""


def load_task(settings: Any, **options: Any) -> "ForecastTask":
    """Find, read and cut the series; fall back on the generated climate.

    Args:
        settings: the experiment's settings.
        **options: those of `load_jena` besides.
    """
    from seqconv_jax import data

    return data.load_jena(settings.data, **data_options(settings), **options)
