"""What the networks for series share."""

import jax

from seqconv_jax import _checks
from seqconv_jax.nn.sequential import TypedNetwork


class SeriesNetwork(TypedNetwork):
    """A network whose input is `(batch, time, features)`."""

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, outputs)`."""
        _checks.rank("x", x, ("batch", "time", "features"))
        return self.run_all(x, mask, train)
