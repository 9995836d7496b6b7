"""Losses and scores per example; the caller reduces them over the batch.

Each takes `(batch, outputs)` predictions and targets of the same shape and returns
`(batch,)`, the mean over the outputs. Shapes that would broadcast raise: `(n, 1)`
against `(n,)` is the classic way to average over all pairs by mistake.
"""

import jax
import jax.numpy as jnp

from seqconv_jax import _checks

__all__ = ["accuracy", "binary_cross_entropy", "mae", "mse"]


def binary_cross_entropy(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Return the cross-entropy of labels in {0, 1} under `sigmoid(logits)`.

    `mean over outputs of log(1 + exp(x)) - x y`, computed so that it is stable for
    logits of any size. They are logits, not probabilities: a last layer needs no
    sigmoid.

    Args:
        logits: `(batch, outputs)` float.
        labels: `(batch, outputs)` float, 0 or 1.

    Returns:
        `(batch,)` in nats.

    Raises:
        UserError: unless both have the same shape `(batch, outputs)`.

    Example:
        >>> float(binary_cross_entropy(jnp.zeros((1, 1)), jnp.ones((1, 1)))[0])
        0.6931471824645996
    """
    _check_pair(logits, labels)
    return (jax.nn.softplus(logits) - logits * labels).mean(axis=-1)


def mae(predictions: jax.Array, targets: jax.Array) -> jax.Array:
    """Return the mean absolute error, in the unit of the targets.

    `mean over outputs of |p - y|`.

    Args:
        predictions: `(batch, outputs)` float.
        targets: `(batch, outputs)` float.

    Returns:
        `(batch,)`.

    Raises:
        UserError: unless both have the same shape `(batch, outputs)`.

    Example:
        >>> mae(jnp.array([[1.0]]), jnp.array([[3.0]])).tolist()
        [2.0]
    """
    _check_pair(predictions, targets)
    return jnp.abs(predictions - targets).mean(axis=-1)


def mse(predictions: jax.Array, targets: jax.Array) -> jax.Array:
    """Return the mean squared error, in the squared unit of the targets.

    `mean over outputs of (p - y)^2`.

    Args:
        predictions: `(batch, outputs)` float.
        targets: `(batch, outputs)` float.

    Returns:
        `(batch,)`.

    Raises:
        UserError: unless both have the same shape `(batch, outputs)`.

    Example:
        >>> mse(jnp.array([[1.0]]), jnp.array([[3.0]])).tolist()
        [4.0]
    """
    _check_pair(predictions, targets)
    return jnp.square(predictions - targets).mean(axis=-1)


def accuracy(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Return the rate of outputs whose logit has the sign of the label.

    `mean over outputs of [(x > 0) = (y > 1/2)]`: 1 or 0 for a single output.

    Args:
        logits: `(batch, outputs)` float; positive means class 1.
        labels: `(batch, outputs)` float, 0 or 1.

    Returns:
        `(batch,)` float in [0, 1].

    Raises:
        UserError: unless both have the same shape `(batch, outputs)`.

    Example:
        >>> accuracy(jnp.array([[2.0], [-1.0]]), jnp.array([[1.0], [1.0]])).tolist()
        [1.0, 0.0]
    """
    _check_pair(logits, labels)
    return ((logits > 0) == (labels > 0.5)).astype(logits.dtype).mean(axis=-1)


LABEL_SCORES = (binary_cross_entropy, accuracy)  # their targets lie in [0, 1]


def _check_pair(predictions, targets) -> None:
    _checks.rank("predictions", predictions, ("batch", "outputs"))
    _checks.shape("targets", targets, predictions.shape)
