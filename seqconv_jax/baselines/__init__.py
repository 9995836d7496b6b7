"""What a network has to beat: solved in closed form or to the end, in seconds.

Each baseline is fitted on the training rows of a task, and gives outputs of the shape
of a network's for any rows of it, so that one set of scores serves both.
"""

from seqconv_jax.baselines.linear import LinearModel, linear_svm
from seqconv_jax.baselines.ngrams import NGrams
from seqconv_jax.baselines.text import NBSVM, nb_svm

__all__ = ["NBSVM", "LinearModel", "NGrams", "linear_svm", "nb_svm"]
