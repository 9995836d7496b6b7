"""Pooling layers: `ops` with its settings, and no parameters."""

from typing import Any

import jax

from seqconv_jax import _checks, ops
from seqconv_jax.nn.layer import Layer, WholeSequence
from seqconv_jax.nn.operations import Maximum


class _WindowPool(Layer):
    """What pools over windows share.

    With a mask, a padded sequence gives what it gives without its padding: the windows
    are those of the steps from the first real one to the last, and one counts if any of
    its steps is real; masked steps never take part.
    """

    window: int
    stride: int | None = None
    padding: str = "valid"

    @property
    def geometry(self) -> dict[str, Any]:
        """The options of the operation."""
        return {
            "stride": self.window if self.stride is None else self.stride,
            "padding": self.padding,
        }

    def output_length(self, length):
        """Return how many windows there are."""
        _checks.positive_int("window", self.window)
        return ops.conv_output_length(length, self.window, **self.geometry)

    @property
    def windows(self) -> tuple[tuple[int, int, int], ...]:
        """Its own window."""
        return ((self.window, self.stride or self.window, 1),)

    def mask_after(self, mask, x):
        """Return which windows count."""
        if mask is None:
            return None
        return ops.window_mask(mask, self.window, **self.geometry)


class MaxPool1D(_WindowPool):
    """Maximum of each window of steps: `y[b, j] = max_k x[b, j * stride + k]`.

    Attributes:
        window: steps in a window.
        stride: steps between two windows; `window` where None.
        padding: `"valid"` or `"same"`.

    Example:
        >>> import jax.numpy as jnp
        >>> MaxPool1D(2).apply({}, jnp.arange(4.0).reshape(1, 4, 1))[0, :, 0].tolist()
        [1.0, 3.0]
    """

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, new_time, features)`."""
        if mask is None:
            return ops.max_pool(x, self.window, **self.geometry)
        return ops.masked_max_pool(x, self.window, mask=mask, **self.geometry)

    def operations(self):
        """Return the maximum."""
        return (Maximum(self),)


class AvgPool1D(_WindowPool):
    """Average of each window of steps; padding is never counted.

    Attributes:
        window: steps in a window.
        stride: steps between two windows; `window` where None.
        padding: `"valid"` or `"same"`.

    Example:
        >>> import jax.numpy as jnp
        >>> AvgPool1D(2).apply({}, jnp.arange(4.0).reshape(1, 4, 1))[0, :, 0].tolist()
        [0.5, 2.5]
    """

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, new_time, features)`."""
        if mask is None:
            return ops.avg_pool(x, self.window, **self.geometry)
        return ops.masked_avg_pool(x, self.window, mask=mask, **self.geometry)


class GlobalMaxPool1D(WholeSequence):
    """Maximum over all real steps; 0 where no step is real.

    Example:
        >>> import jax.numpy as jnp
        >>> GlobalMaxPool1D().apply({}, jnp.arange(4.0).reshape(1, 4, 1)).tolist()
        [[3.0]]
    """

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, features)`."""
        return ops.global_max_pool(x, mask=mask)

    def operations(self):
        """Return the maximum."""
        return (Maximum(self),)


class GlobalAvgPool1D(WholeSequence):
    """Average over all real steps; 0 where no step is real.

    Example:
        >>> import jax.numpy as jnp
        >>> GlobalAvgPool1D().apply({}, jnp.arange(4.0).reshape(1, 4, 1)).tolist()
        [[1.5]]
    """

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, features)`."""
        return ops.global_avg_pool(x, mask=mask)
