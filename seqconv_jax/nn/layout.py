"""Layers that lay steps and features out anew; none of them knows of masked steps."""

import math

import jax
import jax.numpy as jnp

from seqconv_jax import _checks
from seqconv_jax._checks import UserError
from seqconv_jax.nn.layer import Layer


class _Layout(Layer):
    """What they share: a mask of the input says nothing about the output."""

    @property
    def windows(self) -> tuple[tuple[int, int, int], ...] | None:
        """None: which steps an output sees is not said."""
        return None

    def mask_after(self, mask, x):
        """Return None; a mask is an error where the layer is called."""
        return None

    def _check(self, x: jax.Array, mask: jax.Array | None, axes: tuple[str, ...]):
        _checks.rank("x", x, axes)
        if mask is not None:
            raise UserError(
                f"`mask` must be None for a {type(self).__name__} layer, behind which "
                "the steps are others; got one: end it before, with `mask_until`"
            )


class RepeatVector(_Layout):
    """One vector as a sequence of equal steps: the input of a decoder.

    Attributes:
        steps: how many.

    Example:
        >>> RepeatVector(3).apply({}, jnp.array([[1.0, 2.0]])).tolist()
        [[[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]]
    """

    steps: int

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, features)` to `(batch, steps, features)`."""
        self._check(x, mask, ("batch", "features"))
        steps = _checks.positive_int("steps", self.steps)
        return jnp.broadcast_to(x[:, None], (x.shape[0], steps, x.shape[1]))

    def output_length(self, length):
        """Return the number of steps."""
        return self.steps


class Reshape(_Layout):
    """The values of each example in another shape, in the same order.

    Attributes:
        shape: that of one example: `(features,)` or `(time, features)`; one of them
            may be -1, which is then what fits.

    Example:
        >>> Reshape((-1, 1)).apply({}, jnp.array([[1.0, 2.0]])).tolist()
        [[[1.0], [2.0]]]
    """

    shape: tuple[int, ...]

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, ...)` to `(batch, *shape)`."""
        self._check(x, mask, ("batch", "time", "features")[: x.ndim])
        values, shape = math.prod(x.shape[1:]), tuple(self.shape)
        known = math.prod(n for n in shape if n != -1)
        open_sizes = shape.count(-1)
        whole = values % known == 0 if open_sizes == 1 and known else known == values
        fits = len(shape) in (1, 2) and open_sizes <= 1 and whole
        what = f"(features,) or (time, features) of {values} values"
        _checks.expect(fits, "shape", what, shape)
        return x.reshape(x.shape[0], *shape)

    def output_length(self, length):
        """Return the number of steps; None where it is not known."""
        steps = self.shape[0] if len(self.shape) == 2 else -1
        return None if steps == -1 else steps


class Permute(_Layout):
    """Time and features in each other's place.

    Example:
        >>> Permute().apply({}, jnp.ones((1, 5, 2))).shape
        (1, 2, 5)
    """

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, features, time)`."""
        self._check(x, mask, ("batch", "time", "features"))
        return jnp.swapaxes(x, 1, 2)

    def output_length(self, length):
        """Return None: it is the number of features, which is not known."""
        return None


class ZeroPad1D(_Layout):
    """Steps of zeros before and behind.

    Attributes:
        sides: how many before the first step, and how many behind the last one.

    Example:
        >>> ZeroPad1D((1, 0)).apply({}, jnp.ones((1, 2, 1))).tolist()
        [[[0.0], [1.0], [1.0]]]
    """

    sides: tuple[int, ...] = (1, 1)

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, before + time + after, ...)`."""
        self._check(x, mask, ("batch", "time", "features"))
        return jnp.pad(x, ((0, 0), _sides(self.sides), (0, 0)))

    def output_length(self, length):
        """Return the length with the zeros."""
        return length + sum(_sides(self.sides))


class Crop1D(_Layout):
    """A sequence without its first and last steps.

    Attributes:
        sides: how many first ones are left out, and how many last ones.

    Example:
        >>> Crop1D((1, 0)).apply({}, jnp.arange(3.0).reshape(1, 3, 1)).tolist()
        [[[1.0], [2.0]]]
    """

    sides: tuple[int, ...] = (1, 1)

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, time - before - after, ...)`."""
        self._check(x, mask, ("batch", "time", "features"))
        before, after = _sides(self.sides)
        enough = x.shape[1] > before + after
        _checks.expect_shape(enough, "x", f"more than {before + after} steps", x)
        return x[:, before : x.shape[1] - after]

    def output_length(self, length):
        """Return what is left of the length."""
        return length - sum(_sides(self.sides))


class UpSample1D(_Layout):
    """Each step several times.

    Attributes:
        size: how many times.

    Example:
        >>> UpSample1D(2).apply({}, jnp.arange(2.0).reshape(1, 2, 1))[0, :, 0].tolist()
        [0.0, 0.0, 1.0, 1.0]
    """

    size: int = 2

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, features)` to `(batch, time * size, features)`."""
        self._check(x, mask, ("batch", "time", "features"))
        return jnp.repeat(x, _checks.positive_int("size", self.size), axis=1)

    def output_length(self, length):
        """Return so many times the length."""
        return length * self.size


def _sides(sides: tuple[int, ...]) -> tuple[int, int]:
    """Return both counts, if they are counts."""
    fits = isinstance(sides, tuple | list) and len(sides) == 2
    fits = fits and all(type(n) is int and n >= 0 for n in sides)
    _checks.expect(fits, "sides", "a pair of integers of at least 0", sides)
    return sides[0], sides[1]
