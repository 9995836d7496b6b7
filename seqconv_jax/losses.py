"""Losses and scores per example; the caller reduces them over the batch.

Each takes `(batch, outputs)` predictions and targets of the same shape and returns
`(batch,)`, the mean over the outputs. Shapes that would broadcast raise: `(n, 1)`
against `(n,)` is the classic way to average over all pairs by mistake.

Those of classes take logits. For a model that ends in a sigmoid, they take
probabilities: `functools.partial(binary_cross_entropy, from_probabilities=True)`.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp

from seqconv_jax import _checks
from seqconv_jax._checks import UserError

_SMALLEST = 1e-7  # Keras's: the probability that a logarithm is taken of at least

__all__ = ["accuracy", "binary_cross_entropy", "mae", "mse"]


def binary_cross_entropy(
    logits: jax.Array, labels: jax.Array, *, from_probabilities: bool = False
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

    Returns:
        `(batch,)` in nats.

    Raises:
        UserError: unless both have the same shape `(batch, outputs)`.

    Example:
        >>> float(binary_cross_entropy(jnp.zeros((1, 1)), jnp.ones((1, 1)))[0])
        0.6931471824645996
        >>> half = jnp.full((1, 1), 0.5)
        >>> loss = functools.partial(binary_cross_entropy, from_probabilities=True)
        >>> float(loss(half, jnp.ones((1, 1)))[0])
        0.6931471824645996
    """
    _check_pair(logits, labels)
    if from_probabilities:
        p = _probabilities(logits).astype(jnp.promote_types(logits.dtype, "float32"))
        p = jnp.clip(p, _SMALLEST, 1 - _SMALLEST)
        nats = -labels * jnp.log(p) - (1 - labels) * jnp.log1p(-p)
        return nats.mean(axis=-1).astype(logits.dtype)
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


def accuracy(
    logits: jax.Array, labels: jax.Array, *, from_probabilities: bool = False
) -> jax.Array:
    """Return the rate of outputs whose logit has the sign of the label.

    `mean over outputs of [(x > 0) = (y > 1/2)]`: 1 or 0 for a single output.

    Args:
        logits: `(batch, outputs)` float; positive means class 1.
        labels: `(batch, outputs)` float, 0 or 1.
        from_probabilities: whether `logits` are probabilities in [0, 1] already: more
            than a half then means class 1, and one outside of [0, 1] gives NaN.

    Returns:
        `(batch,)` float in [0, 1].

    Raises:
        UserError: unless both have the same shape `(batch, outputs)`.

    Example:
        >>> accuracy(jnp.array([[2.0], [-1.0]]), jnp.array([[1.0], [1.0]])).tolist()
        [1.0, 0.0]
    """
    _check_pair(logits, labels)
    if from_probabilities:
        # Of values out of range, and of NaN, the difference is NaN: not greater.
        logits = _probabilities(logits) - 0.5
        right = (logits > 0) == (labels > 0.5)
        return jnp.where(jnp.isnan(logits), logits, right).mean(axis=-1)
    return ((logits > 0) == (labels > 0.5)).astype(logits.dtype).mean(axis=-1)


LABEL_SCORES = (binary_cross_entropy, accuracy)  # their targets lie in [0, 1]


def check_outputs(argument: str, score: Any, activation: str | None) -> None:
    """Raise if a score takes something else than what a model returns.

    Args:
        argument: what messages call the score.
        score: one of those here, or of Optax, or made of one by `functools.partial` or
            `jax.jit`; of any other nothing is known, and nothing is raised.
        activation: the last one of the model, by its name; None if it is not known.

    Raises:
        UserError: for logits expected of a sigmoid or softmax, and for probabilities
            expected of anything else.

    Example:
        >>> check_outputs("loss", mse, "sigmoid")
        >>> check_outputs("loss", binary_cross_entropy, "linear")
        >>> check_outputs("loss", accuracy, "sigmoid")
        Traceback (most recent call last):
        seqconv_jax._checks.UserError: `loss` must take probabilities, which the model \
returns as its last activation is 'sigmoid', got accuracy, which takes logits; give \
functools.partial(losses.accuracy, from_probabilities=True), or leave the activation out
    """
    function, options = unwrapped(score)
    name = getattr(function, "__name__", "")
    is_ours = function in (binary_cross_entropy, accuracy)
    is_optax = str(getattr(function, "__module__", "")).split(".")[0] == "optax"
    if not is_ours and not (is_optax and name in _OPTAX_OF_LOGITS):
        return
    returned = f"as its last activation is {activation!r}"
    if not options.get("from_probabilities"):
        if activation in _TO_PROBABILITIES:
            given = f"functools.partial(losses.{name}, from_probabilities=True)"
            raise UserError(
                f"`{argument}` must take probabilities, which the model returns "
                f"{returned}, got {name}, which takes logits; give "
                f"{given if is_ours else 'one of probabilities'}, or leave the "
                "activation out"
            )
    elif activation not in (None, *_TO_PROBABILITIES[:2]):
        raise UserError(
            f"`{argument}` must take what the model returns, no probabilities "
            f"{returned}, got {name} with from_probabilities=True; leave that out"
        )


_TO_PROBABILITIES = ("sigmoid", "softmax", "log_softmax", "log_sigmoid")
_OPTAX_OF_LOGITS = (
    *("sigmoid_binary_cross_entropy", "sigmoid_focal_loss", "ctc_loss"),
    *("softmax_cross_entropy", "softmax_cross_entropy_with_integer_labels"),
    *("safe_softmax_cross_entropy", "poly_loss_cross_entropy"),
)


def unwrapped(score: Any) -> tuple[Any, dict[str, Any]]:
    """Return the function that a partial or a transformation was made of, and options.

    Example:
        >>> unwrapped(jax.jit(functools.partial(mse)))[0] is mse
        True
    """
    options: dict[str, Any] = {}
    while True:
        if isinstance(score, functools.partial):
            options = {**score.keywords, **options}
            score = score.func
        elif hasattr(score, "__wrapped__"):
            score = score.__wrapped__
        else:
            return score, options


def _probabilities(values: jax.Array) -> jax.Array:
    """Return values as they are, NaN for those that are no probability."""
    return jnp.where((values >= 0) & (values <= 1), values, jnp.nan)


def _check_pair(predictions, targets) -> None:
    _checks.rank("predictions", predictions, ("batch", "outputs"))
    _checks.shape("targets", targets, predictions.shape)
