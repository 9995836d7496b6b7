"""Why a network said so: n-grams, words, and cells of a series.

    contributions         what each word of a text adds to an output
    ngrams                what the filters of a text network look for, over a corpus
    occlusion             how an output falls where a part of a series is left out
    integrated_gradients  an output shared by the steps and columns of a series

All numbers are computed in full precision, whatever `jax_default_matmul_precision`
says. `plots.words` and `plots.time_map` draw them.
"""

from seqconv_jax.explain.ngrams import FilterNGrams, ngrams
from seqconv_jax.explain.series import integrated_gradients, occlusion
from seqconv_jax.explain.series_map import SeriesMap
from seqconv_jax.explain.text import TextContributions, contributions

__all__ = [
    "FilterNGrams",
    "SeriesMap",
    "TextContributions",
    "contributions",
    "integrated_gradients",
    "ngrams",
    "occlusion",
]
