"""Classifying series: the archive's files, scale, padding, and the task made of them.

`load_classification` reads files, `classification_task` takes arrays; both return a
`ClassificationTask` whose `preprocessor` answers for new series.
"""

from seqconv_jax.data.classification.baselines import (
    majority_accuracy,
    nearest_neighbour,
)
from seqconv_jax.data.classification.build import (
    classification_task,
    load_classification,
)
from seqconv_jax.data.classification.labelled import LabelledSeries
from seqconv_jax.data.classification.preprocessor import SeriesPreprocessor
from seqconv_jax.data.classification.read import read_labelled
from seqconv_jax.data.classification.scaling import PADDING
from seqconv_jax.data.classification.task import ClassificationTask
from seqconv_jax.data.classification.ts import read_ts

__all__ = [
    "PADDING",
    "ClassificationTask",
    "LabelledSeries",
    "SeriesPreprocessor",
    "classification_task",
    "load_classification",
    "majority_accuracy",
    "nearest_neighbour",
    "read_labelled",
    "read_ts",
]
