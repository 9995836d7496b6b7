"""One output of a network as a function of floats: of vectors in place of ids."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn

from seqconv_jax import ops
from seqconv_jax._checks import UserError
from seqconv_jax.explain.subject import Held, Subject
from seqconv_jax.nn import Embedding, call

__all__ = ["gradients", "outputs_of", "values", "vectors_of"]


def outputs_of(subject: Subject, x: np.ndarray) -> np.ndarray:
    """Return what a network says about examples, `(n, outputs)` float32.

    Args:
        subject: the network.
        x: `(n, time)` ids or `(n, time, features)`.
    """
    with jax.default_matmul_precision("highest"):
        return np.asarray(_outputs(subject.held, subject.variables, x, None))


def values(
    subject: Subject, points: Any, ids: np.ndarray | None, direction: np.ndarray
) -> np.ndarray:
    """Return `outputs @ direction` of some points, `(n,)` float64.

    Args:
        subject: the network.
        points: `(n, time, features)`: inputs or, with ids, what the embedding gives.
        ids: `(1, time)`, which all points share; None for inputs.
        direction: `(outputs,)`.
    """
    with jax.default_matmul_precision("highest"):
        found = _values(subject.held, subject.variables, points, ids, direction)
    return np.asarray(found, np.float64)


def gradients(
    subject: Subject, points: Any, ids: np.ndarray | None, direction: np.ndarray
) -> np.ndarray:
    """Return the derivative of each of `values` by its point, of the points' shape."""
    with jax.default_matmul_precision("highest"):
        found = _gradients(subject.held, subject.variables, points, ids, direction)
    return np.asarray(found, np.float64)


def vectors_of(subject: Subject, ids: np.ndarray) -> np.ndarray:
    """Return what the embedding gives for ids, `(1, time, features)`.

    Raises:
        UserError: for a network that does not call one embedding, once.
    """
    return np.asarray(_vectors(subject.held, subject.variables, ids))


@partial(jax.jit, static_argnums=0)
def _outputs(held, variables, points, ids):
    if ids is not None:
        ids = jnp.broadcast_to(ids, (len(points), ids.shape[1]))
        outputs, _ = _with_vectors(held, variables, ids, points)
    else:
        outputs = held.model.apply(variables, points, method=call, train=False)
    return outputs.reshape(len(points), -1)


@partial(jax.jit, static_argnums=0)
def _values(held, variables, points, ids, direction):
    return _outputs(held, variables, points, ids) @ direction


@partial(jax.jit, static_argnums=0)
def _gradients(held, variables, points, ids, direction):
    return jax.grad(lambda x: _values(held, variables, x, ids, direction).sum())(points)


@partial(jax.jit, static_argnums=0)
def _vectors(held, variables, ids):
    return _with_vectors(held, variables, ids, None)[1]


def _with_vectors(held: Held, variables: Any, ids: jax.Array, vectors: Any):
    """Apply a network with vectors in place of what its embedding gives.

    Returns:
        The outputs, and what the embedding gave.
    """
    given = []

    def replace(method, arguments, keywords, context):
        y = method(*arguments, **keywords)
        is_embedding = isinstance(context.module, Embedding | nn.Embed)
        if not is_embedding or context.method_name != "__call__":
            return y
        given.append(y)
        if vectors is None:
            return y
        return ops.hide(vectors.astype(y.dtype), keywords.get("mask"))

    # Whoever asks for intermediate results sees every layer called, embeddings too.
    options: dict[str, Any] = {"method": call, "mutable": ["intermediates"]}
    with nn.intercept_methods(replace):
        outputs, _ = held.model.apply(variables, ids, train=False, **options)
    if len(given) != 1:
        raise UserError(
            "`network` must call one embedding, once, for the path from zero vectors "
            f"to its own, got {len(given)} calls"
        )
    return outputs, given[0]
