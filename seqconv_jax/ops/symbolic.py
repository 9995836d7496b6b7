"""Sizes that are only known late: those of `jax.export.symbolic_shape`."""

from collections.abc import Callable
from typing import Any

import jax
from jax.core import max_dim

__all__ = ["is_symbolic", "max_dim", "surely"]


def is_symbolic(size: Any) -> bool:
    """Say whether a size of an array is an expression, and no number.

    Example:
        >>> (time,) = jax.export.symbolic_shape("time")
        >>> is_symbolic(2 * time), is_symbolic(7)
        (True, False)
    """
    return not isinstance(size, int) and jax.export.is_symbolic_dim(size)


def surely(compare: Callable[[], bool]) -> bool:
    """Return what a comparison of sizes says; False where none can be said.

    Raise for what is surely wrong, and rewrite only what is surely better: what is
    undecided goes the plain way.

    Example:
        >>> (time,) = jax.export.symbolic_shape("time")
        >>> surely(lambda: time > 7), surely(lambda: 2 * time > 1)
        (False, True)
    """
    try:
        return bool(compare())
    except jax.errors.InconclusiveDimensionOperation:
        return False
