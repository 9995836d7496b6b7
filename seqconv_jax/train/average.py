"""An exponential moving average of the parameters, to evaluate in their place."""

from typing import Any

import jax
import jax.numpy as jnp

from seqconv_jax import _checks


def check_decay(decay: Any) -> float | None:
    """Return the weight of an average on its past, or None for no average.

    Raises:
        UserError: unless it lies in (0, 1).
    """
    if decay is None:
        return None
    fits = _checks.is_number(decay) and 0 < float(decay) < 1
    _checks.expect(fits, "ema_decay", "a number in (0, 1)", decay)
    return float(decay)


def update_average(average: Any, params: Any, step: jax.Array, decay: float) -> Any:
    """Return the moving average after a step.

    `a <- decay a + (1 - decay) p`; the first step's parameters begin it, as in Keras.

    Args:
        average: that before the step, of the structure of `params`.
        params: the parameters after the step.
        step: int32 scalar, updates done before the step.
        decay: the average's weight on its past, in (0, 1).

    Example:
        >>> first = update_average(jnp.float32(0), jnp.float32(1), jnp.int32(0), 0.75)
        >>> float(update_average(first, jnp.float32(2), jnp.int32(1), 0.75))
        1.25
    """

    def one(a, p):
        return jnp.where(step == 0, p, decay * a + (1 - decay) * p)

    return jax.tree.map(one, average, params)
