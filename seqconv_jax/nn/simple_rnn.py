"""The plain recurrent layer."""

import jax
from flax import linen as nn

from seqconv_jax import _checks, ops
from seqconv_jax.nn.initialisers import bias, glorot_uniform, orthogonal
from seqconv_jax.nn.precision import computed, parameter
from seqconv_jax.nn.recurrent import Recurrent


class SimpleRNN(Recurrent):
    """Plain recurrence over a sequence: `h <- s(x W + b + h U)`.

    At masked steps the state stays as it is.

    Attributes:
        units: width of the state.
        dropout: rate at which inputs are dropped, with one mask for all steps.
        recurrent_dropout: rate at which the state is, likewise.
        activation: `s`, as for `ops.gru`.
        use_bias: whether there is a bias.
        return_sequences: whether to return the state after every step.
        reverse: whether to run from the last step to the first.

    Example:
        >>> import jax.numpy as jnp
        >>> layer, x = SimpleRNN(8), jnp.ones((2, 9, 4))
        >>> layer.apply(layer.init(jax.random.key(0), x), x).shape
        (2, 8)

    Reference:
        Elman, "Finding structure in time", Cognitive Science 14 (1990).
    """

    activation: str = "tanh"
    use_bias: bool = True
    return_sequences: bool = False
    reverse: bool = False

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
        units = _checks.positive_int("units", self.units)
        return ops.simple_rnn(
            x,
            parameter(self, "kernel", glorot_uniform, (x.shape[-1], units)),
            parameter(self, "recurrent_kernel", orthogonal, (units, units)),
            bias(self, (units,)),
            activation=self.activation,
            initial_state=initial_state,
            mask=mask,
            reverse=self.reverse,
            return_sequences=self.return_sequences,
            **self.draw_masks(x, train, gates=None),
        )
