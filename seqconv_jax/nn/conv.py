"""Convolution over time."""

from typing import Any

import jax
from flax import linen as nn

from seqconv_jax import _checks, ops
from seqconv_jax.nn.activations import activation
from seqconv_jax.nn.initialisers import bias, glorot_uniform
from seqconv_jax.nn.operations import BiasAndActivation, Convolve
from seqconv_jax.nn.precision import Parameterised, computed, parameter


def convolve(layer: "Conv1D", x: jax.Array, mask: jax.Array | None) -> jax.Array:
    """Declare a convolution's kernel, and bias if it has one, and apply them."""
    features = _checks.positive_int("features", layer.features)
    taps = _checks.positive_int("kernel_size", layer.kernel_size)
    _checks.rank("x", x, ("batch", "time", "features"))
    x = computed(layer, x)
    kernel = parameter(layer, "kernel", glorot_uniform, (taps, x.shape[-1], features))
    weights = kernel, bias(layer, (features,))
    if mask is None:
        y = ops.conv1d(x, *weights, **layer.geometry)
    else:
        y = ops.masked_conv1d(x, *weights, mask=mask, **layer.geometry)
    return activation(layer.activation, y)


class Conv1D(Parameterised):
    """Convolution over time, then bias and activation.

    `y[b, t] = s(bias + sum_k x[b, t * stride + k * dilation] @ kernel[k])`, with `s`
    the activation; see `ops.conv1d`.

    With a mask, a padded sequence gives what it gives without its padding: the windows
    are those of the steps from the first real one to the last, and one counts if any of
    its steps is real, the others being zeros in it.

    Attributes:
        features: filters, the width of the output.
        kernel_size: taps of the kernel.
        stride: steps between two outputs.
        padding: `"valid"`, `"same"` or `"causal"`.
        dilation: steps between two taps.
        activation: a name known to `activation`.
        use_bias: whether a bias is added.

    Example:
        >>> import jax.numpy as jnp
        >>> layer, x = Conv1D(8, kernel_size=3, activation="relu"), jnp.ones((2, 9, 4))
        >>> variables = layer.init(jax.random.key(0), x)
        >>> layer.apply(variables, x).shape
        (2, 7, 8)
    """

    features: int
    kernel_size: int
    stride: int = 1
    padding: str = "valid"
    dilation: int = 1
    activation: str = "linear"
    use_bias: bool = True

    @property
    def windows(self) -> tuple[tuple[int, int, int], ...]:
        """Its own window."""
        return ((self.kernel_size, self.stride, self.dilation),)

    @property
    def geometry(self) -> dict[str, Any]:
        """The options of `ops.conv1d`."""
        return {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
        }

    @nn.compact
    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, features_in)` to `(batch, new_time, features)`."""
        return convolve(self, x, mask)

    def output_length(self, length):
        """Return how many outputs there are."""
        return ops.conv_output_length(length, self.kernel_size, **self.geometry)

    def mask_after(self, mask, x):
        """Return which outputs count."""
        if mask is None:
            return None
        return ops.window_mask(mask, self.kernel_size, **self.geometry)

    def operations(self) -> tuple[Any, ...]:
        """Return the sums, then bias and activation."""
        return Convolve(self), BiasAndActivation(self)
