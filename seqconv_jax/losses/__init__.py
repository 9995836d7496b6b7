"""Losses and scores per example; the caller reduces them over the batch.

Each takes predictions and targets and returns `(batch,)`, the mean over the outputs:

- of numbers, both `(batch, outputs)`: `mae`, `mse`, `huber`;
- of labels, 0 or 1 for each of `(batch, outputs)`: `binary_cross_entropy`, `accuracy`;
- of classes, one of several for each example: `categorical_cross_entropy` and
  `categorical_accuracy`, of class numbers `(batch, 1)` or probabilities
  `(batch, classes)`;
- of quantiles, predictions `(batch, outputs * quantiles)`: `pinball(quantiles)`,
  `quantile_mae`, `quantile_rate`, `interval_rate`.

Shapes that would broadcast raise: `(n, 1)` against `(n,)` is the classic way to average
over all pairs by mistake.

Those of labels and classes take logits. For a model that ends in a sigmoid or softmax,
they take probabilities: `functools.partial(accuracy, from_probabilities=True)`.
"""

from seqconv_jax.losses.binary import accuracy, binary_cross_entropy
from seqconv_jax.losses.categorical import (
    categorical_accuracy,
    categorical_cross_entropy,
)
from seqconv_jax.losses.errors import huber, mae, mse
from seqconv_jax.losses.kinds import check_outputs, labels_of
from seqconv_jax.losses.quantiles import (
    interval_rate,
    pinball,
    pinball_loss,
    quantile_mae,
    quantile_rate,
)

__all__ = [
    "accuracy",
    "binary_cross_entropy",
    "categorical_accuracy",
    "categorical_cross_entropy",
    "check_outputs",
    "huber",
    "interval_rate",
    "labels_of",
    "mae",
    "mse",
    "pinball",
    "pinball_loss",
    "quantile_mae",
    "quantile_rate",
]
