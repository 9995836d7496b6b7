"""A linear map over time, for each column by itself."""

import jax
import jax.numpy as jnp

from seqconv_jax import _checks
from seqconv_jax.ops.explicit_mesh import on_any_mesh

__all__ = ["column_map"]


@on_any_mesh
def column_map(
    x: jax.Array, kernel: jax.Array, bias: jax.Array | None = None
) -> jax.Array:
    """Map the steps of each column to other steps.

    `y[b, h, c] = sum_t x[b, t, c] kernel[t, h] + bias[h]`, or with `kernel[c, t, h]`
    and `bias[c, h]`, weights of its own for each column.

    Args:
        x: `(batch, time, columns)` float.
        kernel: `(time, steps)`, shared by all columns, or `(columns, time, steps)`.
        bias: `(steps,)` or `(columns, steps)`, as the kernel is; None for none.

    Returns:
        `(batch, steps, columns)`.

    Raises:
        UserError: for shapes that do not fit each other, and what is no float.

    Example:
        >>> x = jnp.array([[[1.0, 5.0], [2.0, 7.0]]])
        >>> column_map(x, jnp.array([[-1.0], [1.0]])).tolist()
        [[[1.0, 2.0]]]

    Reference:
        A. Zeng and others, arXiv:2205.13504.
    """
    _checks.rank("x", x, ("batch", "time", "columns"))
    _checks.floats("x", x)
    _checks.floats("kernel", kernel)
    own = len(kernel.shape) == 3
    columns = (x.shape[2],) if own else ()
    _checks.shape("kernel", kernel, (*columns, x.shape[1], None))
    y = jnp.einsum("btc,cth->bhc" if own else "btc,th->bhc", x, kernel)
    if bias is None:
        return y
    _checks.floats("bias", bias)
    _checks.shape("bias", bias, (*columns, kernel.shape[-1]))
    return y + (bias.T[None] if own else bias[None, :, None])
