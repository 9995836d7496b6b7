"""A narrow layer in front of wide convolutions."""

import jax
from flax import linen as nn

from seqconv_jax.nn.combine import MatchWidth
from seqconv_jax.nn.conv import convolve
from seqconv_jax.nn.precision import computed

__all__ = ["Bottleneck"]


class Bottleneck(MatchWidth):
    """A convolution of one tap; the identity for an input of a single feature.

    Attributes:
        features: the width of the output, but for an input of one feature.

    Example:
        >>> import jax.numpy as jnp
        >>> layer, key = Bottleneck(4, use_bias=False), jax.random.key(0)
        >>> layer.init(key, jnp.ones((2, 9, 1)))
        {}
        >>> layer.init(key, jnp.ones((2, 9, 16)))["params"]["kernel"].shape
        (1, 16, 4)

    Reference:
        Fawaz et al., arXiv:1909.04939.
    """

    @nn.compact
    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, features_in)` to `(batch, time, features)`."""
        if x.shape[-1] == 1:
            return computed(self, x)
        return convolve(self, x, mask)
