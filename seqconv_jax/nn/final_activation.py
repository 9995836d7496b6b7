"""Whether a model's outputs are probabilities, read off its layers."""

from typing import Any

import jax
from flax import linen as nn

from seqconv_jax.nn.combine import MatchWidth, Parallel, Residual
from seqconv_jax.nn.conv import Conv1D
from seqconv_jax.nn.dense import Activation, Dense
from seqconv_jax.nn.dropout import Dropout
from seqconv_jax.nn.pool import AvgPool1D, GlobalAvgPool1D, GlobalMaxPool1D, MaxPool1D
from seqconv_jax.nn.recurrent import Recurrent
from seqconv_jax.nn.sequential import Network, Sequential
from seqconv_jax.nn.steps import Flatten, LastStep

PROBABILITIES = ("sigmoid", "softmax")

# What comes out of them lies where what goes in does.
_PASS_ON = (
    *(Dropout, Flatten, LastStep, nn.Dropout),
    *(AvgPool1D, GlobalAvgPool1D, GlobalMaxPool1D, MaxPool1D),
)
# Flax's own `Sequential` takes functions among its layers.
_FUNCTIONS = {
    id(function): name
    for name in ("sigmoid", "softmax", "log_softmax", "log_sigmoid", "relu", "tanh")
    for function in (getattr(jax.nn, name), getattr(nn, name))
}


def final_activation(model: Any) -> str | None:
    """Return the name of the activation that a model's outputs come from.

    Args:
        model: a module.

    Returns:
        `"sigmoid"`, `"softmax"`, `"linear"`, ...; None if its layers do not say.

    Example:
        >>> final_activation(Sequential((Dense(4, "relu"), Dense(1, "sigmoid"))))
        'sigmoid'
        >>> final_activation(Sequential((Dense(1), Activation("softmax"), Flatten())))
        'softmax'
    """
    return _of_layers((model,))


def without_probabilities(model: Sequential) -> Sequential:
    """Return a model that leaves its final sigmoid or softmax out: it gives logits.

    The variables stay those of the model.

    Raises:
        ValueError: if its last layer is not that, or one that has it.

    Example:
        >>> without_probabilities(Sequential((Dense(1, "sigmoid"),)))[0].activation
        'linear'
    """
    *before, last = model.layers
    if isinstance(last, Activation) and last.function in PROBABILITIES:
        last = last.clone(function="linear")
    elif isinstance(last, Dense | Conv1D) and last.activation in PROBABILITIES:
        last = last.clone(activation="linear")
    else:
        raise ValueError(final_activation(model))
    return model.clone(layers=(*before, last))


def _of_layers(layers: Any) -> str | None:
    """Return the last activation of layers one after another; None if not known."""
    for layer in reversed(layers):
        name = _of_layer(layer)
        if name != "":
            return name
    return "linear"


def _of_layer(layer: Any) -> str | None:
    """Return a layer's activation; `""` where it is that of the layer before."""
    if id(layer) in _FUNCTIONS:
        return _FUNCTIONS[id(layer)]
    if isinstance(layer, _PASS_ON):
        return ""
    if isinstance(layer, Activation):
        return "" if layer.function == "linear" else layer.function
    if isinstance(layer, MatchWidth):
        return None
    if isinstance(layer, Dense | Conv1D | Residual):
        return layer.activation
    if isinstance(layer, Parallel):
        found = {_of_layers(branch) if branch else None for branch in layer.branches}
        return found.pop() if len(found) == 1 and layer.merge != "sum" else "linear"
    if isinstance(layer, nn.Dense | nn.Conv):
        return "linear"
    if isinstance(layer, Recurrent):
        return getattr(layer, "activation", "tanh")
    if isinstance(layer, Network | nn.Sequential) and not _calls_its_own(layer):
        return _of_layers(tuple(layer.layers)) if layer.layers else None
    return None


def _calls_its_own(layer: nn.Module) -> bool:
    """Say whether a class that derives from a network may do more than its layers."""
    owner = next(kind for kind in type(layer).__mro__ if "__call__" in vars(kind))
    return owner.__module__.split(".")[0] not in ("seqconv_jax", "flax")
