"""Layers between a normalisation of each window and its inverse."""

import math
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from seqconv_jax import _checks, ops
from seqconv_jax._checks import UserError
from seqconv_jax.nn.column_map import column_indices
from seqconv_jax.nn.layer import WholeSequence, check_layers
from seqconv_jax.nn.precision import float_type
from seqconv_jax.nn.run import Composite


class _Normalised(WholeSequence, Composite):
    """What both share: how columns are normalised, and outputs restored."""

    layers: tuple[Any, ...]
    columns: tuple[int, ...] | None = None

    def __post_init__(self):
        """Look at the layers once."""
        check_layers("layers", self.layers)
        super().__post_init__()

    def _between(
        self,
        scale: ops.WindowScale,
        x: jax.Array,
        mask: jax.Array | None,
        train: bool,
        gain: jax.Array | None = None,
        shift: jax.Array | None = None,
    ) -> jax.Array:
        """Normalise the columns, run the layers, and restore what they put out."""
        where = self._where(x)
        values = scale.normalised(x[:, :, where])
        if gain is not None and shift is not None:
            values = values * gain + shift
        x = jnp.asarray(x)
        normal = x.at[:, :, where].set(values) if self.columns is not None else values
        y, _ = self.run(self.layers, normal, mask, train)
        width = math.prod(y.shape[1:])
        if width % len(where):
            raise UserError(
                f"`layers` must leave whole steps of {len(where)} columns, got {width} "
                "values of an example"
            )
        steps = y.reshape(y.shape[0], -1, len(where))
        if gain is not None and shift is not None:
            steps = (steps - shift) / gain
        return scale.restored(steps).reshape(y.shape)

    def _where(self, x: jax.Array) -> jax.Array:
        _checks.rank("x", x, ("batch", "time", "columns"))
        every = tuple(range(x.shape[2]))
        return column_indices(
            every if self.columns is None else self.columns, x.shape[2]
        )


class LastValue(_Normalised):
    """Subtract each window's last value, run layers, and add it to what they put out.

    So the layers forecast changes, whatever the level. With all of them at zero the
    forecast is the last value.

    Attributes:
        layers: from `(batch, time, features)` to a forecast of the columns,
            `(batch, steps, columns)` or `(batch, steps * columns)`, the step slower.
        columns: which features those are; the others are shown as they are. None for
            all.

    Example:
        >>> from seqconv_jax.nn import LinearMap
        >>> model = LastValue((LinearMap(2, kernel_init="zeros"),))
        >>> x = jnp.array([[[1.0], [4.0]]])
        >>> model.apply(model.init(jax.random.key(0), x), x).tolist()
        [[[4.0], [4.0]]]

    Reference:
        A. Zeng and others, "NLinear", arXiv:2205.13504.
    """

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, features)` to the layers' output, restored."""
        shown = x[:, :, self._where(x)]
        return self._between(ops.last_value_scale(shown, mask), x, mask, train)


class RevIN(_Normalised):
    """Normalise each window by its own mean and spread, and undo it behind the layers.

    `y = s (f((x - m) / s g + b) - b) / g + m`, with `m` and `s` of each window and
    column, and a learned gain `g` and shift `b` of each column.

    Attributes:
        layers: as in `LastValue`.
        columns: as in `LastValue`.
        affine: whether there are `g` and `b`.
        epsilon: added to the variance, in (0, 1].
        param_dtype: the type of `g` and `b`.

    Example:
        >>> from seqconv_jax.nn import LinearMap
        >>> model = RevIN((LinearMap(2, kernel_init="zeros"),))
        >>> x = jnp.array([[[1.0], [4.0]]])
        >>> model.apply(model.init(jax.random.key(0), x), x).tolist()
        [[[2.5], [2.5]]]

    Reference:
        T. Kim and others, "Reversible Instance Normalization", ICLR 2022.
    """

    affine: bool = True
    epsilon: float = 1e-5
    param_dtype: Any = "float32"

    @nn.compact
    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, features)` to the layers' output, restored."""
        where = self._where(x)
        shown = x[:, :, where]
        scale = ops.moment_scale(shown, mask, epsilon=self.epsilon)
        if not self.affine:
            return self._between(scale, x, mask, train)
        kept, shape = float_type("param_dtype", self.param_dtype), (len(where),)
        gain = self.param("gain", nn.initializers.ones, shape, kept)[None, None]
        shift = self.param("shift", nn.initializers.zeros, shape, kept)[None, None]
        return self._between(scale, x, mask, train, gain, shift)
