"""Matrix products, with derivatives that transpose nothing."""

import jax
import jax.numpy as jnp
from jax import lax

from seqconv_jax.ops.derivative import with_backward

__all__ = ["dot", "product"]


def dot(a: jax.Array, b: jax.Array, axis_a: int, axis_b: int) -> jax.Array:
    """Multiply two matrices along an axis of each, adding up in float32 at least.

    Example:
        >>> a = jnp.ones((2, 3))
        >>> dot(a, a, 0, 0).shape, dot(a, a, 1, 1).shape
        ((3, 3), (2, 2))
    """
    dtype = jnp.result_type(a, b)
    sums = jnp.promote_types(dtype, jnp.float32)
    along = (((axis_a,), (axis_b,)), ((), ()))
    y = lax.dot_general(
        a.astype(dtype), b.astype(dtype), along, preferred_element_type=sums
    )
    return y.astype(dtype)


def _forward(rows, kernel):
    return dot(rows, kernel, 1, 0), (rows, kernel)


def _backward(saved, d_y):
    rows, kernel = saved
    d_rows, d_kernel = dot(d_y, kernel, 1, 1), dot(rows, d_y, 0, 0)
    return d_rows.astype(rows.dtype), d_kernel.astype(kernel.dtype)


@with_backward(_forward, _backward)
def product(rows: jax.Array, kernel: jax.Array) -> jax.Array:
    """Multiply many rows, `(n, features)`, with a kernel, `(features, units)`.

    It is `rows @ kernel`. JAX's own derivative asks for the kernel's gradient in a
    form for which XLA on a CPU first transposes a copy of all rows of `dy`.
    """
    return dot(rows, kernel, 1, 0)
