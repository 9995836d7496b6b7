"""Layers that map each step, or a whole example, by itself: products, activations."""

import jax
from flax import linen as nn

from seqconv_jax import _checks, ops
from seqconv_jax.nn.activations import activation
from seqconv_jax.nn.initialisers import bias, kernel_initialiser
from seqconv_jax.nn.layer import Layer
from seqconv_jax.nn.operations import Pointwise
from seqconv_jax.nn.precision import Parameterised, computed, parameter


class Dense(Parameterised):
    """Matrix product with the last axis, then bias and activation: `s(x W + b)`.

    Attributes:
        features: the width of the output.
        activation: a name known to `activation`.
        use_bias: whether a bias is added.
        kernel_init: `"glorot_uniform"`, or `"zeros"` for a branch that begins without
            effect.

    Example:
        >>> import jax.numpy as jnp
        >>> layer, x = Dense(1), jnp.ones((2, 32))
        >>> layer.apply(layer.init(jax.random.key(0), x), x).shape
        (2, 1)
    """

    features: int
    activation: str = "linear"
    use_bias: bool = True
    kernel_init: str = "glorot_uniform"

    @nn.compact
    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(..., features_in)` to `(..., features)`."""
        _checks.floats("x", x)
        x = computed(self, ops.finite_where_masked(x, mask))
        _checks.positive_int("features", self.features)
        shape = (x.shape[-1], self.features)
        kernel = parameter(self, "kernel", kernel_initialiser(self.kernel_init), shape)
        y = x @ kernel
        shift = bias(self, (self.features,))
        if shift is not None:
            y += shift.reshape((1,) * (x.ndim - 1) + shift.shape)
        return activation(self.activation, y)

    def operations(self):
        """Return what is done to each step."""
        return (Pointwise(self),)


class Activation(Layer):
    """An activation as a layer of its own.

    Attributes:
        function: a name known to `activation`.

    Example:
        >>> import jax.numpy as jnp
        >>> Activation("relu").apply({}, jnp.array([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """

    function: str

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Return an array of the shape of `x`."""
        _checks.floats("x", x)
        return activation(self.function, ops.finite_where_masked(x, mask))

    def operations(self):
        """Return what is done to each step."""
        return (Pointwise(self),)


class LeakyReLU(Layer):
    """Positive values as they are, negative ones times a slope.

    Attributes:
        slope: of the negative values; Keras's default.

    Example:
        >>> import jax.numpy as jnp
        >>> LeakyReLU(0.5).apply({}, jnp.array([-1.0, 2.0])).tolist()
        [-0.5, 2.0]

    Reference:
        Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic
        models", ICML 30 (2013).
    """

    slope: float = 0.3

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Return an array of the shape of `x`."""
        _checks.floats("x", x)
        return jax.nn.leaky_relu(ops.finite_where_masked(x, mask), self.slope)

    def operations(self):
        """Return what is done to each step."""
        return (Pointwise(self),)
