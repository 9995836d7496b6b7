"""Layers about the steps of a sequence: which are masked, which is read."""

from numbers import Real

import jax
import jax.numpy as jnp

from seqconv_jax import _checks, ops
from seqconv_jax.nn.layer import Layer, WholeSequence
from seqconv_jax.nn.operations import Last


class Flatten(WholeSequence):
    """Lay all steps of a sequence side by side.

    With a mask the first real step comes first, and masked steps are zeros. The width
    is that of the whole array, so all batches must be padded to one length.

    Example:
        >>> Flatten().apply({}, jnp.ones((2, 9, 4))).shape
        (2, 36)
    """

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, time * features)`."""
        x = x if mask is None else ops.shift_left(x, mask)
        return x.reshape(x.shape[0], -1)


class LastStep(WholeSequence):
    """The last real step of a sequence.

    Where it is behind causal layers, no more than that step depends on is computed.

    Example:
        >>> LastStep().apply({}, jnp.arange(6.0).reshape(1, 3, 2)).tolist()
        [[4.0, 5.0]]
    """

    @property
    def windows(self) -> tuple[tuple[int, int, int], ...]:
        """None of its own: it sees one step."""
        return ()

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, features)`.

        Zeros where no step is real.
        """
        _checks.rank("x", x, ("batch", "time", "features"))
        return x[:, -1] if mask is None else ops.last_real_step(x, mask)

    def operations(self):
        """Return the reading of the last step."""
        return (Last(self),)


class Masking(Layer):
    """Mask the steps whose features all have one value.

    Attributes:
        value: what masked steps hold in all features.

    Example:
        >>> x = jnp.array([[[1.0, 0.0], [0.0, 0.0]]])
        >>> Masking().mask_after(None, x).tolist()
        [[True, False]]
    """

    value: float = 0.0

    @property
    def makes_mask(self) -> bool:
        """Always."""
        return True

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Return an array of the shape of `x`, zero at masked steps."""
        return ops.hide(x, self.mask_after(mask, x))

    def mask_after(self, mask, x):
        """Mask the steps of that value besides those that were masked."""
        if x is None:
            raise _checks.UserError(
                "a Masking layer must come first in a nested model, for what follows "
                "the model is told of masks, not of values"
            )
        _checks.rank("x", x, ("batch", "time", "features"))
        number = isinstance(self.value, Real) and self.value == self.value  # no NaN
        _checks.expect(number, "value", "a number, which NaN is not", self.value)
        real = jnp.any(x != self.value, axis=-1)
        return real if mask is None else real & mask
