"""Products of what a window's newest steps are on average."""

import jax
import jax.numpy as jnp
import numpy as np

from seqconv_jax import _checks, ops
from seqconv_jax.nn.layer import WholeSequence


class MeanProducts(WholeSequence):
    """All steps side by side, then the products of all pairs of means.

    The means are those of each feature over the newest steps, some spans of them. A
    dense layer behind it is a second-order (Volterra) model of the window: a line whose
    slopes depend on the level, the hour and the season.

    Attributes:
        spans: how many of the newest steps each mean is over; masked steps count as
            zeros.

    Example:
        >>> MeanProducts((1, 2)).apply({}, jnp.array([[[1.0], [3.0]]])).tolist()
        [[1.0, 3.0, 9.0, 6.0, 4.0]]

    Reference:
        V. Volterra, "Theory of Functionals and of Integral and Integro-Differential
        Equations" (1930).
    """

    spans: tuple[int, ...] = (1,)

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, n)` to `(batch, time * n + m (m + 1) / 2)`.

        `m` is `n` times the number of spans.
        """
        _checks.floats("x", x)
        _checks.rank("x", x, ("batch", "time", "features"))
        for span in self.spans:
            _checks.positive_int("spans", span)
            fits = span <= x.shape[1]
            _checks.expect(fits, "spans", f"at most {x.shape[1]:,} steps", span)
        flat = x if mask is None else ops.shift_left(x, mask)
        if mask is not None:
            x = jnp.where(mask[..., None], ops.finite_where_masked(x, mask), 0)
        means = jnp.concatenate([x[:, -k:].mean(axis=1) for k in self.spans], axis=1)
        first, second = np.triu_indices(means.shape[1])
        flat = flat.reshape(x.shape[0], -1)
        return jnp.concatenate([flat, means[:, first] * means[:, second]], axis=1)
