"""Maximum and average over all steps, with an optional mask of real ones."""

import jax
import jax.numpy as jnp

from seqconv_jax.ops.explicit_mesh import on_any_mesh
from seqconv_jax.ops.max_over_time import max_over_time
from seqconv_jax.ops.pool import check_input, wide

__all__ = ["global_avg_pool", "global_max_pool"]


@on_any_mesh
def global_max_pool(x: jax.Array, *, mask: jax.Array | None = None) -> jax.Array:
    """Take the maximum over all real steps; 0 for a sequence without any.

    Args:
        x: `(batch, time, features)` float.
        mask: `(batch, time)` bool, true for real steps; None where all are real.

    Returns:
        `(batch, features)`.

    Raises:
        UserError: for wrong shapes or types, or a sequence without steps.

    Example:
        >>> global_max_pool(jnp.arange(4.0).reshape(1, 4, 1)).tolist()
        [[3.0]]
    """
    mask = check_input(x, mask)
    if mask is None:
        return max_over_time(x)
    best = max_over_time(jnp.where(mask[:, :, None], x, -jnp.inf))
    return jnp.where(jnp.any(mask, axis=1)[:, None], best, 0)


@on_any_mesh
def global_avg_pool(x: jax.Array, *, mask: jax.Array | None = None) -> jax.Array:
    """Average over all real steps; 0 for a sequence without any.

    Args:
        x: `(batch, time, features)` float.
        mask: `(batch, time)` bool, true for real steps; None where all are real.

    Returns:
        `(batch, features)`.

    Raises:
        UserError: for wrong shapes or types, or a sequence without steps.

    Example:
        >>> global_avg_pool(jnp.arange(4.0).reshape(1, 4, 1)).tolist()
        [[1.5]]
    """
    mask = check_input(x, mask)
    if mask is None:
        return jnp.mean(x, axis=1)
    kept = jnp.where(mask[:, :, None], x, 0)
    total = jnp.sum(kept, axis=1, dtype=wide(x))
    count = jnp.maximum(jnp.sum(mask, axis=1)[:, None], 1)
    return (total / count.astype(total.dtype)).astype(x.dtype)
