"""Gated recurrent unit over a sequence, in both reset conventions of Keras.

Gates are ordered update `z`, reset `r`, candidate `h`, as in Keras. `units` is H,
`features` is C. All inputs are projected in one product before the loop over time,
which then holds only what truly depends on the step before.
"""

import jax
import jax.numpy as jnp

from seqconv_jax import _checks
from seqconv_jax.ops.gru.recurrence import recurrence
from seqconv_jax.ops.gru.step import GATES, Convention, Gates, Weights, cell
from seqconv_jax.ops.product import product


def gru(
    x: jax.Array,
    kernel: jax.Array,
    recurrent_kernel: jax.Array,
    bias: jax.Array | None = None,
    *,
    reset_after: bool = False,
    gate_activation: str = "sigmoid",
    initial_state: jax.Array | None = None,
    mask: jax.Array | None = None,
    reverse: bool = False,
    return_sequences: bool = False,
    input_dropout_mask: jax.Array | None = None,
    recurrent_dropout_mask: jax.Array | None = None,
) -> jax.Array:
    """Run a gated recurrent unit over a sequence.

    With `s` the gate activation and `m` the recurrent dropout masks,

        z = s(x W_z + (m_z h) U_z + b_z)
        r = s(x W_r + (m_r h) U_r + b_r)
        g = tanh(x W_h + (r m_h h) U_h + b_h)              reset before (default)
        g = tanh(x W_h + r ((m_h h) U_h + b'_h) + b_h)     reset after
        h = z h + (1 - z) g

    The interpolation uses the state without dropout. At masked steps the state is
    carried over unchanged.

    Args:
        x: `(batch, time, features)` float.
        kernel: `(features, 3 * units)`.
        recurrent_kernel: `(units, 3 * units)`.
        bias: `(3 * units,)`, or `(2, 3 * units)` (input, recurrent) with
            `reset_after`; None for none.
        reset_after: whether the reset gate acts after the matrix product.
        gate_activation: `"sigmoid"`, `"hard_sigmoid"` (Keras 3: `relu6(x + 3) / 6`)
            or `"hard_sigmoid_keras2"` (`clip(0.2 x + 0.5, 0, 1)`, the default of Keras
            2.0 to 2.2 and of TensorFlow 1's `tf.keras`).
        initial_state: `(batch, units)`; zeros where None.
        mask: `(batch, time)` bool, true for real steps.
        reverse: whether to run from the last step to the first. Outputs stay in the
            order of the input, unlike Keras's `go_backwards`, which flips them.
        return_sequences: whether to return all states or the final one.
        input_dropout_mask: `(3, batch, features)`, one mask a gate, for all steps.
        recurrent_dropout_mask: `(3, batch, units)`, one mask a gate, for all steps.

    Returns:
        `(batch, units)`, or `(batch, time, units)` with `return_sequences`.

    Raises:
        UserError: for arguments whose shapes do not fit each other.

    Example:
        >>> x, w, u = jnp.ones((2, 5, 4)), jnp.zeros((4, 9)), jnp.zeros((3, 9))
        >>> gru(x, w, u).shape
        (2, 3)

    References:
        Cho et al., arXiv:1406.1078 (v3: reset before, v1: reset after); Gal and
        Ghahramani, arXiv:1512.05287 (masks fixed over time).
    """
    _check_arguments(x, kernel, recurrent_kernel, bias, reset_after, mask)
    _checks.one_of("gate_activation", gate_activation, GATES)
    batch, _, features = x.shape
    units = recurrent_kernel.shape[0]
    for name, dropout_mask, width in [
        ("input_dropout_mask", input_dropout_mask, features),
        ("recurrent_dropout_mask", recurrent_dropout_mask, units),
    ]:
        if dropout_mask is not None:
            _checks.shape(name, dropout_mask, (3, batch, width))
    dtype = jnp.result_type(x, recurrent_kernel)
    if initial_state is None:
        initial_state = jnp.zeros((batch, units), dtype)
    _checks.shape("initial_state", initial_state, (batch, units))

    projected, outer_bias, inner_bias = jax.tree.map(
        lambda array: array.astype(dtype),
        (_project(x, kernel, input_dropout_mask), *_split_bias(bias, reset_after)),
    )
    mask = None if mask is None else jnp.asarray(mask).T
    if reverse:
        projected, mask = jax.tree.map(lambda a: a[::-1], (projected, mask))
    states = recurrence(
        Convention(reset_after, gate_activation),
        projected,
        initial_state.astype(dtype),
        Weights(recurrent_kernel, outer_bias, inner_bias, recurrent_dropout_mask),
        mask,
        return_sequences=return_sequences,
    )
    if not return_sequences:
        return states
    return jnp.swapaxes(states[::-1] if reverse else states, 0, 1)


def project_inputs(x, kernel, bias=None, dropout_mask=None) -> jax.Array:
    """Return `x @ kernel + bias` of all steps, time first: `(time, batch, 3 * units)`.

    Args:
        x: `(batch, time, features)`.
        kernel: `(features, 3 * units)`.
        bias: `(3 * units,)` or None.
        dropout_mask: `(3, batch, features)`, one mask a gate, or None.
    """
    y = jnp.concatenate(_project(x, kernel, dropout_mask), axis=-1)
    return y if bias is None else y + bias[None, None, :]


def _project(x, kernel, dropout_mask) -> Gates:
    """Project gate by gate, in arrays of their own: `(time, batch, units)` each."""
    time, batch, features = x.shape[1], x.shape[0], x.shape[2]
    x = jnp.swapaxes(x, 0, 1)
    masks = (None,) * 3 if dropout_mask is None else dropout_mask
    projected = []
    for part, mask in zip(jnp.split(kernel, 3, axis=1), masks, strict=True):
        kept = x if mask is None else x * mask[None]
        rows = product(kept.reshape(time * batch, features), part)
        projected.append(rows.reshape(time, batch, part.shape[1]))
    return Gates(*projected)


def gru_cell(
    projected: jax.Array,
    state: jax.Array,
    recurrent_kernel: jax.Array,
    recurrent_bias: jax.Array | None = None,
    *,
    reset_after: bool = False,
    gate_activation: str = "sigmoid",
    recurrent_dropout_mask: jax.Array | None = None,
) -> jax.Array:
    """Advance the state by one step, given the step's projected input.

    Args:
        projected: `(batch, 3 * units)`: the input times the kernel plus its bias.
        state: `(batch, units)`.
        recurrent_kernel: `(units, 3 * units)`.
        recurrent_bias: `(3 * units,)`, only with `reset_after`; None for none.
        reset_after: whether the reset gate acts after the matrix product.
        gate_activation: as for `gru`.
        recurrent_dropout_mask: `(3, batch, units)` or None.

    Returns:
        The next state, `(batch, units)`.
    """
    convention = Convention(reset_after, gate_activation)
    outer_bias, inner_bias = _recurrent_biases(recurrent_bias)
    weights = Weights(recurrent_kernel, outer_bias, inner_bias, recurrent_dropout_mask)
    return cell(convention, weights, Gates(*jnp.split(projected, 3, 1)), state)[0]


def _split_bias(bias, reset_after: bool):
    """Return what is added to each gate, and what the reset gate then acts on."""
    if bias is None or not reset_after:
        return bias, None
    outer, inner = _recurrent_biases(bias[1])
    return bias[0] + outer, inner


def _recurrent_biases(bias):
    """Return the same for a recurrent bias: all but the candidate's can be outside."""
    if bias is None:
        return None, None
    both_gates, inner = jnp.split(bias, [2 * (len(bias) // 3)])
    return jnp.concatenate([both_gates, jnp.zeros_like(inner)]), inner


def _check_arguments(x, kernel, recurrent_kernel, bias, reset_after, mask) -> None:
    _checks.rank("x", x, ("batch", "time", "features"))
    _checks.expect_shape(x.shape[1] > 0, "x", "(batch, at least 1 step, features)", x)
    units = recurrent_kernel.shape[0]
    _checks.shape("recurrent_kernel", recurrent_kernel, (units, 3 * units))
    _checks.shape("kernel", kernel, (x.shape[2], 3 * units))
    if bias is not None:
        wanted = (2, 3 * units) if reset_after else (3 * units,)
        _checks.shape("bias", bias, wanted)
    if mask is not None:
        _checks.shape("mask", mask, x.shape[:2])
