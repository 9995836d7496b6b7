"""A barrier that XLA neither fuses nor moves work across."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

__all__ = ["behind_fusion_barrier"]


def behind_fusion_barrier(
    known: jax.Array, function: Callable[..., Any], *operands: Any
) -> Any:
    """Return `function(*operands)`, computed once, and not before `known` is.

    XLA on a CPU repeats cheap operations inside everything that uses their result, and
    computes early, or keeps, what a derivative means to compute late. It does neither
    to the inside of a branch, so this is one, with the same on both sides. (It drops
    `lax.optimization_barrier` before it decides. Elsewhere that one holds, and a branch
    would make the host wait for `known`.)

    Args:
        known: a float scalar.
        function: what to compute.
        operands: its arguments.

    Example:
        >>> behind_fusion_barrier(jnp.array(1.0), jnp.add, 1.0, 2.0).item()
        3.0
    """
    if jax.default_backend() == "cpu":
        return lax.cond(jnp.isfinite(known), function, function, *operands)
    _, operands = lax.optimization_barrier((known, operands))
    return function(*operands)
