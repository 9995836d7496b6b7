"""A linear map over time as a layer, and layers that see each column by itself."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from seqconv_jax import _checks, ops
from seqconv_jax._checks import UserError
from seqconv_jax.nn.initialisers import bias, kernel_initialiser
from seqconv_jax.nn.layer import Layer, WholeSequence, check_layers
from seqconv_jax.nn.precision import Parameterised, computed, parameter
from seqconv_jax.nn.run import Composite


class Columns(Layer):
    """Some of the columns (features) of each step, in a given order.

    Attributes:
        columns: their indices.

    Example:
        >>> Columns((2, 0)).apply({}, jnp.array([[[1.0, 2.0, 3.0]]])).tolist()
        [[[3.0, 1.0]]]
    """

    columns: tuple[int, ...]

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(..., features)` to `(..., columns)`."""
        return x[..., column_indices(self.columns, x.shape[-1])]


def column_indices(columns: Any, width: int) -> jax.Array:
    """Return columns as an array of indices, if there are such columns.

    Raises:
        UserError: unless they are integers in a tuple, each in `[0, width)`.
    """
    fits = isinstance(columns, tuple | list) and len(columns) > 0
    fits = fits and all(type(c) is int and 0 <= c < width for c in columns)
    _checks.expect(fits, "columns", f"integers below {width} in a tuple", columns)
    return jnp.array(columns, jnp.int32)


class LinearMap(WholeSequence, Parameterised):
    """Map the steps of each column to other steps: look-back to horizon.

    Alone, and behind `Flatten`, it is a forecaster that many networks lose to; beside
    one, it leaves what a line can't do. It sees where a step lies in the array, so
    masked steps, which are zeros, must be in front of the real ones, not behind.

    Attributes:
        steps: how many steps there are behind it.
        shared: whether all columns have the same weights.
        use_bias: whether a bias is added.
        kernel_init: `"glorot_uniform"` or `"zeros"`.

    Example:
        >>> layer, x = LinearMap(96), jnp.ones((2, 336, 21))
        >>> layer.apply(layer.init(jax.random.key(0), x), x).shape
        (2, 96, 21)

    Reference:
        A. Zeng and others, arXiv:2205.13504.
    """

    steps: int
    shared: bool = True
    use_bias: bool = True
    kernel_init: str = "glorot_uniform"

    @nn.compact
    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, columns)` to `(batch, steps, columns)`."""
        _checks.rank("x", x, ("batch", "time", "columns"))
        steps = _checks.positive_int("steps", self.steps)
        x = computed(self, ops.hide(x, mask))
        columns = () if self.shared else (x.shape[2],)
        start = kernel_initialiser(self.kernel_init, columns=len(columns))
        kernel = parameter(self, "kernel", start, (*columns, x.shape[1], steps))
        return ops.column_map(x, kernel, bias(self, (*columns, steps)))

    def output_length(self, length):
        """Return how many steps it maps to."""
        return self.steps


class EachColumn(WholeSequence, Composite):
    """Layers that see each column by itself, with the same weights for all.

    Columns are folded into the batch, which a paper calls "channel-independent": the
    layers learn from all of them, and cannot overfit how they go together.

    Attributes:
        layers: from `(batch * columns, time, 1 + embedding)` to
            `(batch * columns, features)`.
        embedding: how many learned numbers of each column are shown to the layers
            beside its values, at each step.

    Example:
        >>> from seqconv_jax.nn import GRU, Conv1D
        >>> block = EachColumn((Conv1D(8, 16, stride=16), GRU(8)))
        >>> x = jnp.ones((2, 96, 3))
        >>> block.apply(block.init(jax.random.key(0), x), x).shape
        (2, 8, 3)

    Reference:
        Y. Nie and others, arXiv:2211.14730; S. Lin and others, arXiv:2308.11200.
    """

    layers: tuple[Any, ...]
    embedding: int = 0

    def __post_init__(self):
        """Look at the layers once."""
        check_layers("layers", self.layers)
        super().__post_init__()

    @nn.compact
    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, columns)` to `(batch, features, columns)`."""
        _checks.rank("x", x, ("batch", "time", "columns"))
        batch, time, columns = x.shape
        _checks.non_negative_int("embedding", self.embedding)
        folded = jnp.swapaxes(x, 1, 2).reshape(batch * columns, time, 1)
        if self.embedding:
            shape = (columns, self.embedding)
            table = self.param("embedding_table", nn.initializers.normal(1.0), shape)
            shown = table.astype(x.dtype)[None, :, None]
            shown = jnp.broadcast_to(shown, (batch, columns, time, self.embedding))
            shown = shown.reshape(batch * columns, time, self.embedding)
            folded = jnp.concatenate([folded, shown], axis=2)
        each = None if mask is None else jnp.repeat(mask, columns, axis=0)
        y, _ = self.run(self.layers, folded, each, train)
        if y.ndim != 2:
            raise UserError(
                "`layers` of EachColumn must leave (batch, features), such as a GRU's "
                f"last state, got {y.ndim} axes"
            )
        return jnp.swapaxes(y.reshape(batch, columns, -1), 1, 2)
