"""Embedding lookup."""

import jax
import jax.numpy as jnp

from seqconv_jax import _checks


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
    _checks.expect(
        jnp.issubdtype(ids.dtype, jnp.integer), "ids", "integers", str(ids.dtype)
    )
    # Narrow ids could not say that they are outside a longer table.
    ids = ids.astype(jnp.promote_types(ids.dtype, jnp.int32))
    return table.at[ids].get(
        mode="fill", fill_value=jnp.nan, wrap_negative_indices=False
    )
