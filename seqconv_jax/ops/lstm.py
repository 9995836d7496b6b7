"""Long short-term memory over a sequence.

Gates are ordered input `i`, forget `f`, candidate `c`, output `o`, as in Keras.
"""

import jax
import jax.numpy as jnp

from seqconv_jax import _checks
from seqconv_jax.ops.masking import check_mask, hide
from seqconv_jax.ops.recurrent import (
    GATES,
    check_arguments,
    check_dropout_masks,
    project,
    run,
    run_reference,
)

__all__ = ["lstm", "lstm_cell"]


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
) -> jax.Array:
    """Run a long short-term memory over a sequence.

    With `s` the gate activation, `n` the input and `m` the recurrent dropout masks,

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

    Returns:
        `h`: `(batch, units)`, or `(batch, time, units)` with `return_sequences`.

    Raises:
        UserError: for arguments whose shapes do not fit each other.

    Note:
        Keras 3 draws one mask a gate where there is recurrent dropout. With dropout of
        the inputs alone (its `implementation=2`, as in `tf.keras` of TensorFlow 2) all
        gates see one: four times the same mask here. Keras 2 and TensorFlow 1 have
        `implementation=1` by default, and one mask a gate in any case.

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
    units = recurrent_kernel.shape[0]
    check_dropout_masks(x, units, input_dropout_mask, recurrent_dropout_mask, 4)
    dtype = jnp.result_type(x, recurrent_kernel)
    wide = jnp.promote_types(dtype, jnp.float32)
    if initial_state is None:
        initial_state = (jnp.zeros((x.shape[0], units)),) * 2
    state, recurrent_kernel, bias, recurrent_dropout_mask = jax.tree.map(
        lambda array: array.astype(wide),
        (tuple(initial_state), recurrent_kernel, bias, recurrent_dropout_mask),
    )

    def step(projected, state):
        projected = [part.astype(wide) for part in projected]
        return _advance(
            projected,
            state,
            recurrent_kernel,
            bias,
            gate_activation,
            recurrent_dropout_mask,
        )

    mask = None if mask is None else check_mask(mask, x)
    projected = project(hide(x, mask), kernel, input_dropout_mask, 4)
    options = {"reverse": reverse, "return_sequences": return_sequences}
    return run(step, projected, state, mask, **options).astype(dtype)


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
) -> jax.Array:
    """Walk from step to step: what `lstm` must equal, its derivatives included."""
    units = recurrent_kernel.shape[0]
    gate = GATES[gate_activation].apply

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
        i, f, g, o = gate(sums[0]), gate(sums[1]), jnp.tanh(sums[2]), gate(sums[3])
        c = f * c + i * g
        return o * jnp.tanh(c), c

    state = (jnp.zeros((x.shape[0], units)),) * 2
    options = {"reverse": reverse, "return_sequences": return_sequences}
    return run_reference(step, hide(x, mask), initial_state or state, mask, **options)


def lstm_cell(
    projected: jax.Array,
    state: tuple[jax.Array, jax.Array],
    recurrent_kernel: jax.Array,
    recurrent_bias: jax.Array | None = None,
    *,
    gate_activation: str = "sigmoid",
    recurrent_dropout_mask: jax.Array | None = None,
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

    Returns:
        The next `h` and `c`, `(batch, units)` each.

    Example:
        >>> h = c = jnp.ones((2, 3))
        >>> h, c = lstm_cell(jnp.zeros((2, 12)), (h, c), jnp.zeros((3, 12)))
        >>> c[0].tolist()
        [0.5, 0.5, 0.5]
    """
    return _advance(
        jnp.split(projected, 4, axis=1),
        state,
        recurrent_kernel,
        recurrent_bias,
        gate_activation,
        recurrent_dropout_mask,
    )


def _advance(projected, state, kernel, bias, gate_activation: str, dropout_mask):
    """Advance by one step, given what is projected onto each gate."""
    gate = GATES[gate_activation].apply
    h, c = state
    if dropout_mask is None:  # one product where all gates see the same
        products = jnp.split(h @ kernel, 4, axis=1)
    else:
        parts = zip(dropout_mask, jnp.split(kernel, 4, axis=1), strict=True)
        products = [(h * kept) @ part for kept, part in parts]
    biases = (0,) * 4 if bias is None else jnp.split(bias[None], 4, axis=1)
    i, f, g, o = (
        p + (q + b) for p, q, b in zip(projected, products, biases, strict=True)
    )
    c = gate(f) * c + gate(i) * jnp.tanh(g)
    return gate(o) * jnp.tanh(c), c


def _check(x, kernel, recurrent_kernel, bias, gate_activation, state, mask) -> None:
    check_arguments(x, kernel, recurrent_kernel, bias, mask, gates=4)
    _checks.one_of("gate_activation", gate_activation, GATES)
    if state is None:
        return
    expected = "a pair of arrays, h and c"
    is_pair = isinstance(state, tuple | list) and len(state) == 2
    _checks.expect(is_pair, "initial_state", expected, type(state).__name__)
    for k, part in enumerate(state):
        wanted = (x.shape[0], recurrent_kernel.shape[0])
        _checks.shape(f"initial_state[{k}]", part, wanted)
