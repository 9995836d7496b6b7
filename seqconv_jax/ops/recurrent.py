"""What the recurrent operations share: projecting inputs, masks, the loop, and checks.

All of them project the inputs of all steps before the loop over time, which then holds
only what truly depends on the step before. A kernel's gates lie side by side, each
`units` wide. Dropout masks are the same at all steps (Gal and Ghahramani,
arXiv:1512.05287).
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from seqconv_jax import _checks
from seqconv_jax.ops.masking import check_mask
from seqconv_jax.ops.product import product
from seqconv_jax.ops.symbolic import is_symbolic

__all__ = ["project_inputs"]


class Activation(NamedTuple):
    """An activation, and its derivative as a function of its own output."""

    apply: Callable[[jax.Array], jax.Array]
    derivative: Callable[[jax.Array], jax.Array]


# Those alone whose derivative their output gives: a loop keeps what its gates let
# through, not what was projected onto them.
_SELU_SCALE, _SELU_SLOPE = 1.0507009873554805, 1.7580993408473766
ACTIVATIONS = {
    "tanh": Activation(jnp.tanh, lambda y: 1 - jnp.square(y)),
    "relu": Activation(jax.nn.relu, lambda y: jnp.where(y > 0, 1, 0)),
    "linear": Activation(lambda x: x, jnp.ones_like),
    "sigmoid": Activation(jax.nn.sigmoid, lambda s: s * (1 - s)),
    "hard_sigmoid": Activation(
        jax.nn.hard_sigmoid, lambda s: jnp.where((s > 0) & (s < 1), 1 / 6, 0)
    ),
    "hard_sigmoid_keras2": Activation(
        lambda x: jnp.clip(0.2 * x + 0.5, 0.0, 1.0),
        lambda s: jnp.where((s > 0) & (s < 1), 0.2, 0),
    ),
    "softplus": Activation(jax.nn.softplus, lambda y: -jnp.expm1(-y)),
    "softsign": Activation(jax.nn.soft_sign, lambda y: jnp.square(1 - jnp.abs(y))),
    "elu": Activation(jax.nn.elu, lambda y: jnp.where(y > 0, 1, y + 1)),
    "selu": Activation(
        jax.nn.selu, lambda y: jnp.where(y > 0, _SELU_SCALE, y + _SELU_SLOPE)
    ),
}


def project_inputs(
    x: jax.Array,
    kernel: jax.Array,
    bias: jax.Array | None = None,
    dropout_mask: jax.Array | None = None,
    *,
    gates: int = 3,
) -> jax.Array:
    """Return `x @ kernel + bias` of all steps, time first, for a loop of one's own.

    Args:
        x: `(batch, time, features)`.
        kernel: `(features, gates * units)`.
        bias: `(gates * units,)` or None.
        dropout_mask: `(gates, batch, features)`, one mask a gate, or None.
        gates: 3 for `gru_cell`, 4 for `lstm_cell`, 1 for `simple_rnn_cell`.

    Returns:
        `(time, batch, gates * units)`.

    Example:
        >>> project_inputs(jnp.ones((2, 5, 4)), jnp.zeros((4, 9))).shape
        (5, 2, 9)
    """
    _checks.floats("x", x)
    _checks.floats("kernel", kernel)
    y = jnp.concatenate(project(x, kernel, dropout_mask, gates), axis=-1)
    return y if bias is None else y + bias[None, None, :]


def project(x, kernel, dropout_mask, gates: int) -> list[jax.Array]:
    """Project gate by gate, in arrays of their own: `(time, batch, units)` each."""
    time, batch, features = x.shape[1], x.shape[0], x.shape[2]
    x = jnp.swapaxes(x, 0, 1)
    masks = (None,) * gates if dropout_mask is None else dropout_mask
    projected = []
    for part, mask in zip(jnp.split(kernel, gates, axis=1), masks, strict=True):
        kept = x if mask is None else x * mask[None]
        if is_symbolic(time * batch):
            projected.append(kept @ part)
            continue
        rows = product(kept.reshape(time * batch, features), part)
        projected.append(rows.reshape(time, batch, part.shape[1]))
    return projected


def held(real, new, otherwise):
    """Return `new` at the real steps, `otherwise` at the masked ones."""
    return new if real is None else jnp.where(real[:, None], new, otherwise)


State = tuple[jax.Array, ...]


def run(
    step: Callable[[Any, State], State],
    inputs: Any,
    state: State,
    mask: jax.Array | None,
    *,
    reverse: bool,
    return_sequences: bool,
) -> jax.Array:
    """Advance a state over all steps; masked steps carry it unchanged.

    Args:
        step: maps a step's inputs and the state to the next state.
        inputs: arrays that begin with time.
        state: arrays `(batch, units)`, of which the first is put out.
        mask: `(batch, time)` bool, true for real steps; None where all are.
        reverse: whether to run from the last step to the first.
        return_sequences: whether to return what is put out at every step, in the order
            of the input, `(batch, time, units)`, or at the last, `(batch, units)`.
    """

    def advance(state, each):
        inputs, real = each
        state = jax.tree.map(partial(held, real), step(inputs, state), state)
        return state, state[0] if return_sequences else None

    each = (inputs, None if mask is None else mask.T)
    last, states = lax.scan(advance, state, each, reverse=reverse)
    return last[0] if states is None else jnp.swapaxes(states, 0, 1)


def run_reference(
    step: Callable[[Any, State], State],
    x: jax.Array,
    state: State,
    mask: jax.Array | None,
    *,
    reverse: bool,
    return_sequences: bool,
) -> jax.Array:
    """Do what `run` does in a Python loop, on inputs `(batch, time, features)`."""
    states = [state] * x.shape[1]
    order = reversed(range(len(states))) if reverse else range(len(states))
    for t in order:
        new = step(x[:, t], state)
        if mask is not None:
            new = jax.tree.map(partial(held, mask[:, t]), new, state)
        states[t] = state = new
    return jnp.stack([s[0] for s in states], 1) if return_sequences else state[0]


def check_arguments(
    x, kernel, recurrent_kernel, bias, mask, *, gates: int, bias_rows: int = 1
) -> None:
    """Raise unless the arrays of a recurrent operation fit each other."""
    _checks.rank("x", x, ("batch", "time", "features"))
    _checks.expect_shape(x.shape[1] != 0, "x", "(batch, at least 1 step, features)", x)
    weights = {"kernel": kernel, "recurrent_kernel": recurrent_kernel, "bias": bias}
    for name, array in {"x": x, **weights}.items():
        if array is not None:
            _checks.floats(name, array)
    units = recurrent_kernel.shape[0]
    width = gates * units
    _checks.shape("recurrent_kernel", recurrent_kernel, (units, width))
    _checks.shape("kernel", kernel, (x.shape[2], width))
    if bias is not None:
        wanted = (width,) if bias_rows == 1 else (bias_rows, width)
        _checks.shape("bias", bias, wanted)
    if mask is not None:
        check_mask(mask, x)


def check_dropout_masks(x, units: int, input_mask, recurrent_mask, *gates: int) -> None:
    """Raise unless the dropout masks fit; `gates` is their first axis, if they have."""
    batch, _, features = x.shape
    for name, mask, width in [
        ("input_dropout_mask", input_mask, features),
        ("recurrent_dropout_mask", recurrent_mask, units),
    ]:
        if mask is not None:
            _checks.floats(name, mask)
            _checks.shape(name, mask, (*gates, batch, width))
