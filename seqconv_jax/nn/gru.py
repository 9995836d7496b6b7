"""The gated recurrent unit, and one step of it."""

from typing import Any

import jax
from flax import linen as nn

from seqconv_jax import _checks, ops
from seqconv_jax.nn.initialisers import bias, glorot_uniform, orthogonal
from seqconv_jax.nn.precision import computed, parameter
from seqconv_jax.nn.recurrent import Recurrent


def _declare(layer: "GRU | GRUCell", features: int):
    """Declare a GRU's kernel, recurrent kernel and bias, if it has one."""
    units = _checks.positive_int("units", layer.units)
    biases = bias(layer, (2, 3 * units) if layer.reset_after else (3 * units,))
    return (
        parameter(layer, "kernel", glorot_uniform, (features, 3 * units)),
        parameter(layer, "recurrent_kernel", orthogonal, (units, 3 * units)),
        biases,
    )


class GRU(Recurrent):
    """Gated recurrent unit over a sequence.

    With `s` the gate activation, and the reset gate before the product (the default),

        z = s(x W_z + h U_z + b_z),  r = s(x W_r + h U_r + b_r)
        h <- z h + (1 - z) tanh(x W_h + (r h) U_h + b_h)

    At masked steps the state stays as it is. `ops.gru` says where dropout acts.

    Attributes:
        units: width of the state.
        dropout: rate at which inputs are dropped, one mask a gate for all steps.
        recurrent_dropout: rate at which the state inside the gates is, likewise.
        reset_after: whether the reset gate acts after the matrix product, with two
            biases (Keras's default since TensorFlow 2); before it by default, with
            one bias, as in the book.
        gate_activation: `"sigmoid"`, `"hard_sigmoid"` or `"hard_sigmoid_keras2"`.
        use_bias: whether there are biases.
        return_sequences: whether to return the state after every step.
        reverse: whether to run from the last step to the first.
        implementation: of the loop over time, as for `ops.gru`; None for the fast one.
        activation: what makes the candidate, in the place of tanh; as for `ops.gru`.

    Example:
        >>> import jax.numpy as jnp
        >>> layer, x = GRU(8), jnp.ones((2, 9, 4))
        >>> layer.apply(layer.init(jax.random.key(0), x), x).shape
        (2, 8)

    References:
        Cho et al., arXiv:1406.1078; Gal and Ghahramani, arXiv:1512.05287 (dropout).
    """

    reset_after: bool = False
    gate_activation: str = "sigmoid"
    use_bias: bool = True
    return_sequences: bool = False
    reverse: bool = False
    implementation: str | None = None
    activation: str = "tanh"

    @nn.compact
    def __call__(
        self,
        x: jax.Array,
        *,
        mask: jax.Array | None = None,
        initial_state: jax.Array | None = None,
        train: bool = False,
    ) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, units)`, or all states."""
        _checks.rank("x", x, ("batch", "time", "features"))
        x = computed(self, x)
        return ops.gru(
            x,
            *_declare(self, x.shape[-1]),
            reset_after=self.reset_after,
            gate_activation=self.gate_activation,
            initial_state=initial_state,
            mask=mask,
            reverse=self.reverse,
            return_sequences=self.return_sequences,
            implementation=self.implementation,
            activation=self.activation,
            **self.draw_masks(x, train, gates=3),
        )


class GRUCell(nn.Module):
    """One step of a gated recurrent unit, for loops of one's own.

    Its parameters have the names and shapes of `GRU`'s, so that one can be trained
    and the other applied, step by step, to a stream.

    Attributes:
        units: width of the state.
        reset_after: as in `GRU`.
        gate_activation: as in `GRU`.
        use_bias: as in `GRU`.
        activation: as in `GRU`.
        dtype: as in `GRU`.
        param_dtype: as in `GRU`.

    Example:
        >>> import jax.numpy as jnp
        >>> x, state = jnp.ones((2, 9, 4)), jnp.zeros((2, 8))
        >>> variables = GRU(8).init(jax.random.key(0), x)
        >>> for t in range(9):
        ...     state = GRUCell(8).apply(variables, state, x[:, t])
        >>> bool(jnp.allclose(state, GRU(8).apply(variables, x), atol=1e-6))
        True
    """

    units: int
    reset_after: bool = False
    gate_activation: str = "sigmoid"
    use_bias: bool = True
    dtype: Any = None
    param_dtype: Any = "float32"
    activation: str = "tanh"

    @nn.compact
    def __call__(self, state: jax.Array, x: jax.Array) -> jax.Array:
        """Map the state `(batch, units)` and input `(batch, features)` to the next."""
        _checks.rank("x", x, ("batch", "features"))
        _checks.shape("state", state, (x.shape[0], self.units))
        x, state = computed(self, x), computed(self, state)
        parameters = _declare(self, x.shape[-1])
        return ops.gru(
            x[:, None, :],
            *parameters,
            initial_state=state,
            reset_after=self.reset_after,
            gate_activation=self.gate_activation,
            activation=self.activation,
            implementation="xla",  # of one step there is no loop
        )
