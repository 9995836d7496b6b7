"""Pooling layers: `ops.pool` with its settings, and no parameters."""

from functools import partial
from typing import Any

import jax
from flax import linen as nn

from seqconv_jax import ops
from seqconv_jax.nn.lazy import Sums, finished, maximum_of


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

    def __call__(
        self, x: jax.Array | Sums, *, mask: jax.Array | None = None
    ) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, new_time, features)`."""
        # A window of padding has the value zero of its own, to be left as it is.
        x = x if mask is None else finished(x)
        settings: Any = {"stride": self.stride, "padding": self.padding, "mask": mask}
        is_plain = self.stride in (None, self.window) and self.padding == "valid"
        return maximum_of(
            x,
            partial(ops.max_pool, window=self.window, **settings),
            partial(ops.conv_max_pool, window=self.window) if is_plain else None,
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

    def __call__(
        self, x: jax.Array | Sums, *, mask: jax.Array | None = None
    ) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, features)`."""
        x = x if mask is None else finished(x)
        return maximum_of(x, partial(ops.global_max_pool, mask=mask))


class GlobalAvgPool1D(nn.Module):
    """Average over all steps."""

    def __call__(self, x: jax.Array, *, mask: jax.Array | None = None) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, features)`."""
        return ops.global_avg_pool(x, mask=mask)
