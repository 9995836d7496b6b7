"""Dropout of values, of whole channels, or of tokens."""

from functools import partial

import jax
import jax.numpy as jnp
from flax import linen as nn

from seqconv_jax import _checks, ops
from seqconv_jax.nn.layer import Layer
from seqconv_jax.nn.operations import Operation, Pointwise


class Dropout(Layer):
    """Drop values at random while training, and scale up the rest; else the identity.

    `y = x * m / (1 - rate)`, with `m` zero with probability `rate`. Training needs a
    random key named `"dropout"`.

    Attributes:
        rate: the probability to drop a value, in [0, 1).
        time_constant: whether whole channels are dropped for all steps.

    Example:
        >>> import jax.numpy as jnp
        >>> rngs = {"dropout": jax.random.key(0)}
        >>> y = Dropout(0.5).apply({}, jnp.ones((1, 64)), train=True, rngs=rngs)
        >>> sorted(set(y[0].tolist()))
        [0.0, 2.0]

    Reference:
        Srivastava et al., "Dropout", JMLR 15 (2014).
    """

    rate: float
    time_constant: bool = False

    @nn.compact
    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Return an array of the shape of `x`."""
        _checks.floats("x", x)
        if _checks.dropout_rate("rate", self.rate) == 0.0 or not train:
            return x
        key = self.make_rng("dropout")
        x = ops.finite_where_masked(x, mask)
        return ops.dropout(x, key, self.rate, time_constant=self.time_constant)

    def operations(self):
        """Return what is done to each step, or, unless it is the same, to all."""
        same = self.time_constant or self.rate == 0
        return (Pointwise(self) if same else Operation(self),)


class TokenDropout(Layer):
    """Put one id in the place of others at random while training; else the identity.

    It stands before an embedding, so that no word alone decides. Training needs a
    random key named `"dropout"`.

    Attributes:
        rate: the probability to replace an id, in [0, 1).
        token: the id that stands for words that are not known; Keras's.
        padding_id: the id that is never replaced.

    Example:
        >>> x, rngs = jnp.full((1, 64), 9), {"dropout": jax.random.key(0)}
        >>> y = TokenDropout(0.5).apply({}, x, train=True, rngs=rngs)
        >>> sorted(set(y[0].tolist()))
        [2, 9]

    Reference:
        Iyyer et al., "Deep Unordered Composition Rivals Syntactic Methods", ACL 2015
        (there words are left out).
    """

    rate: float
    token: int = 2
    padding_id: int = 0

    @nn.compact
    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Return integer ids of the shape of `x`, `(batch, time)`."""
        _checks.rank("x", x, ("batch", "time"))
        _checks.integers("x", x)
        if _checks.dropout_rate("rate", self.rate) == 0.0 or not train:
            return x
        token = jnp.asarray(_checks.non_negative_int("token", self.token), x.dtype)
        key = ops.faster_key(self.make_rng("dropout"))
        draw = partial(jax.random.bernoulli, key, self.rate)
        drop = ops.draw_for_batch(draw, x.shape)
        return jnp.where(drop & (x != self.padding_id), token, x)
