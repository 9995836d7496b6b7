"""A learning rate that falls where the loss of an epoch no longer does."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from seqconv_jax import _checks


def scaled_by_plateau(
    tx: optax.GradientTransformation, plateau: Any
) -> tuple[optax.GradientTransformationExtraArgs, Callable[[Any, float], Any]]:
    """Scale an optimiser's updates by what a plateau detector holds.

    Unlike in a chain, where it would see the loss of every batch, the detector sees one
    value an epoch.

    Args:
        tx: the optimiser.
        plateau: a transformation that wants a `value` and whose state has a `scale`,
            such as `optax.contrib.reduce_on_plateau()`.

    Returns:
        The optimiser, whose state is a pair, and `observe(opt_state, value)`, which
        returns the state after an epoch.

    Raises:
        UserError: if `plateau` is anything else.

    Example:
        >>> plateau = optax.contrib.reduce_on_plateau(factor=0.5, patience=1)
        >>> tx, observe = scaled_by_plateau(optax.sgd(1.0), plateau)
        >>> one = jnp.float32(1)
        >>> state = tx.init(one)
        >>> for loss in (2.0, 2.0):  # no better
        ...     state = observe(state, loss)
        >>> float(tx.update(one, state, one)[0])
        -0.5
    """
    expected = "a transformation such as `optax.contrib.reduce_on_plateau()`"
    wants_value = isinstance(plateau, optax.GradientTransformationExtraArgs)
    _checks.expect(wants_value, "plateau", expected, plateau)
    tx = optax.with_extra_args_support(tx)

    def init(params):
        state = plateau.init(params)
        _checks.expect(hasattr(state, "scale"), "plateau", expected, plateau)
        return tx.init(params), state

    def update(updates, state, params=None, **extra):
        inner, held = state
        updates, inner = tx.update(updates, inner, params, **extra)
        updates = jax.tree.map(lambda u: u * held.scale.astype(u.dtype), updates)
        return updates, (inner, held)

    @jax.jit
    def see(held, value):
        return plateau.update({}, held, value=value)[1]

    def observe(state, value):
        inner, held = state
        return inner, see(held, jax.device_put(jnp.float32(value)))

    return optax.GradientTransformationExtraArgs(init, update), observe
