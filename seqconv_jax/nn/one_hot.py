"""A convolution over ids, with weights of its own for each word at each place."""

from typing import Any

import jax
from flax import linen as nn

from seqconv_jax import _checks, ops
from seqconv_jax.nn.activations import activation
from seqconv_jax.nn.embed import check_mask_id, mask_ids
from seqconv_jax.nn.initialisers import bias, glorot_uniform
from seqconv_jax.nn.operations import BiasAndActivation, OneHotConvolve
from seqconv_jax.nn.precision import Parameterised, parameter


class OneHotConv1D(Parameterised):
    """Convolution over integer ids as one-hot vectors, then bias and activation.

    `y[b, t] = s(bias + sum_k kernel[k, ids[b, t + k]])`, with `s` the activation. A
    filter has a weight for each word at each of its places: what an embedding and a
    convolution have together, but free, where theirs is a product of two matrices.

    Attributes:
        features: filters, the width of the output.
        vocabulary: number of ids.
        kernel_size: words that a filter sees.
        padding: `"valid"`, `"same"` or `"causal"`.
        activation: a name known to `activation`.
        use_bias: whether a bias is added.
        mask_id: the id of padding, whose steps are masked for this layer and those that
            follow; None masks nothing, and padding is a word like any other.

    Example:
        >>> import jax.numpy as jnp
        >>> layer = OneHotConv1D(8, vocabulary=10, kernel_size=3, activation="relu")
        >>> ids = jnp.array([[1, 2, 3, 4]])
        >>> layer.apply(layer.init(jax.random.key(0), ids), ids).shape
        (1, 2, 8)

    Reference:
        R. Johnson and T. Zhang, "Effective Use of Word Order for Text Categorization
        with Convolutional Neural Networks", arXiv:1412.1058 ("seq-CNN").
    """

    features: int
    vocabulary: int
    kernel_size: int
    padding: str = "valid"
    activation: str = "linear"
    use_bias: bool = True
    mask_id: int | None = None

    @property
    def makes_mask(self) -> bool:
        """Whether there is an id of padding."""
        return self.mask_id is not None

    @property
    def geometry(self) -> dict[str, Any]:
        """The options of `ops.one_hot_conv`."""
        return {"padding": self.padding}

    @property
    def windows(self) -> tuple[tuple[int, int, int], ...]:
        """Its own window."""
        return ((self.kernel_size, 1, 1),)

    @nn.compact
    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map integer ids `(batch, time)` to `(batch, new_time, features)`.

        Args:
            x: ids in `[0, vocabulary)`; any other gives NaN.
            mask: `(batch, time)` bool; masked ids may be any.
            train: of no effect.
        """
        _checks.rank("x", x, ("batch", "time"))
        check_mask_id(self.mask_id)
        features = _checks.positive_int("features", self.features)
        kernel = parameter(self, "kernel", glorot_uniform, self.kernel_shape)
        y = ops.one_hot_conv(
            x,
            kernel,
            bias(self, (features,)),
            mask=mask_ids(self, mask, x),
            **self.geometry,
        )
        return activation(self.activation, y)

    @property
    def kernel_shape(self) -> tuple[int, int, int]:
        """`(kernel_size, vocabulary, features)`."""
        names = ("kernel_size", "vocabulary", "features")
        size, vocabulary, features = (
            _checks.positive_int(name, getattr(self, name)) for name in names
        )
        return size, vocabulary, features

    def output_length(self, length):
        """Return how many outputs there are."""
        return ops.conv_output_length(length, self.kernel_size, **self.geometry)

    def mask_after(self, mask, x):
        """Return which outputs count."""
        mask = mask_ids(self, mask, x)
        if mask is None:
            return None
        return ops.window_mask(mask, self.kernel_size, **self.geometry)

    def operations(self):
        """Return the sums, then bias and activation."""
        return OneHotConvolve(self), BiasAndActivation(self)
