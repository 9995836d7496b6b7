"""Long short-term memory over a sequence.

Gates are ordered input `i`, forget `f`, candidate `c`, output `o`, as in Keras.
"""

import jax
import jax.numpy as jnp

from seqconv_jax import _checks
from seqconv_jax.ops.explicit_mesh import on_any_mesh
from seqconv_jax.ops.lstm.step import Gates, LSTMStep, Weights
from seqconv_jax.ops.masking import check_mask, hide
from seqconv_jax.ops.recurrence import recurrence
from seqconv_jax.ops.recurrent import (
    ACTIVATIONS,
    check_arguments,
    check_dropout_masks,
    project,
    run_reference,
)

__all__ = ["lstm", "lstm_cell"]


@on_any_mesh
def lstm(
    x: jax.Array,
    kernel: jax.Array,
    recurrent_kernel: jax.Array,
    bias: jax.Array | None = None,
    *,
    gate_activation: str = "sigmoid",
    initial_state: tuple[jax.Array, jax.Array] | None = None,
    mask: jax.Array | None = None,
    reverse: bool = False,
    return_sequences: bool = False,
    input_dropout_mask: jax.Array | None = None,
    recurrent_dropout_mask: jax.Array | None = None,
    activation: str = "tanh",
) -> jax.Array:
    """Run a long short-term memory over a sequence.

    With `s` the gate activation, `n` the input and `m` the recurrent dropout masks,
    and another `activation` for tanh where it says so,

        i = s((n_i x) W_i + (m_i h) U_i + b_i)
        f = s((n_f x) W_f + (m_f h) U_f + b_f)
        g = tanh((n_c x) W_c + (m_c h) U_c + b_c)
        o = s((n_o x) W_o + (m_o h) U_o + b_o)
        c = f c + i g
        h = o tanh(c)

    At masked steps both parts of the state are carried over unchanged. What is in half
    precision is computed in float32 within the loop, and so are the sums of the
    weights' gradients.

    Args:
        x: `(batch, time, features)` float.
        kernel: `(features, 4 * units)`.
        recurrent_kernel: `(units, 4 * units)`.
        bias: `(4 * units,)`; None for none.
        gate_activation: as for `gru`.
        initial_state: `h` and `c`, `(batch, units)` each; zeros where None.
        mask: `(batch, time)` bool, true for real steps; what lies at the others, even
            NaN, changes nothing.
        reverse: whether to run from the last step to the first. Outputs stay in the
            order of the input, unlike Keras's `go_backwards`, which flips them.
        return_sequences: whether to return `h` at all steps or the final one.
        input_dropout_mask: `(4, batch, features)`, one mask a gate, for all steps.
        recurrent_dropout_mask: `(4, batch, units)`, one mask a gate, for all steps.
        activation: as for `gru`: of the candidate, and of what is put out of `c`.

    Returns:
        `h`: `(batch, units)`, or `(batch, time, units)` with `return_sequences`.

    Raises:
        UserError: for arguments whose shapes do not fit each other.

    Note:
        Keras 3 draws one mask a gate where there is recurrent dropout. With dropout of
        the inputs alone (its `implementation=2`, as in `tf.keras` of TensorFlow 2) all
        gates see one: four times the same mask here. Earlier versions, whose default
        was `implementation=1`, draw one a gate in any case.

    Example:
        >>> x, w, u = jnp.ones((2, 5, 4)), jnp.zeros((4, 12)), jnp.zeros((3, 12))
        >>> lstm(x, w, u).shape
        (2, 3)

    References:
        Hochreiter and Schmidhuber, Neural Computation 9 (1997); with a forget gate:
        Gers et al., Neural Computation 12 (2000); Gal and Ghahramani, arXiv:1512.05287
        (masks fixed over time).
    """
    _check(x, kernel, recurrent_kernel, bias, gate_activation, initial_state, mask)
    _checks.one_of("activation", activation, ACTIVATIONS)
    units = recurrent_kernel.shape[0]
    check_dropout_masks(x, units, input_dropout_mask, recurrent_dropout_mask, 4)
    dtype = jnp.result_type(x, recurrent_kernel)
    wide = jnp.promote_types(dtype, jnp.float32)
    if initial_state is None:
        zeros = jnp.zeros((x.shape[0], units))
        initial_state = (zeros, zeros)
    projected = Gates(*project(hide(x, mask), kernel, input_dropout_mask, 4))
    mask = None if mask is None else check_mask(mask, x).T
    weights = Weights(recurrent_kernel, bias, recurrent_dropout_mask)
    projected, state, weights = jax.tree.map(
        lambda array: array.astype(wide), (projected, tuple(initial_state), weights)
    )
    if reverse:
        projected, mask = jax.tree.map(lambda a: a[::-1], (projected, mask))
    unit = LSTMStep(gate_activation, activation)
    states = recurrence(
        unit, projected, state, weights, mask, return_sequences=return_sequences
    ).astype(dtype)
    if not return_sequences:
        return states
    return jnp.swapaxes(states[::-1] if reverse else states, 0, 1)


def lstm_reference(
    x,
    kernel,
    recurrent_kernel,
    bias=None,
    *,
    gate_activation: str = "sigmoid",
    initial_state=None,
    mask=None,
    reverse: bool = False,
    return_sequences: bool = False,
    input_dropout_mask=None,
    recurrent_dropout_mask=None,
    activation: str = "tanh",
) -> jax.Array:
    """Walk from step to step: what `lstm` must equal, its derivatives included."""
    units = recurrent_kernel.shape[0]
    gate, act = ACTIVATIONS[gate_activation].apply, ACTIVATIONS[activation].apply

    def step(x, state):
        h, c = state
        sums = []
        for k in range(4):
            part = slice(k * units, (k + 1) * units)
            seen = x if input_dropout_mask is None else x * input_dropout_mask[k]
            kept = h
            if recurrent_dropout_mask is not None:
                kept = h * recurrent_dropout_mask[k]
            total = seen @ kernel[:, part] + kept @ recurrent_kernel[:, part]
            sums.append(total if bias is None else total + bias[None, part])
        i, f, g, o = gate(sums[0]), gate(sums[1]), act(sums[2]), gate(sums[3])
        c = f * c + i * g
        return o * act(c), c

    state = (jnp.zeros((x.shape[0], units)),) * 2
    options = {"reverse": reverse, "return_sequences": return_sequences}
    return run_reference(step, hide(x, mask), initial_state or state, mask, **options)


@on_any_mesh
def lstm_cell(
    projected: jax.Array,
    state: tuple[jax.Array, jax.Array],
    recurrent_kernel: jax.Array,
    recurrent_bias: jax.Array | None = None,
    *,
    gate_activation: str = "sigmoid",
    recurrent_dropout_mask: jax.Array | None = None,
    activation: str = "tanh",
) -> tuple[jax.Array, jax.Array]:
    """Advance the state by one step, given the step's projected input.

    Args:
        projected: `(batch, 4 * units)`: the input times the kernel plus its bias, as
            `project_inputs(..., gates=4)` returns it for every step.
        state: `h` and `c`, `(batch, units)` each.
        recurrent_kernel: `(units, 4 * units)`.
        recurrent_bias: `(4 * units,)`, if it is not in `projected`; None for none.
        gate_activation: as for `gru`.
        recurrent_dropout_mask: `(4, batch, units)` or None.
        activation: as for `lstm`.

    Returns:
        The next `h` and `c`, `(batch, units)` each.

    Example:
        >>> h = c = jnp.ones((2, 3))
        >>> h, c = lstm_cell(jnp.zeros((2, 12)), (h, c), jnp.zeros((3, 12)))
        >>> c[0].tolist()
        [0.5, 0.5, 0.5]
    """
    weights = Weights(recurrent_kernel, recurrent_bias, recurrent_dropout_mask)
    gates = Gates(*jnp.split(projected, 4, axis=1))
    return LSTMStep(gate_activation, activation).advance(weights, gates, state)[0]


def _check(x, kernel, recurrent_kernel, bias, gate_activation, state, mask) -> None:
    check_arguments(x, kernel, recurrent_kernel, bias, mask, gates=4)
    _checks.one_of("gate_activation", gate_activation, ACTIVATIONS)
    if state is None:
        return
    expected = "a pair of arrays, h and c"
    is_pair = isinstance(state, tuple | list) and len(state) == 2
    _checks.expect(is_pair, "initial_state", expected, type(state).__name__)
    for k, part in enumerate(state):
        wanted = (x.shape[0], recurrent_kernel.shape[0])
        _checks.floats(f"initial_state[{k}]", part)
        _checks.shape(f"initial_state[{k}]", part, wanted)
