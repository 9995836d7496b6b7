"""The optimiser of the reference experiments, in Keras's meaning."""

from typing import Any

import numpy as np
import optax

from seqconv_jax import _checks

__all__ = ["rmsprop"]


def rmsprop(
    learning_rate: float | optax.Schedule,
    *,
    decay: float = 0.9,
    epsilon: float = 1e-7,
    epsilon_in_root: bool = True,
    momentum: float = 0.0,
    centered: bool = False,
) -> optax.GradientTransformation:
    """Divide the gradient by a running root mean square of itself.

    `v <- decay v + (1 - decay) g^2` from `v = 0`, without bias correction; then

    - `r = sqrt(v + epsilon)`, or `sqrt(v) + epsilon` where `epsilon_in_root` is false;
      centered, with `v - m^2` for `v`, where `m <- decay m + (1 - decay) g`;
    - `u <- momentum u + learning_rate g / r` and `p <- p - u`.

    Epsilon in the root is Keras 3; outside it is Keras 2, and tf.keras without
    momentum. With gradients near 1e-4 they differ by more than the movement itself.

    Args:
        learning_rate: a positive number, or an optax schedule of the step.
        decay: the running average's weight on its past (Keras: `rho`).
        epsilon: keeps the division finite.
        epsilon_in_root: whether epsilon is added to the mean square.
        momentum: weight on the previous movement; 0 for none.
        centered: whether to subtract the squared running mean of the gradient.

    Returns:
        An optax gradient transformation.

    Raises:
        UserError: for a learning rate or epsilon that is not positive, or a decay or
            momentum outside [0, 1).

    Example:
        >>> tx, params, gradient = rmsprop(1e-3), {"w": 1.0}, {"w": 4.0}
        >>> updates, state = tx.update(gradient, tx.init(params), params)
        >>> round(float(updates["w"]), 6)  # -1e-3 / sqrt(0.1), whatever the gradient
        -0.003162

    Reference:
        Tieleman and Hinton, Coursera lecture 6.5 (2012).
    """
    if not callable(learning_rate):
        _check_rate(learning_rate)
    positive = _is_number(epsilon) and 0 < epsilon < np.inf
    _checks.expect(positive, "epsilon", "a positive number", epsilon)
    for option, value in {"decay": decay, "momentum": momentum}.items():
        fits = _is_number(value) and 0 <= value < 1
        _checks.expect(fits, option, "a number in [0, 1)", value)
    _checks.flag("epsilon_in_root", epsilon_in_root)
    _checks.flag("centered", centered)
    return optax.rmsprop(
        learning_rate,
        decay=decay,
        eps=epsilon,
        initial_scale=0.0,
        eps_in_sqrt=epsilon_in_root,
        centered=centered,
        momentum=momentum or None,
    )


def _is_number(value: Any) -> bool:
    return hasattr(value, "__float__") and np.ndim(value) == 0 and value is not True


def _check_rate(value: Any) -> None:
    """Raise unless a learning rate moves parameters of float32, and not to infinity."""
    name = "learning_rate"
    _checks.expect(
        _is_number(value) and 0 < float(value) < np.inf,
        name,
        "a positive number",
        value,
    )
    with np.errstate(over="ignore", under="ignore"):
        held = 0 < np.float32(float(value)) < np.inf
    _checks.expect(bool(held), name, "a number that float32 holds", value)
