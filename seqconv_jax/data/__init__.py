"""Data as plain NumPy arrays: sources, reviews, series, windows and stand-ins.

Nothing here knows of JAX. `load_imdb` and `forecast_task` return a `Task`, the arrays
and rows that `seqconv_jax.train.fit` asks for; a task of one's own is as good.
"""

from seqconv_jax.data.files.source import CSI300 as CSI300_FILE
from seqconv_jax.data.files.source import JENA as JENA_FILE
from seqconv_jax.data.files.source import Source
from seqconv_jax.data.forecast.build import forecast_task
from seqconv_jax.data.datasets.synthetic_climate import generated_climate
from seqconv_jax.data.datasets.synthetic_index import generated_index
from seqconv_jax.data.datasets.synthetic_reviews import generated_reviews
from seqconv_jax.data.datasets.imdb import IMDB, ReviewTask, load_imdb
from seqconv_jax.data.forecast.setup import CSI300, JENA, Protocol, jena_split
from seqconv_jax.data.series.series import Series, read_series
from seqconv_jax.data.forecast.task import ForecastTask
from seqconv_jax.data.files.find import Found, GeneratedDataWarning, find
from seqconv_jax.data.task import Task
from seqconv_jax.data.text.vocabulary import decode, encode, load_word_index

__all__ = [
    "CSI300",
    "CSI300_FILE",
    "IMDB",
    "JENA",
    "JENA_FILE",
    "ForecastTask",
    "Found",
    "GeneratedDataWarning",
    "Protocol",
    "ReviewTask",
    "Series",
    "Source",
    "Task",
    "decode",
    "encode",
    "find",
    "forecast_task",
    "generated_climate",
    "generated_index",
    "generated_reviews",
    "jena_split",
    "load_imdb",
    "load_word_index",
    "read_series",
]
