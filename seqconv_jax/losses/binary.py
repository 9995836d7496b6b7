"""Scores of labels, each 0 or 1: of two classes, or of several labels at once.

A model has one logit for two classes, and one a label where an example may have several
of them. Where it has exactly one of more than two, see `categorical`.
"""

import jax
import jax.numpy as jnp

from seqconv_jax.losses.inputs import SMALLEST, check_pair, probabilities

__all__ = ["accuracy", "binary_cross_entropy"]


def binary_cross_entropy(
    logits: jax.Array,
    labels: jax.Array,
    *,
    from_probabilities: bool = False,
    several: bool = False,
) -> jax.Array:
    """Return the cross-entropy of labels in {0, 1} under `sigmoid(logits)`.

    `mean over outputs of log(1 + exp(x)) - x y`, computed so that it is stable for
    logits of any size. They are logits, not probabilities: a last layer needs no
    sigmoid.

    Args:
        logits: `(batch, outputs)` float.
        labels: `(batch, outputs)` float, 0 or 1.
        from_probabilities: whether `logits` are probabilities in [0, 1] already; the
            logarithm is then taken between 1e-7 and 1 - 1e-7, as in Keras, and one
            outside of [0, 1] gives NaN.
        several: says that an example may have several labels, or none. Nothing is
            computed otherwise; without it training takes targets whose every row
            has a single 1 for classes, and raises.

    Returns:
        `(batch,)` in nats.

    Raises:
        UserError: unless both have the same shape `(batch, outputs)`.

    Example:
        >>> float(binary_cross_entropy(jnp.zeros((1, 1)), jnp.ones((1, 1)))[0])
        0.6931471824645996
        >>> half = jnp.full((1, 1), 0.5)
        >>> from functools import partial
        >>> loss = partial(binary_cross_entropy, from_probabilities=True)
        >>> float(loss(half, jnp.ones((1, 1)))[0])
        0.6931471824645996
    """
    check_pair(logits, labels)
    if from_probabilities:
        p = probabilities(logits).astype(jnp.promote_types(logits.dtype, "float32"))
        p = jnp.clip(p, SMALLEST, 1 - SMALLEST)
        nats = -labels * jnp.log(p) - (1 - labels) * jnp.log1p(-p)
        return nats.mean(axis=-1).astype(logits.dtype)
    return (jax.nn.softplus(logits) - logits * labels).mean(axis=-1)


def accuracy(
    logits: jax.Array,
    labels: jax.Array,
    *,
    from_probabilities: bool = False,
    several: bool = False,
) -> jax.Array:
    """Return the rate of outputs whose logit has the sign of the label.

    `mean over outputs of [(x > 0) = (y > 1/2)]`: 1 or 0 for a single output.

    Args:
        logits: `(batch, outputs)` float; positive means class 1.
        labels: `(batch, outputs)` float, 0 or 1.
        from_probabilities: whether `logits` are probabilities in [0, 1] already: more
            than a half then means class 1, and one outside of [0, 1] gives NaN.
        several: as in `binary_cross_entropy`.

    Returns:
        `(batch,)` float in [0, 1].

    Raises:
        UserError: unless both have the same shape `(batch, outputs)`.

    Example:
        >>> accuracy(jnp.array([[2.0], [-1.0]]), jnp.array([[1.0], [1.0]])).tolist()
        [1.0, 0.0]
    """
    check_pair(logits, labels)
    if from_probabilities:
        # Of values out of range, and of NaN, the difference is NaN: not greater.
        logits = probabilities(logits) - 0.5
        right = (logits > 0) == (labels > 0.5)
        return jnp.where(jnp.isnan(logits), logits, right).mean(axis=-1)
    return ((logits > 0) == (labels > 0.5)).astype(logits.dtype).mean(axis=-1)
