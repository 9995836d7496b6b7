"""Gated recurrent unit over a sequence, in both reset conventions of Keras.

Gates are ordered update `z`, reset `r`, candidate `h`, as in Keras. `units` is H,
`features` is C. All inputs are projected in one product before the loop over time,
which then holds only what truly depends on the step before.
"""

import jax
import jax.numpy as jnp

from seqconv_jax import _checks
from seqconv_jax.ops.explicit_mesh import on_any_mesh
from seqconv_jax.ops.gru.implementation import run_loop
from seqconv_jax.ops.gru.step import Convention, Gates, Weights, cell
from seqconv_jax.ops.masking import check_mask, hide
from seqconv_jax.ops.recurrent import (
    ACTIVATIONS,
    check_arguments,
    check_dropout_masks,
    project,
)

__all__ = ["gru", "gru_cell"]


@on_any_mesh
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
    activation: str = "tanh",
    implementation: str | None = None,
) -> jax.Array:
    """Run a gated recurrent unit over a sequence.

    With `s` the gate activation, `m` the recurrent dropout masks, and another
    `activation` for tanh where it says so,

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
        gate_activation: `"sigmoid"`, `"hard_sigmoid"` (Keras 3: `relu6(x + 3) / 6`),
            `"hard_sigmoid_keras2"` (`clip(0.2 x + 0.5, 0, 1)`, the default of Keras
            2.0 to 2.2 and of TensorFlow 1's `tf.keras`), or any other `activation`.
        initial_state: `(batch, units)`; zeros where None.
        mask: `(batch, time)` bool, true for real steps; what lies at the others, even
            NaN, changes nothing.
        reverse: whether to run from the last step to the first. Outputs stay in the
            order of the input, unlike Keras's `go_backwards`, which flips them.
        return_sequences: whether to return all states or the final one.
        input_dropout_mask: `(3, batch, features)`, one mask a gate, for all steps.
        recurrent_dropout_mask: `(3, batch, units)`, one mask a gate, for all steps.
        activation: what makes the candidate: `"tanh"`, `"relu"`, `"linear"`, one of
            the sigmoids, `"softplus"`, `"softsign"`, `"elu"` or `"selu"`.
        implementation: `"xla"` for a loop of XLA's kernels; `"fused"` for one kernel
            that runs all steps, on a Hopper GPU with JAX 0.11.2 or later, in float32,
            for up to 96 units, with tanh and a sigmoid, outside of meshes; None for the
            fused one where it can run. Its recurrent products have the precision of
            TF32, or that of float32, for up to 64 units, where
            `jax_default_matmul_precision` is above `"tensorfloat32"`, as `"high"`,
            `"highest"` and `"float32"` are.

    Returns:
        `(batch, units)`, or `(batch, time, units)` with `return_sequences`.

    Raises:
        UserError: for arguments whose shapes do not fit each other, and an
            implementation that can't run.

    Example:
        >>> x, w, u = jnp.ones((2, 5, 4)), jnp.zeros((4, 9)), jnp.zeros((3, 9))
        >>> gru(x, w, u).shape
        (2, 3)

    References:
        Cho et al., arXiv:1406.1078 (v3: reset before, v1: reset after); Gal and
        Ghahramani, arXiv:1512.05287 (masks fixed over time).
    """
    check_arguments(
        x, kernel, recurrent_kernel, bias, mask, gates=3, bias_rows=1 + reset_after
    )
    _checks.one_of("gate_activation", gate_activation, ACTIVATIONS)
    _checks.one_of("activation", activation, ACTIVATIONS)
    batch, units = x.shape[0], recurrent_kernel.shape[0]
    check_dropout_masks(x, units, input_dropout_mask, recurrent_dropout_mask, 3)
    dtype = jnp.result_type(x, recurrent_kernel)
    if initial_state is None:
        initial_state = jnp.zeros((batch, units), dtype)
    _checks.floats("initial_state", initial_state)
    _checks.shape("initial_state", initial_state, (batch, units))

    projected = Gates(*project(hide(x, mask), kernel, input_dropout_mask, 3))
    projected, outer_bias, inner_bias = jax.tree.map(
        lambda array: array.astype(dtype),
        (projected, *_split_bias(bias, reset_after)),
    )
    mask = None if mask is None else check_mask(mask, x).T
    if reverse:
        projected, mask = jax.tree.map(lambda a: a[::-1], (projected, mask))
    states = run_loop(
        implementation,
        Convention(reset_after, gate_activation, activation),
        projected,
        (initial_state.astype(dtype),),
        Weights(recurrent_kernel, outer_bias, inner_bias, recurrent_dropout_mask),
        mask,
        return_sequences=return_sequences,
    )
    if not return_sequences:
        return states
    return jnp.swapaxes(states[::-1] if reverse else states, 0, 1)


@on_any_mesh
def gru_cell(
    projected: jax.Array,
    state: jax.Array,
    recurrent_kernel: jax.Array,
    recurrent_bias: jax.Array | None = None,
    *,
    reset_after: bool = False,
    gate_activation: str = "sigmoid",
    recurrent_dropout_mask: jax.Array | None = None,
    activation: str = "tanh",
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
        activation: as for `gru`.

    Returns:
        The next state, `(batch, units)`.

    Example:
        >>> gru_cell(jnp.zeros((1, 6)), jnp.ones((1, 2)), jnp.zeros((2, 6))).tolist()
        [[0.5, 0.5]]
    """
    convention = Convention(reset_after, gate_activation, activation)
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
