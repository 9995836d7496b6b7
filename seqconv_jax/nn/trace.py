"""What each layer of a model returns, in the order of the calls."""

from typing import Any

import jax
from flax import linen as nn


def layer_outputs(
    model: nn.Module, variables: Any, x: Any, **options: Any
) -> list[tuple[str, jax.Array]]:
    """Apply a model and return `(name, output)` of each layer at its top level.

    Args:
        model: a module that maps a batch of sequences to an output.
        variables: its variables; None to initialise them from a fixed key.
        x: a batch.
        **options: passed on to `model.apply`.
    """
    outputs: list[tuple[str, jax.Array]] = []

    def record(call, args, kwargs, context):
        y = call(*args, **kwargs)
        if len(context.module.path) == 1 and context.method_name == "__call__":
            outputs.append((context.module.path[0], y))
        return y

    with nn.intercept_methods(record):
        if variables is None:
            model.init(jax.random.key(0), x, **options)
        else:
            model.apply(variables, x, **options)
    return outputs
