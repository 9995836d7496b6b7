"""What is known of a score: the labels it takes, and the outputs of a model."""

import functools
from typing import Any, Literal

from seqconv_jax._checks import UserError
from seqconv_jax.losses.binary import accuracy, binary_cross_entropy
from seqconv_jax.losses.categorical import (
    categorical_accuracy,
    categorical_cross_entropy,
)

__all__ = ["check_outputs", "labels_of"]

Labels = Literal["binary", "several", "categorical"]

_CATEGORICAL = (categorical_cross_entropy, categorical_accuracy)
_OF_LABELS = (binary_cross_entropy, accuracy, *_CATEGORICAL)
_TO_PROBABILITIES = ("sigmoid", "softmax", "log_softmax", "log_sigmoid")
_OPTAX_OF_LOGITS = (
    *("sigmoid_binary_cross_entropy", "sigmoid_focal_loss", "ctc_loss"),
    *("softmax_cross_entropy", "softmax_cross_entropy_with_integer_labels"),
    *("safe_softmax_cross_entropy", "poly_loss_cross_entropy"),
)


def labels_of(score: Any) -> Labels | None:
    """Return which labels a score takes, if it is one of those here.

    Returns:
        `"binary"`: 0 or 1; `"several"`: likewise, of examples that may have several;
        `"categorical"`: classes; None for a score of numbers, or of somebody else.

    Example:
        >>> probable = functools.partial(accuracy, from_probabilities=True)
        >>> labels_of(probable), labels_of(len)
        ('binary', None)
    """
    function, options = _unwrapped(score)
    if function not in _OF_LABELS:
        return None
    if function in _CATEGORICAL:
        return "categorical"
    return "several" if options.get("several") else "binary"


def check_outputs(argument: str, score: Any, activation: str | None) -> None:
    """Raise if a score takes something else than what a model returns.

    Args:
        argument: what messages call the score.
        score: one of those here, or of Optax, or made of one by `functools.partial` or
            `jax.jit`; of any other nothing is known, and nothing is raised.
        activation: the last one of the model, by its name; None if it is not known.

    Raises:
        UserError: for logits expected of a sigmoid or softmax, for probabilities
            expected of anything else, and for those of classes expected of a sigmoid
            or those of labels of a softmax.

    Example:
        >>> check_outputs("loss", binary_cross_entropy, None)
        >>> check_outputs("loss", binary_cross_entropy, "linear")
        >>> check_outputs("loss", accuracy, "sigmoid")
        Traceback (most recent call last):
        seqconv_jax._checks.UserError: `loss` must take probabilities, which the model \
returns as its last activation is 'sigmoid', got accuracy, which takes logits; give \
functools.partial(losses.accuracy, from_probabilities=True), or leave the activation out
    """
    function, options = _unwrapped(score)
    name = getattr(function, "__name__", "")
    is_ours = function in _OF_LABELS
    is_optax = str(getattr(function, "__module__", "")).split(".")[0] == "optax"
    if not is_ours and not (is_optax and name in _OPTAX_OF_LOGITS):
        return
    returned = f"as its last activation is {activation!r}"
    if not options.get("from_probabilities"):
        if activation in _TO_PROBABILITIES:
            fitting = _of_activation(name, activation) if is_ours else name
            given = f"functools.partial(losses.{fitting}, from_probabilities=True)"
            raise UserError(
                f"`{argument}` must take probabilities, which the model returns "
                f"{returned}, got {name}, which takes logits; give "
                f"{given if is_ours else 'one of probabilities'}, or leave the "
                "activation out"
            )
        return
    if activation not in (None, "sigmoid", "softmax"):
        raise UserError(
            f"`{argument}` must take what the model returns, no probabilities "
            f"{returned}, got {name} with from_probabilities=True; leave that out"
        )
    if activation and (fitting := _of_activation(name, activation)) != name:
        kind = "of each label" if activation == "sigmoid" else "that sum to 1"
        raise UserError(
            f"`{argument}` must take probabilities {kind}, which the model returns "
            f"{returned}, got {name}; give losses.{fitting}, or another activation"
        )


def _of_activation(name: str, activation: str) -> str:
    """Return the name of the like score of what an activation returns.

    Example:
        >>> _of_activation("accuracy", "softmax")
        'categorical_accuracy'
    """
    names = {
        "binary_cross_entropy": "categorical_cross_entropy",
        "accuracy": "categorical_accuracy",
    }
    if activation.endswith("softmax"):
        return names.get(name, name)
    return {other: one for one, other in names.items()}.get(name, name)


def _unwrapped(score: Any) -> tuple[Any, dict[str, Any]]:
    """Return the function that a partial or a transformation was made of, and options.

    Example:
        >>> _unwrapped(functools.partial(int, base=2))
        (<class 'int'>, {'base': 2})
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
