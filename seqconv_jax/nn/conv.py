"""Layers without memory: convolution, embedding, dense, dropout, flatten."""

import jax
import jax.numpy as jnp
from flax import linen as nn

from seqconv_jax import _checks, ops
from seqconv_jax.nn.activations import activation
from seqconv_jax.nn.lazy import Convolution, Lookup, Sums

# Keras's defaults; Flax's own differ.
glorot_uniform = nn.initializers.glorot_uniform()


def embedding_uniform(key, shape, dtype=jnp.float32):
    """Draw from the uniform distribution on [-0.05, 0.05), as Keras's Embedding."""
    return jax.random.uniform(key, shape, dtype, -0.05, 0.05)


def _bias(layer: "Conv1D | Dense", features: int) -> jax.Array | None:
    """Declare a layer's bias, if it has one."""
    if not layer.use_bias:
        return None
    return layer.param("bias", nn.initializers.zeros, (features,))


class Conv1D(nn.Module):
    """Convolution over time, then bias and activation.

    Attributes:
        features: filters, the width of the output.
        kernel_size: taps of the kernel.
        stride: steps between two outputs.
        padding: `"valid"`, `"same"` or `"causal"`.
        dilation: steps between two taps.
        activation: a name known to `activation`.
        use_bias: whether a bias is added.
    """

    features: int
    kernel_size: int
    stride: int = 1
    padding: str = "valid"
    dilation: int = 1
    activation: str = "linear"
    use_bias: bool = True

    @nn.compact
    def __call__(
        self,
        x: jax.Array | Lookup,
        *,
        lazy: bool = False,
        end: tuple[int, int] | None = None,
    ) -> jax.Array | Sums:
        """Map `(batch, time, features_in)` to `(batch, new_time, features)`.

        Args:
            x: the sequences, or an embedding's `Lookup` of them.
            lazy: whether to leave the convolution, bias and activation, if that changes
                nothing, to a maximum behind this layer.
            end: how many of the last steps to compute, and how far apart; None for all
                steps. Only of a causal convolution of stride 1.
        """
        _checks.positive_int("features", self.features)
        _checks.positive_int("kernel_size", self.kernel_size)
        _checks.rank("x", x, ("batch", "time", "features"))
        shape = (self.kernel_size, x.shape[-1], self.features)
        kernel = self.param("kernel", glorot_uniform, shape)
        bias = _bias(self, self.features)
        options = {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
        }
        if isinstance(x, Lookup):
            y = ops.embed_conv(x.ids, x.table, kernel, **options)
        elif end is not None:
            _checks.one_of("padding", self.padding, ("causal",))
            y = ops.causal_conv1d_end(
                x, kernel, outputs=end[0], stride=end[1], dilation=self.dilation
            )
        elif lazy and options == {"stride": 1, "padding": "valid", "dilation": 1}:
            y = Convolution(x, kernel)
        else:
            y = ops.conv1d(x, kernel, **options)
        y = Sums(y, bias, self.activation)
        return y if lazy and y.commutes else y.finish()


class Embedding(nn.Module):
    """Trainable vectors for integer ids.

    Attributes:
        vocabulary: number of ids.
        features: length of a vector.
    """

    vocabulary: int
    features: int

    @nn.compact
    def __call__(self, ids: jax.Array, *, lazy: bool = False) -> jax.Array | Lookup:
        """Map integer `(batch, time)` to `(batch, time, features)`.

        Args:
            ids: each in `[0, vocabulary)`.
            lazy: whether to return a `Lookup`, for a convolution to finish.
        """
        _checks.positive_int("vocabulary", self.vocabulary)
        shape = (self.vocabulary, _checks.positive_int("features", self.features))
        table = self.param("embedding", embedding_uniform, shape)
        return Lookup(ids, table) if lazy else ops.embed(ids, table)


class Dense(nn.Module):
    """Matrix product with the last axis, then bias and activation.

    Attributes:
        features: the width of the output.
        activation: a name known to `activation`.
        use_bias: whether a bias is added.
    """

    features: int
    activation: str = "linear"
    use_bias: bool = True

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Map `(..., features_in)` to `(..., features)`."""
        _checks.positive_int("features", self.features)
        kernel = self.param("kernel", glorot_uniform, (x.shape[-1], self.features))
        bias = _bias(self, self.features)
        y = x @ kernel
        if bias is not None:
            y += bias.reshape((1,) * (x.ndim - 1) + bias.shape)
        return activation(self.activation, y)


class Activation(nn.Module):
    """An activation as a layer of its own.

    Attributes:
        function: a name known to `activation`.
    """

    function: str

    def __call__(self, x: jax.Array) -> jax.Array:
        """Return an array of the shape of `x`."""
        return activation(self.function, x)


class Dropout(nn.Module):
    """Drop a share of the values while training; the identity otherwise.

    Attributes:
        rate: the share to drop, in [0, 1).
        time_constant: whether whole channels are dropped for all steps.
    """

    rate: float
    time_constant: bool = False

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool = False) -> jax.Array:
        """Return an array of the shape of `x`."""
        if _checks.dropout_rate("rate", self.rate) == 0.0 or not train:
            return x
        key = self.make_rng("dropout")
        return ops.dropout(x, key, self.rate, time_constant=self.time_constant)


class Flatten(nn.Module):
    """Lay all steps of a sequence side by side."""

    def __call__(self, x: jax.Array) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, time * features)`."""
        return x.reshape(x.shape[0], -1)
