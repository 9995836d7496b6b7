"""Losses and scores per example; the caller reduces them over the batch.

Each takes `(batch, outputs)` predictions and targets of the same shape and returns
`(batch,)`, the mean over the outputs. Shapes that would broadcast raise: `(n, 1)`
against `(n,)` is the classic way to average over all pairs by mistake.
"""

import jax
import jax.numpy as jnp

from seqconv_jax import _checks


def binary_cross_entropy(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Return the cross-entropy of labels in {0, 1} under `sigmoid(logits)`.

    `log(1 + exp(x)) - x * y`, computed so that it is stable for logits of any size.
    It takes logits, not probabilities: a last layer needs no sigmoid.

    Args:
        logits: `(batch, outputs)` float.
        labels: `(batch, outputs)` float, 0 or 1.

    Returns:
        `(batch,)` in nats.

    Example:
        >>> float(binary_cross_entropy(jnp.zeros((1, 1)), jnp.ones((1, 1)))[0])
        0.6931471824645996
    """
    _check_pair(logits, labels)
    return (jax.nn.softplus(logits) - logits * labels).mean(axis=-1)


def mae(predictions: jax.Array, targets: jax.Array) -> jax.Array:
    """Return the mean absolute error, in the unit of the targets.

    Args:
        predictions: `(batch, outputs)` float.
        targets: `(batch, outputs)` float.

    Returns:
        `(batch,)`.

    Example:
        >>> mae(jnp.array([[1.0]]), jnp.array([[3.0]])).tolist()
        [2.0]
    """
    _check_pair(predictions, targets)
    return jnp.abs(predictions - targets).mean(axis=-1)


def mse(predictions: jax.Array, targets: jax.Array) -> jax.Array:
    """Return the mean squared error, in the squared unit of the targets.

    Args:
        predictions: `(batch, outputs)` float.
        targets: `(batch, outputs)` float.

    Returns:
        `(batch,)`.

    Example:
        >>> mse(jnp.array([[1.0]]), jnp.array([[3.0]])).tolist()
        [4.0]
    """
    _check_pair(predictions, targets)
    return jnp.square(predictions - targets).mean(axis=-1)


def accuracy(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Return 1 where the sign of the logit agrees with the label, else 0.

    Args:
        logits: `(batch, outputs)` float; positive means class 1.
        labels: `(batch, outputs)` float, 0 or 1.

    Returns:
        `(batch,)` float in [0, 1].

    Example:
        >>> accuracy(jnp.array([[2.0], [-1.0]]), jnp.array([[1.0], [1.0]])).tolist()
        [1.0, 0.0]
    """
    _check_pair(logits, labels)
    return ((logits > 0) == (labels > 0.5)).astype(logits.dtype).mean(axis=-1)


def _check_pair(predictions, targets) -> None:
    _checks.rank("predictions", predictions, ("batch", "outputs"))
    _checks.shape("targets", targets, predictions.shape)
