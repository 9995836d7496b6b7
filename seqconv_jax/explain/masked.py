"""The steps of a series that a network masks by what they hold."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn

from seqconv_jax.explain.subject import Subject
from seqconv_jax.nn import Masking, call

__all__ = ["real_steps"]


def real_steps(subject: Subject, x: np.ndarray) -> np.ndarray:
    """Return which steps of series are real for a network, `(n, time)` bool.

    Args:
        subject: the network; one without a `Masking` on its input masks nothing.
        x: `(n, time, features)`.
    """
    found: list[float] = []

    def look(method, arguments, keywords, context):
        layer = context.module
        if isinstance(layer, Masking) and context.method_name == "__call__":
            if arguments[0].shape == x.shape:
                found.append(layer.value)
        return method(*arguments, **keywords)

    def run(variables, x):
        with nn.intercept_methods(look):
            return subject.held.model.apply(variables, x, method=call, train=False)

    jax.eval_shape(run, subject.variables, jax.ShapeDtypeStruct(x.shape, jnp.float32))
    real = np.ones(x.shape[:2], bool)
    for value in found:
        real &= (x != np.float32(value)).any(axis=-1)
    return real
