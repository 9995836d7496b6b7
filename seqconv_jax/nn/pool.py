"""Pooling layers: `ops.pool` with its settings, and no parameters."""

import jax
from flax import linen as nn

from seqconv_jax import ops


class MaxPool1D(nn.Module):
    """Maximum of each window of steps.

    Attributes:
        window: steps in a window.
        stride: steps between two windows; `window` where None.
        padding: `"valid"` or `"same"`.
    """

    window: int
    stride: int | None = None
    padding: str = "valid"

    def __call__(self, x: jax.Array, *, mask: jax.Array | None = None) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, new_time, features)`."""
        return ops.max_pool(
            x, self.window, stride=self.stride, padding=self.padding, mask=mask
        )


class AvgPool1D(nn.Module):
    """Average of each window of steps; padding is never counted.

    Attributes:
        window: steps in a window.
        stride: steps between two windows; `window` where None.
        padding: `"valid"` or `"same"`.
    """

    window: int
    stride: int | None = None
    padding: str = "valid"

    def __call__(self, x: jax.Array, *, mask: jax.Array | None = None) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, new_time, features)`."""
        return ops.avg_pool(
            x, self.window, stride=self.stride, padding=self.padding, mask=mask
        )


class GlobalMaxPool1D(nn.Module):
    """Maximum over all steps."""

    def __call__(self, x: jax.Array, *, mask: jax.Array | None = None) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, features)`."""
        return ops.global_max_pool(x, mask=mask)


class GlobalAvgPool1D(nn.Module):
    """Average over all steps."""

    def __call__(self, x: jax.Array, *, mask: jax.Array | None = None) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, features)`."""
        return ops.global_avg_pool(x, mask=mask)
