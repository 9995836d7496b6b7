"""Long short-term memory."""

import jax
import jax.numpy as jnp
from flax import linen as nn

from seqconv_jax import _checks, ops
from seqconv_jax.nn.initialisers import bias, glorot_uniform, orthogonal
from seqconv_jax.nn.precision import computed, parameter
from seqconv_jax.nn.recurrent import Recurrent


def _forget_ones(key, shape, dtype=jnp.float32):
    """Start the forget gate's bias at one, the others at zero: gates are i, f, c, o."""
    units = shape[0] // 4
    return jnp.zeros(shape, dtype).at[units : 2 * units].set(1)


class LSTM(Recurrent):
    """Long short-term memory over a sequence.

    With `s` the gate activation,

        i = s(x W_i + h U_i + b_i),  f = s(x W_f + h U_f + b_f)
        o = s(x W_o + h U_o + b_o)
        c <- f c + i tanh(x W_c + h U_c + b_c),  h <- o tanh(c)

    At masked steps both states stay as they are. `ops.lstm` says where dropout acts.

    Attributes:
        units: width of the state.
        dropout: rate at which inputs are dropped, one mask a gate for all steps.
        recurrent_dropout: rate at which the state inside the gates is, likewise.
        gate_activation: `"sigmoid"`, `"hard_sigmoid"` or `"hard_sigmoid_keras2"`.
        use_bias: whether there is a bias; the forget gate's starts at one.
        return_sequences: whether to return the state after every step.
        reverse: whether to run from the last step to the first.
        activation: what stands in the place of tanh, as for `ops.gru`.

    Example:
        >>> layer, x = LSTM(8), jnp.ones((2, 9, 4))
        >>> layer.apply(layer.init(jax.random.key(0), x), x).shape
        (2, 8)

    References:
        Hochreiter and Schmidhuber, Neural Computation 9 (1997); Gal and Ghahramani,
        arXiv:1512.05287 (dropout).
    """

    gate_activation: str = "sigmoid"
    use_bias: bool = True
    return_sequences: bool = False
    reverse: bool = False
    activation: str = "tanh"

    @nn.compact
    def __call__(
        self,
        x: jax.Array,
        *,
        mask: jax.Array | None = None,
        initial_state: tuple[jax.Array, jax.Array] | None = None,
        train: bool = False,
    ) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, units)`, or all states `h`."""
        _checks.rank("x", x, ("batch", "time", "features"))
        x = computed(self, x)
        width = 4 * _checks.positive_int("units", self.units)
        return ops.lstm(
            x,
            parameter(self, "kernel", glorot_uniform, (x.shape[-1], width)),
            parameter(self, "recurrent_kernel", orthogonal, (self.units, width)),
            bias(self, (width,), _forget_ones),
            gate_activation=self.gate_activation,
            initial_state=initial_state,
            mask=mask,
            reverse=self.reverse,
            return_sequences=self.return_sequences,
            activation=self.activation,
            **self.draw_masks(x, train, gates=4),
        )
