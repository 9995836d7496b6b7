"""What a network has to beat: solved in closed form or to the end, in seconds."""

from seqconv_jax.baselines.climatology import Climatology, climatology
from seqconv_jax.baselines.contract import Baseline, scores
from seqconv_jax.baselines.lags import RidgeLags, ridge_lags
from seqconv_jax.baselines.linear import LinearModel, linear_classifier
from seqconv_jax.baselines.linear_map import LinearMap, linear_map
from seqconv_jax.baselines.majority import Majority, majority
from seqconv_jax.baselines.naive import Naive, drift, last_value, seasonal_naive
from seqconv_jax.baselines.ngrams import NGrams
from seqconv_jax.baselines.text import NBSVM, nb_svm

__all__ = [
    "NBSVM",
    "Baseline",
    "Climatology",
    "LinearMap",
    "LinearModel",
    "Majority",
    "NGrams",
    "Naive",
    "RidgeLags",
    "climatology",
    "drift",
    "last_value",
    "linear_classifier",
    "linear_map",
    "majority",
    "nb_svm",
    "ridge_lags",
    "scores",
    "seasonal_naive",
]
