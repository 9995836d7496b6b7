"""Data as plain NumPy arrays: files, texts, series, forecast tasks and data sets.

`load_imdb`, `load_jena` and `load_csi300` return a `Task`, the arrays and rows that
`seqconv_jax.train.fit` asks for. `read_series` and `forecast_task` make one of a file
of one's own, `arrays_task` of arrays `(x, y)`, `load_classification` and
`classification_task` of series with labels, and a task put together by hand is as good.
Nothing here knows of JAX.

    files      find, verify and download data files; read what nobody can trust
    text       sequences of tokens, word indices, padding
    series     tables of numbers with times
    forecast   windows, splits and scale of a series
    classification  series with labels, of one length or several
    datasets   the published data sets and their stand-ins
"""

from seqconv_jax.data import classification, datasets, files, forecast, series, text
from seqconv_jax.data.arrays import arrays_task, class_weights
from seqconv_jax.data.class_scores import class_scores, confusion
from seqconv_jax.data.classes import Classes
from seqconv_jax.data.classification import (
    PADDING,
    ClassificationTask,
    LabelledSeries,
    classification_task,
    load_classification,
    read_labelled,
    read_ts,
)
from seqconv_jax.data.datasets import (
    CSI300,
    CSI300_FILE,
    IMDB,
    JENA,
    JENA_FILE,
    WEATHER_FILE,
    ReviewTask,
    generated_climate,
    generated_index,
    generated_reviews,
    jena_split,
    load_csi300,
    load_imdb,
    load_jena,
    load_weather,
    load_word_index,
    whole_batches,
)
from seqconv_jax.data.files import GeneratedDataWarning, Origin, Source, find
from seqconv_jax.data.forecast import (
    ForecastPreprocessor,
    ForecastSetup,
    ForecastTask,
    forecast_task,
)
from seqconv_jax.data.series import (
    SentinelWarning,
    Series,
    SeriesGroup,
    convert_series,
    open_series,
    read_series,
    read_series_group,
)
from seqconv_jax.data.task import Task
from seqconv_jax.data.text import (
    LabelledSequences,
    TextTask,
    TokenSequences,
    build_word_index,
    convert_texts,
    decode,
    encode,
    open_texts,
    pad,
    read_texts,
    text_task,
    to_ids,
)

__all__ = [
    "CSI300",
    "CSI300_FILE",
    "IMDB",
    "JENA",
    "JENA_FILE",
    "PADDING",
    "WEATHER_FILE",
    "Classes",
    "ClassificationTask",
    "ForecastPreprocessor",
    "ForecastSetup",
    "ForecastTask",
    "GeneratedDataWarning",
    "LabelledSequences",
    "LabelledSeries",
    "Origin",
    "ReviewTask",
    "SentinelWarning",
    "Series",
    "SeriesGroup",
    "Source",
    "Task",
    "TextTask",
    "TokenSequences",
    "arrays_task",
    "build_word_index",
    "class_scores",
    "class_weights",
    "classification",
    "classification_task",
    "confusion",
    "convert_series",
    "convert_texts",
    "datasets",
    "decode",
    "encode",
    "files",
    "find",
    "forecast",
    "forecast_task",
    "generated_climate",
    "generated_index",
    "generated_reviews",
    "jena_split",
    "load_classification",
    "load_csi300",
    "load_imdb",
    "load_jena",
    "load_weather",
    "load_word_index",
    "open_series",
    "open_texts",
    "pad",
    "read_labelled",
    "read_series",
    "read_series_group",
    "read_texts",
    "read_ts",
    "series",
    "text",
    "text_task",
    "to_ids",
    "whole_batches",
]
