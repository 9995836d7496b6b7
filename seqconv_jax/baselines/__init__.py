"""What a network has to beat: solved in closed form or to the end, in seconds.

Each function fits a baseline on the training rows of a task; what it returns gives
`outputs(task, rows)`, laid out as a network's, so that `scores` and
`ForecastTask.errors` serve both. NumPy and SciPy in float64; the same every time.

    forecasts  last_value, drift, seasonal_naive, climatology, ridge_lags, linear_map
    texts      nb_svm, majority (`ngram_table` counts for `nn.NGramLinear`)
    series     mini_rocket, nearest_neighbour, majority

The one hyperparameter of each, such as a penalty, is chosen on the validation rows
(`mini_rocket`: by leaving out each training series); `tried` tells how each did.
"""

from seqconv_jax.baselines.climatology import Climatology, climatology
from seqconv_jax.baselines.contract import Baseline, scores
from seqconv_jax.baselines.lags import RidgeLags, ridge_lags
from seqconv_jax.baselines.linear import LinearModel, linear_classifier
from seqconv_jax.baselines.linear_map import LinearMap, linear_map
from seqconv_jax.baselines.majority import Majority, majority
from seqconv_jax.baselines.naive import Naive, drift, last_value, seasonal_naive
from seqconv_jax.baselines.ngram_table import NGramTable, ngram_table
from seqconv_jax.baselines.ngrams import NGrams
from seqconv_jax.baselines.ridge_classifier import RidgeClassifier, ridge_classifier
from seqconv_jax.baselines.series import (
    MiniRocket,
    NearestNeighbour,
    mini_rocket,
    nearest_neighbour,
)
from seqconv_jax.baselines.text import NBSVM, nb_svm

__all__ = [
    "NBSVM",
    "Baseline",
    "Climatology",
    "LinearMap",
    "LinearModel",
    "Majority",
    "MiniRocket",
    "NGramTable",
    "NGrams",
    "Naive",
    "NearestNeighbour",
    "RidgeClassifier",
    "RidgeLags",
    "climatology",
    "drift",
    "last_value",
    "linear_classifier",
    "linear_map",
    "majority",
    "mini_rocket",
    "nb_svm",
    "nearest_neighbour",
    "ngram_table",
    "ridge_classifier",
    "ridge_lags",
    "scores",
    "seasonal_naive",
]
