"""Time series: reading a file of numbers, its times, its gaps and missing cells."""

from seqconv_jax.data.series.convert import convert_series, open_series
from seqconv_jax.data.series.durations import (
    BusinessDays,
    Duration,
    Step,
    format_duration,
    parse_step,
    rows_of,
)
from seqconv_jax.data.series.find_time import find_time_columns
from seqconv_jax.data.series.panel import SeriesGroup, read_series_group
from seqconv_jax.data.series.read import read_series
from seqconv_jax.data.series.sentinels import SentinelWarning
from seqconv_jax.data.series.series import Series

__all__ = [
    "BusinessDays",
    "Duration",
    "SentinelWarning",
    "Series",
    "SeriesGroup",
    "Step",
    "convert_series",
    "find_time_columns",
    "format_duration",
    "open_series",
    "parse_step",
    "read_series",
    "read_series_group",
    "rows_of",
]
