"""The precision of matrix products that a run was trained with."""

import contextlib
from contextlib import AbstractContextManager
from typing import Any

import jax

from seqconv_jax._checks import UserError


def chosen_precision() -> str | None:
    """Return that of JAX's settings; None for its default."""
    return getattr(jax.config, "jax_default_matmul_precision", None)


def matmul_precision(name: Any) -> AbstractContextManager[Any]:
    """Return a context in which products are as precise as `name` says.

    On a GPU, JAX's default and `"highest"` give other numbers.

    Args:
        name: a value of `jax_default_matmul_precision`; None for JAX's default.

    Raises:
        UserError: for a value that JAX does not know.

    Example:
        >>> with matmul_precision("highest"):
        ...     jax.config.jax_default_matmul_precision
        'highest'
    """
    if name == chosen_precision():
        return contextlib.nullcontext()
    try:
        context = jax.default_matmul_precision(name)
        with context:
            pass
    except (TypeError, ValueError) as error:
        raise UserError(
            f"`matmul_precision` must be one that JAX knows, got {name!r}"
        ) from error
    return jax.default_matmul_precision(name)
