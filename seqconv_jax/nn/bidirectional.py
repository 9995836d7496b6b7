"""Any recurrent layer in both directions."""

from typing import Any

import jax
import jax.numpy as jnp

from seqconv_jax import _checks
from seqconv_jax.nn.layer import Layer, call, check_layers

_MERGES = {
    "concatenate": lambda a, b: jnp.concatenate([a, b], axis=-1),
    "sum": lambda a, b: a + b,
    "average": lambda a, b: (a + b) / 2,
    "multiply": lambda a, b: a * b,
}


class Bidirectional(Layer):
    """Run a recurrent layer in both directions and merge what they return.

    Attributes:
        layer: the forward layer, of any kind; the backward one is its reversed copy
            with parameters of its own.
        merge: `"concatenate"`, `"sum"`, `"average"` or `"multiply"`.

    Example:
        >>> from seqconv_jax.nn import GRU
        >>> layer, x = Bidirectional(GRU(8)), jnp.ones((2, 9, 4))
        >>> layer.apply(layer.init(jax.random.key(0), x), x).shape
        (2, 16)

    Reference:
        Schuster and Paliwal, IEEE Transactions on Signal Processing 45 (1997).
    """

    layer: Any
    merge: str = "concatenate"

    @property
    def windows(self) -> tuple[tuple[int, int, int], ...] | None:
        """None: it sees all steps."""
        return None

    def setup(self):
        """Name the two directions as Keras does."""
        check_layers("layer", (self.layer,))
        _checks.one_of("merge", self.merge, _MERGES)
        reverse = getattr(self.layer, "reverse", None)
        turned = {} if reverse is None else {"reverse": not reverse}
        # Copies, down to the modules that the layer itself is made of.
        self.forward = self.layer.copy(parent=None)
        self.backward = self.layer.copy(parent=None, **turned)

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, features)` to the merged states of both directions.

        Where all states are returned, those of masked steps are zero, as in Keras.
        """
        forward = call(self.forward, x, mask=mask, train=train)
        if hasattr(self.layer, "reverse"):
            backward = call(self.backward, x, mask=mask, train=train)
        else:
            turned = None if mask is None else mask[:, ::-1]
            backward = call(self.backward, x[:, ::-1], mask=turned, train=train)
            backward = backward[:, ::-1] if backward.ndim == 3 else backward
        y = _MERGES[self.merge](forward, backward)
        if mask is not None and y.ndim == 3:
            y = jnp.where(mask[:, :, None], y, 0)
        return y

    def mask_after(self, mask, x):
        """Return what the layer itself leaves of the mask, where it says so."""
        if hasattr(self.layer, "mask_after"):
            return self.layer.mask_after(mask, x)
        return NotImplemented

    def output_length(self, length):
        """Return what the layer itself leaves of the length, where it says so."""
        shorten = getattr(self.layer, "output_length", None)
        return None if shorten is None else shorten(length)
