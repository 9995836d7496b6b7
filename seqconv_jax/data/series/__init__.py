"""Time series: reading a file of numbers, its times, its gaps and missing cells."""

from seqconv_jax.data.series.durations import Duration, format_duration, rows_of
from seqconv_jax.data.series.read import read_series
from seqconv_jax.data.series.sentinels import SentinelWarning
from seqconv_jax.data.series.series import Series

__all__ = [
    "Duration",
    "SentinelWarning",
    "Series",
    "format_duration",
    "read_series",
    "rows_of",
]
