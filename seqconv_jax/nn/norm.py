"""Normalisation, over the features of a step or over the examples of a batch."""

import jax
import jax.numpy as jnp
from flax import linen as nn

from seqconv_jax import _checks, ops
from seqconv_jax.nn.operations import Pointwise
from seqconv_jax.nn.precision import Parameterised, computed, float_type, stored


def _scale_and_shift(
    layer: "LayerNorm | BatchNorm", y: jax.Array, dtype: jnp.dtype
) -> jax.Array:
    """Declare scale and bias, apply those that the layer has; return it in `dtype`.

    Norms are computed in full precision, and cast at their end.
    """
    shape, spread = (y.shape[-1],), (1,) * (y.ndim - 1) + (y.shape[-1],)
    if layer.use_scale:
        y *= stored(layer, "scale", nn.initializers.ones, shape).reshape(spread)
    if layer.use_bias:
        y += stored(layer, "bias", nn.initializers.zeros, shape).reshape(spread)
    return computed(layer, y.astype(dtype))


class LayerNorm(Parameterised):
    """Normalise the features of each step: `scale (x - mean) / sqrt(var + e) + bias`.

    Attributes:
        epsilon: `e`, in (0, 1]; Keras's default.
        use_scale: whether there is a scale.
        use_bias: whether there is a bias.

    Example:
        >>> layer, x = LayerNorm(), jnp.array([[1.0, 3.0]])
        >>> y = layer.apply(layer.init(jax.random.key(0), x), x)
        >>> [round(float(value), 2) for value in y[0]]
        [-1.0, 1.0]

    Reference:
        Ba, Kiros and Hinton, arXiv:1607.06450.
    """

    epsilon: float = 1e-3
    use_scale: bool = True
    use_bias: bool = True

    @nn.compact
    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Return an array of the shape of `x`, `(..., features)`."""
        _checks.at_most_one("epsilon", self.epsilon, zero=False)
        _checks.floats("x", x)
        x = ops.finite_where_masked(x, mask)
        wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
        mean = wide.mean(-1, keepdims=True)
        variance = jnp.square(wide - mean).mean(-1, keepdims=True)
        y = (wide - mean) * jax.lax.rsqrt(variance + self.epsilon)
        return _scale_and_shift(self, y, x.dtype)

    def operations(self):
        """Return what is done to each step."""
        return (Pointwise(self),)


class BatchNorm(Parameterised):
    """Normalise each feature over the batch: `scale (x - mean) / sqrt(var + e) + bias`.

    While training, mean and variance are those of the batch, over its real steps, and
    running averages of them are kept: `average <- m average + (1 - m) batch`. Otherwise
    the averages are used. They are in the collection `"batch_stats"`, which
    `train.fit` carries along: `apply` while training needs `mutable=["batch_stats"]`.

    Attributes:
        momentum: `m`, in [0, 1]; Keras's default.
        epsilon: `e`, in (0, 1]; Keras's default.
        use_scale: whether there is a scale.
        use_bias: whether there is a bias.

    Example:
        >>> layer, x = BatchNorm(), jnp.ones((2, 9, 4))
        >>> variables = layer.init(jax.random.key(0), x)
        >>> variables["batch_stats"]["mean"].tolist()
        [0.0, 0.0, 0.0, 0.0]
        >>> y, new = layer.apply(variables, x, train=True, mutable=["batch_stats"])
        >>> [round(float(value), 2) for value in new["batch_stats"]["mean"]]
        [0.01, 0.01, 0.01, 0.01]

    Reference:
        Ioffe and Szegedy, arXiv:1502.03167.
    """

    momentum: float = 0.99
    epsilon: float = 1e-3
    use_scale: bool = True
    use_bias: bool = True

    @nn.compact
    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Return an array of the shape of `x`, `(batch, ..., features)`."""
        _checks.at_most_one("epsilon", self.epsilon, zero=False)
        _checks.at_most_one("momentum", self.momentum, zero=True)
        _checks.floats("x", x)
        x = ops.finite_where_masked(x, mask)
        wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
        shape = (x.shape[-1],)
        kept = jnp.promote_types(
            float_type("param_dtype", self.param_dtype), jnp.float32
        )
        average_mean = self.variable("batch_stats", "mean", jnp.zeros, shape, kept)
        average_var = self.variable("batch_stats", "var", jnp.ones, shape, kept)
        mean, variance = average_mean.value, average_var.value
        if train and not self.is_initializing():
            mean, variance = _moments(wide, mask)
            for average, new in [(average_mean, mean), (average_var, variance)]:
                average.value = self.momentum * average.value + (
                    (1 - self.momentum) * jax.lax.stop_gradient(new)
                ).astype(average.value.dtype)
        spread = (1,) * (x.ndim - 1) + shape
        y = wide - mean.reshape(spread)
        y *= jax.lax.rsqrt(variance + self.epsilon).reshape(spread)
        return _scale_and_shift(self, y, x.dtype)


def _moments(x: jax.Array, mask: jax.Array | None) -> tuple[jax.Array, jax.Array]:
    """Return mean and variance over all axes but the last, of the real steps."""
    weight = jnp.ones(x.shape[:-1], bool) if mask is None else mask
    weight = weight[..., None].astype(x.dtype)
    axes = tuple(range(x.ndim - 1))
    count, total = ops.sum_devices((weight.sum(), (x * weight).sum(axes)))
    count = jnp.maximum(count, 1)
    mean = total / count
    spread = x - mean.reshape((1,) * (x.ndim - 1) + mean.shape)
    return mean, ops.sum_devices((jnp.square(spread) * weight).sum(axes)) / count
