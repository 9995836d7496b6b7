"""What layers are made of, for `fuse` to rewrite: functions of an array, with layers.

An operation is called `operation(x, train)`. A causal one, whose outputs depend on
their own step and earlier ones, can also compute some steps alone: `steps_before` says
of which steps of its input they are made, `at` makes them.
"""

from dataclasses import dataclass
from typing import Any

import jax
from flax import errors

from seqconv_jax import _checks, ops
from seqconv_jax.nn.activations import activation
from seqconv_jax.nn.layer import call
from seqconv_jax.nn.precision import computed
from seqconv_jax.nn.required_steps import (
    Steps,
    ratio,
    select,
    steps_under,
)


def stored(layer: Any, name: str, shape: tuple[int, ...]) -> jax.Array:
    """Return a parameter of a bound layer, as it computes with it, without calling it.

    Raises:
        flax.errors.ScopeParamNotFoundError: as Flax does when the layer is called.
        flax.errors.ScopeParamShapeError: likewise, for a parameter of another shape.
    """
    value, path = layer.get_variable("params", name), layer.scope.path_text
    if value is None:
        raise errors.ScopeParamNotFoundError(name, path)
    if value.shape != shape:
        raise errors.ScopeParamShapeError(name, path, value.shape, shape)
    return computed(layer, value)


@dataclass(frozen=True, eq=False)
class Operation:
    """An operation that is a layer as it is called.

    Attributes:
        layer: a bound module.
    """

    layer: Any

    @property
    def is_causal(self) -> bool:
        """Whether it is known to be."""
        return False

    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        """Map a batch of sequences."""
        return call(self.layer, x, train=train)

    def steps_before(self, wanted: Steps) -> Steps:
        """Return which steps of the input the wanted outputs are made of."""
        raise NotImplementedError

    def at(self, x: jax.Array, given: Steps, wanted: Steps, train: bool) -> jax.Array:
        """Return the wanted outputs, from an array that holds the given inputs."""
        raise NotImplementedError


class Embed(Operation):
    """Vectors for ids."""


class Maximum(Operation):
    """A maximum over windows of steps, or over all."""

    @property
    def plain_window(self) -> int | None:
        """The window, where they lie side by side; None otherwise, or for all steps."""
        window = getattr(self.layer, "window", None)
        if window is None or self.layer.stride not in (None, window):
            return None
        return window if self.layer.padding == "valid" else None

    @property
    def is_over_time(self) -> bool:
        """Whether it is over all steps."""
        return getattr(self.layer, "window", None) is None


class Last(Operation):
    """The last step alone."""


class Pointwise(Operation):
    """What is done to each step by itself, the same to all."""

    @property
    def is_causal(self) -> bool:
        """Always."""
        return True

    def steps_before(self, wanted: Steps) -> Steps:
        """Return the same steps."""
        return wanted

    def at(self, x: jax.Array, given: Steps, wanted: Steps, train: bool) -> jax.Array:
        """Do it to the wanted steps."""
        return self(select(x, given, wanted), train)


class BiasAndActivation(Pointwise):
    """What a convolution does to its sums, whether or not they have a time axis."""

    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        """Add the bias and apply the activation."""
        if self.layer.use_bias:
            bias = stored(self.layer, "bias", (x.shape[-1],))
            x = x + bias.reshape((1,) * (x.ndim - 1) + bias.shape)
        return activation(self.layer.activation, x)


@dataclass(frozen=True, eq=False)
class Convolve(Operation):
    """A convolution's sums: all of them, or the maxima of windows of them.

    Attributes:
        layer: the convolution.
        embedding: what turns ids into its input; None where the input is vectors.
        window: of the maxima; None for all sums.
    """

    embedding: Any = None
    window: int | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it sums over all windows of vectors, without padding or gaps."""
        layer = self.layer
        geometry = (layer.stride, layer.padding, layer.dilation)
        return self.embedding is None and geometry == (1, "valid", 1)

    @property
    def is_causal(self) -> bool:
        """Whether its padding, or a single tap, makes it so."""
        layer = self.layer
        looks_back = layer.padding == "causal" or layer.kernel_size == 1
        return self.embedding is None and layer.stride == 1 and looks_back

    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        """Return the sums, or their maxima."""
        geometry = self.layer.geometry
        if self.embedding is not None:
            _checks.rank("x", x, ("batch", "time"))
            return ops.embed_conv(x, *self.table_and_kernel(), **geometry)
        _checks.rank("x", x, ("batch", "time", "features"))
        x = computed(self.layer, x)
        kernel = self._kernel(x.shape[-1])
        if self.window is not None:
            return ops.conv_max_pool(x, kernel, self.window)
        return ops.conv1d(x, kernel, **geometry)

    def table_and_kernel(self) -> tuple[jax.Array, jax.Array]:
        """Return the vectors of all ids, and the kernel over them."""
        size = self.embedding.vocabulary, self.embedding.features
        table = computed(self.layer, stored(self.embedding, "embedding", size))
        return table, self._kernel(size[1])

    def _kernel(self, width: int) -> jax.Array:
        """Return the kernel over vectors of that width."""
        shape = (self.layer.kernel_size, width, self.layer.features)
        return stored(self.layer, "kernel", shape)

    def steps_before(self, wanted: Steps) -> Steps:
        """Return the steps that the taps meet."""
        return steps_under(wanted, self.layer.kernel_size, self.layer.dilation)

    def at(self, x: jax.Array, given: Steps, wanted: Steps, train: bool) -> jax.Array:
        """Return the wanted sums."""
        x = computed(self.layer, x)
        kernel = self._kernel(x.shape[-1])
        if kernel.shape[0] == 1:
            return ops.conv1d(select(x, given, wanted), kernel)
        return ops.causal_conv1d_end(
            x,
            kernel,
            outputs=wanted.count,
            stride=ratio(wanted, given),
            dilation=self.layer.dilation // (given.apart or self.layer.dilation),
        )


@dataclass(frozen=True, eq=False)
class OneHotConvolve(Operation):
    """The sums of a convolution over ids: all of them, or the maxima over time.

    Attributes:
        layer: the convolution.
        maximum: whether only the maxima are wanted.
    """

    maximum: bool = False

    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        """Return the sums, or their maxima."""
        layer = self.layer
        kernel = stored(layer, "kernel", layer.kernel_shape)
        convolve = ops.one_hot_conv_max if self.maximum else ops.one_hot_conv
        return convolve(x, kernel, **layer.geometry)


@dataclass(frozen=True, eq=False)
class MaskedEmbedConvolve:
    """An embedding and a convolution where ids are masked.

    Attributes:
        embedding: the one.
        layer: the other.
    """

    embedding: Any
    layer: Any

    def __call__(
        self, x: jax.Array, mask: jax.Array | None
    ) -> tuple[jax.Array, jax.Array | None]:
        """Map ids to the convolution's output; also return what is left of the mask."""
        mask = self.embedding.mask_after(mask, x)
        sums = ops.masked_embed_conv(
            x,
            *Convolve(self.layer, self.embedding).table_and_kernel(),
            mask=mask,
            **self.layer.geometry,
        )
        y = BiasAndActivation(self.layer)(sums, train=False)
        return y, self.layer.mask_after(mask, None)
