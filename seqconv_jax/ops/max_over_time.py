"""The maximum over all steps, with a derivative that finds it again."""

import jax
import jax.numpy as jnp

from seqconv_jax.ops.derivative import with_backward
from seqconv_jax.ops.fusion_barrier import behind_fusion_barrier
from seqconv_jax.ops.symbolic import is_symbolic


def max_over_time(x: jax.Array) -> jax.Array:
    """Return the maximum of `(batch, time, features)` over time, `(batch, features)`.

    The gradient goes to the steps that equal the maximum, shared evenly. JAX's own
    derivative compares too, but XLA on a CPU computes cheap inputs anew for either
    side, a layer norm for one, and may round differently: then no step, or a wrong
    one, equals the maximum, and the gradient is NaN or wrong. Here the maximum and the
    comparison read the same array.
    """
    if is_symbolic(x.shape[1]):  # of as few steps as none, as far as is known
        return jnp.max(x, axis=1, initial=-jnp.inf)
    return _max(x) if 0 not in x.shape else max_over_time_reference(x)


def max_over_time_reference(x: jax.Array) -> jax.Array:
    """Return the maximum as JAX does: what the safer way must equal."""
    return jnp.max(x, axis=1)


def _forward(x):
    best = behind_fusion_barrier(x[0, 0, 0], max_over_time_reference, x)
    return best, (x, best)


def _backward(saved, d_best):
    x, best = saved

    def to_steps(x, best, d_best):
        here = x == best[:, None]
        # There is none where x holds NaN: the result says so already.
        count = jnp.maximum(jnp.sum(here, axis=1, dtype=d_best.dtype), 1)
        return jnp.where(here, (d_best / count)[:, None], 0)

    return (behind_fusion_barrier(d_best[0, 0], to_steps, x, best, d_best),)


_max = with_backward(_forward, _backward)(max_over_time_reference)
