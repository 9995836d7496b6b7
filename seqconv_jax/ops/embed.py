"""Embedding lookup."""

import jax
import jax.numpy as jnp

from seqconv_jax import _checks
from seqconv_jax.ops.explicit_mesh import on_any_mesh

__all__ = ["embed"]


@on_any_mesh
def embed(ids: jax.Array, table: jax.Array) -> jax.Array:
    """Look up the row of `table` for every id.

    An id outside the table gives NaN, so that a wrong vocabulary stops the training
    at its first step; JAX's own indexing would clamp it to the last word without a
    sign.

    Args:
        ids: integers of any shape, each in `[0, vocabulary)`.
        table: `(vocabulary, features)` float.

    Returns:
        `ids.shape + (features,)` float.

    Raises:
        UserError: if the ids are no integers or the table is no matrix.

    Example:
        >>> embed(jnp.array([1, 0]), jnp.array([[1.0], [2.0]])).tolist()
        [[2.0], [1.0]]
    """
    _checks.rank("table", table, ("vocabulary", "features"))
    _checks.floats("table", table)
    _checks.integers("ids", ids)
    table = jnp.asarray(table)
    # Compared before the lookup, which may narrow wide ids to another word's.
    known = (ids >= 0) & (ids < table.shape[0])
    rows = table.at[jnp.where(known, ids, 0).astype(jnp.int32)].get(
        mode="promise_in_bounds"
    )
    return jnp.where(known[..., None], rows, jnp.nan)
