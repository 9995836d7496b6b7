"""A wall that XLA can't move work across."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax


def behind_wall(known: jax.Array, function: Callable[..., Any], *operands: Any) -> Any:
    """Return `function(*operands)`, computed once, and not before `known` is.

    XLA on a CPU repeats cheap operations inside everything that uses their result, and
    computes early, or keeps, what a derivative means to compute late. It does neither
    to the inside of a branch, so this is one, with the same on both sides. (It drops
    `lax.optimization_barrier` before it decides.)

    Args:
        known: a float scalar.
        function: what to compute.
        operands: its arguments.
    """
    return lax.cond(jnp.isfinite(known), function, function, *operands)
