"""Flax's own layers that look across the batch, where it is spread over devices."""

from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from seqconv_jax import ops

__all__ = ["over_whole_batch"]


def over_whole_batch() -> AbstractContextManager[Any]:
    """Let Flax's dropout and batch normalisation see the whole batch.

    Dropout then drops what it would drop on one device, and batch normalisation takes
    mean and variance of all examples. Where the batch is not spread nothing changes.
    """
    part = ops.batch_part()
    if part is None:
        return nullcontext()
    return nn.intercept_methods(partial(_call, part.axis))


def _call(axis: str, method: Any, args: Any, kwargs: Any, context: Any) -> Any:
    module = context.module
    if context.method_name == "__call__":
        if type(module) is nn.Dropout:
            return _dropout(method, *args, **kwargs)
        if isinstance(module, nn.BatchNorm) and module.axis_name is None:
            object.__setattr__(module, "axis_name", axis)  # Flax's modules are frozen
    return method(*args, **kwargs)


def _dropout(method: Any, inputs: jax.Array, *args: Any, **kwargs: Any) -> jax.Array:
    def scale(shape: tuple[int, ...]) -> jax.Array:
        return method(jnp.ones(shape, inputs.dtype), *args, **kwargs)

    return inputs * ops.draw_for_batch(scale, inputs.shape)
