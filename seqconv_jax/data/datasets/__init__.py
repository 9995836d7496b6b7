"""The data sets, each from its published file, or a stand-in, to a task."""

from seqconv_jax.data.datasets.csi300 import CSI300, CSI300_FILE, load_csi300
from seqconv_jax.data.datasets.imdb import (
    IMDB,
    IMDB_WORD_INDEX,
    ReviewTask,
    load_imdb,
    load_word_index,
)
from seqconv_jax.data.datasets.jena import JENA, JENA_FILE, jena_split, load_jena
from seqconv_jax.data.datasets.synthetic_climate import generated_climate
from seqconv_jax.data.datasets.synthetic_index import generated_index
from seqconv_jax.data.datasets.synthetic_reviews import (
    generated_reviews,
    generated_word_index,
)
from seqconv_jax.data.datasets.weather import (
    WEATHER_FILE,
    load_weather,
    whole_batches,
)

__all__ = [
    "CSI300",
    "CSI300_FILE",
    "IMDB",
    "IMDB_WORD_INDEX",
    "JENA",
    "JENA_FILE",
    "WEATHER_FILE",
    "ReviewTask",
    "generated_climate",
    "generated_index",
    "generated_reviews",
    "generated_word_index",
    "jena_split",
    "load_csi300",
    "load_imdb",
    "load_jena",
    "load_weather",
    "load_word_index",
    "whole_batches",
]
