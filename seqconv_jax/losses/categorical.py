"""Scores of classes: each example is of one of several, a logit for each."""

import jax
import jax.numpy as jnp

from seqconv_jax import _checks
from seqconv_jax._checks import UserError, expect_shape
from seqconv_jax.losses.inputs import SMALLEST, probabilities

__all__ = ["categorical_accuracy", "categorical_cross_entropy"]

_SUM_TOLERANCE = 1e-2  # what a softmax in bfloat16 may sum up to beside 1


def categorical_cross_entropy(
    logits: jax.Array, labels: jax.Array, *, from_probabilities: bool = False
) -> jax.Array:
    """Return the cross-entropy of classes under `softmax(logits)`.

    `-sum over classes of y log softmax(x)`, where `y` is 1 for the class that is given
    by its number; computed so that it is stable for logits of any size.

    Args:
        logits: `(batch, classes)` float, two classes or more.
        labels: `(batch, 1)` integers, the number of the class, from 0; or
            `(batch, classes)`, one-hot or probabilities.
        from_probabilities: whether `logits` are probabilities that sum to 1 already,
            those of a softmax; the logarithm is then taken between 1e-7 and 1 - 1e-7,
            as in Keras, and a row that is no distribution gives NaN.

    Returns:
        `(batch,)` in nats; NaN for the number of no class.

    Raises:
        UserError: unless both have these shapes, and for class numbers that are
            floats.

    Example:
        >>> logits = jnp.zeros((2, 3))
        >>> categorical_cross_entropy(logits, jnp.array([[2], [0]])).round(4).tolist()
        [1.0986000299453735, 1.0986000299453735]
        >>> from functools import partial
        >>> loss = partial(categorical_cross_entropy, from_probabilities=True)
        >>> float(loss(jnp.array([[0.5, 0.25, 0.25]]), jnp.array([[0]]))[0])
        0.6931471824645996
    """
    weights = _distribution(logits, labels)
    wide = logits.astype(weights.dtype)
    if from_probabilities:
        wide = jnp.clip(_of_softmax(wide), SMALLEST, 1 - SMALLEST)
        log_probabilities = jnp.log(wide)
    else:
        log_probabilities = jax.nn.log_softmax(wide, axis=-1)
    # A class of weight 0 may have the logarithm of nothing, which 0 times is NaN.
    nats = jnp.where(weights == 0, 0, -weights * log_probabilities)
    return nats.sum(axis=-1).astype(logits.dtype)


def categorical_accuracy(
    logits: jax.Array, labels: jax.Array, *, from_probabilities: bool = False
) -> jax.Array:
    """Return 1 where the largest logit is that of the class, else 0.

    Of several logits that are largest the first counts, as in Keras.

    Args:
        logits: `(batch, classes)` float, two classes or more.
        labels: `(batch, 1)` integers, the number of the class, from 0; or
            `(batch, classes)`, one-hot or probabilities, of which the largest counts.
        from_probabilities: whether `logits` are probabilities that sum to 1 already,
            those of a softmax; a row that is no distribution gives NaN.

    Returns:
        `(batch,)` float, 0 or 1; NaN for a NaN and for the number of no class.

    Raises:
        UserError: unless both have these shapes, and for class numbers that are
            floats.

    Example:
        >>> logits = jnp.array([[0.1, 2.0, 0.3], [3.0, 1.0, 2.0]])
        >>> categorical_accuracy(logits, jnp.array([[1], [2]])).tolist()
        [1.0, 0.0]
        >>> categorical_accuracy(logits, jnp.eye(3)[jnp.array([1, 0])]).tolist()
        [1.0, 1.0]
    """
    weights = _distribution(logits, labels)
    wide = logits.astype(weights.dtype)
    if from_probabilities:
        wide = _of_softmax(wide)
    right = jnp.argmax(wide, axis=-1) == jnp.argmax(weights, axis=-1)
    known = ~jnp.any(jnp.isnan(wide) | jnp.isnan(weights), axis=-1)
    return jnp.where(known, right, jnp.nan).astype(logits.dtype)


def _distribution(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Return labels as `(batch, classes)` probabilities, of float32 or wider.

    The number of no class becomes a row of NaN: indexing would take another one.
    """
    _checks.rank("predictions", logits, ("batch", "classes"))
    _checks.rank("targets", labels, ("batch", "1 or classes"))
    batch, classes = logits.shape
    expect_shape(classes > 1, "predictions", "(batch, 2 classes or more)", logits)
    fits = labels.shape in ((batch, 1), (batch, classes))
    both = f"({batch}, 1), the class's number, or {(batch, classes)}"
    expect_shape(fits, "targets", both, labels)
    dtype = jnp.promote_types(logits.dtype, "float32")
    if labels.shape[1] == classes:
        return labels.astype(dtype)
    if not jnp.issubdtype(labels.dtype, jnp.integer):
        raise UserError(
            f"`targets` must be integers, the classes' numbers, got {labels.dtype} of "
            f"shape {labels.shape}; .astype(np.int32) makes them"
        )
    one_hot = labels == jnp.arange(classes)[None, :]
    known = (labels >= 0) & (labels < classes)
    return jnp.where(known, one_hot, jnp.nan).astype(dtype)


def _of_softmax(values: jax.Array) -> jax.Array:
    """Return rows of probabilities as they are, NaN for one that is none."""
    off = jnp.abs(values.sum(axis=-1, keepdims=True) - 1)
    return jnp.where(off <= _SUM_TOLERANCE, probabilities(values), jnp.nan)
