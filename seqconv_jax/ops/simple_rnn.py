"""Plain recurrent network over a sequence: its state is its output."""

import jax
import jax.numpy as jnp

from seqconv_jax import _checks
from seqconv_jax.ops.explicit_mesh import on_any_mesh
from seqconv_jax.ops.masking import check_mask, hide
from seqconv_jax.ops.recurrent import (
    ACTIVATIONS,
    check_arguments,
    check_dropout_masks,
    project,
    run,
    run_reference,
)

__all__ = ["simple_rnn", "simple_rnn_cell"]


@on_any_mesh
def simple_rnn(
    x: jax.Array,
    kernel: jax.Array,
    recurrent_kernel: jax.Array,
    bias: jax.Array | None = None,
    *,
    activation: str = "tanh",
    initial_state: jax.Array | None = None,
    mask: jax.Array | None = None,
    reverse: bool = False,
    return_sequences: bool = False,
    input_dropout_mask: jax.Array | None = None,
    recurrent_dropout_mask: jax.Array | None = None,
) -> jax.Array:
    """Run a plain recurrent network over a sequence.

    With `n` the input and `m` the recurrent dropout mask,

        h = activation((n x) W + (m h) U + b)

    At masked steps the state is carried over unchanged. What is in half precision is
    computed in float32 within the loop, and so are the sums of the weights' gradients.

    Args:
        x: `(batch, time, features)` float.
        kernel: `(features, units)`.
        recurrent_kernel: `(units, units)`.
        bias: `(units,)`; None for none.
        activation: as for `gru`.
        initial_state: `(batch, units)`; zeros where None.
        mask: `(batch, time)` bool, true for real steps; what lies at the others, even
            NaN, changes nothing.
        reverse: whether to run from the last step to the first. Outputs stay in the
            order of the input, unlike Keras's `go_backwards`, which flips them.
        return_sequences: whether to return all states or the final one.
        input_dropout_mask: `(batch, features)`, for all steps.
        recurrent_dropout_mask: `(batch, units)`, for all steps.

    Returns:
        `(batch, units)`, or `(batch, time, units)` with `return_sequences`.

    Raises:
        UserError: for arguments whose shapes do not fit each other.

    Example:
        >>> x, w, u = jnp.ones((1, 3, 1)), jnp.ones((1, 1)), jnp.ones((1, 1))
        >>> simple_rnn(x, w, u, activation="relu", return_sequences=True).tolist()
        [[[1.0], [2.0], [3.0]]]

    References:
        Elman, Cognitive Science 14 (1990); Gal and Ghahramani, arXiv:1512.05287 (masks
        fixed over time).
    """
    check_arguments(x, kernel, recurrent_kernel, bias, mask, gates=1)
    _checks.one_of("activation", activation, ACTIVATIONS)
    batch, units = x.shape[0], recurrent_kernel.shape[0]
    check_dropout_masks(x, units, input_dropout_mask, recurrent_dropout_mask)
    dtype = jnp.result_type(x, recurrent_kernel)
    wide = jnp.promote_types(dtype, jnp.float32)
    if initial_state is None:
        initial_state = jnp.zeros((batch, units))
    _checks.floats("initial_state", initial_state)
    _checks.shape("initial_state", initial_state, (batch, units))
    start = initial_state.astype(wide)
    kernel_wide, bias, dropped = jax.tree.map(
        lambda array: array.astype(wide),
        (recurrent_kernel, bias, recurrent_dropout_mask),
    )

    def step(projected, state):
        projected = projected.astype(wide)
        new = _advance(projected, state[0], kernel_wide, bias, dropped, activation)
        return (new,)

    mask = None if mask is None else check_mask(mask, x)
    gate_mask = None if input_dropout_mask is None else input_dropout_mask[None]
    (projected,) = project(hide(x, mask), kernel, gate_mask, 1)
    options = {"reverse": reverse, "return_sequences": return_sequences}
    return run(step, projected, (start,), mask, **options).astype(dtype)


def simple_rnn_reference(
    x,
    kernel,
    recurrent_kernel,
    bias=None,
    *,
    activation: str = "tanh",
    initial_state=None,
    mask=None,
    reverse: bool = False,
    return_sequences: bool = False,
    input_dropout_mask=None,
    recurrent_dropout_mask=None,
) -> jax.Array:
    """Walk from step to step: what `simple_rnn` must equal, and its derivatives."""

    def step(x, state):
        seen = x if input_dropout_mask is None else x * input_dropout_mask
        (kept,) = state
        if recurrent_dropout_mask is not None:
            kept = kept * recurrent_dropout_mask
        total = seen @ kernel + kept @ recurrent_kernel
        total = total if bias is None else total + bias[None]
        return (ACTIVATIONS[activation].apply(total),)

    state = jnp.zeros((x.shape[0], recurrent_kernel.shape[0]))
    state = state if initial_state is None else initial_state
    options = {"reverse": reverse, "return_sequences": return_sequences}
    return run_reference(step, hide(x, mask), (state,), mask, **options)


@on_any_mesh
def simple_rnn_cell(
    projected: jax.Array,
    state: jax.Array,
    recurrent_kernel: jax.Array,
    recurrent_bias: jax.Array | None = None,
    *,
    activation: str = "tanh",
    recurrent_dropout_mask: jax.Array | None = None,
) -> jax.Array:
    """Advance the state by one step, given the step's projected input.

    Args:
        projected: `(batch, units)`: the input times the kernel plus its bias, as
            `project_inputs(..., gates=1)` returns it for every step.
        state: `(batch, units)`.
        recurrent_kernel: `(units, units)`.
        recurrent_bias: `(units,)`, if it is not in `projected`; None for none.
        activation: as for `gru`.
        recurrent_dropout_mask: `(batch, units)` or None.

    Returns:
        The next state, `(batch, units)`.

    Example:
        >>> one = jnp.ones((1, 1))
        >>> simple_rnn_cell(one, one, one, activation="relu").tolist()
        [[2.0]]
    """
    return _advance(
        projected,
        state,
        recurrent_kernel,
        recurrent_bias,
        recurrent_dropout_mask,
        activation,
    )


def _advance(projected, state, kernel, bias, dropout_mask, activation: str):
    """Advance by one step, given the step's projected input."""
    kept = state if dropout_mask is None else state * dropout_mask
    total = projected + kept @ kernel
    return ACTIVATIONS[activation].apply(total if bias is None else total + bias[None])
