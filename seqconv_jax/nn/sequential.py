"""Layers one after another, and models that are their tuple of layers."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import jax
from flax import linen as nn

from seqconv_jax import _checks
from seqconv_jax.nn.layer import check_layers
from seqconv_jax.nn.lengths import check_lengths, output_length, windows_of
from seqconv_jax.nn.run import Composite, makes_mask, mask_after


class Network(Composite):
    """The base of models: derive from it, and say which layers it has, in `layers`.

    A layer without a name of its own is called after its class and counted: its
    parameters are in `params["Conv1D_0"]`. A network is a layer like any other.

    Example:
        >>> import jax.numpy as jnp
        >>> from seqconv_jax.nn import GRU, Conv1D, Dense
        >>> class Small(Network):
        ...     units: int = 8
        ...
        ...     @property
        ...     def layers(self):
        ...         return Conv1D(4, 3, activation="relu"), GRU(self.units), Dense(1)
        >>> variables = Small().init(jax.random.key(0), jnp.ones((2, 9, 3)))
        >>> sorted(variables["params"])
        ['Conv1D_0', 'Dense_0', 'GRU_0']
        >>> Small().apply(variables, jnp.ones((2, 9, 3))).shape
        (2, 1)
    """

    if TYPE_CHECKING:  # an annotation would be a field, and a property its default

        @property
        def layers(self) -> tuple[Any, ...]:
            """The layers, from the input upwards."""
            ...

    mask_until = None  # a field of `Sequential` alone

    def setup(self):
        """Name the layers that have no name."""
        layers, counted = check_layers("layers", self.layers), Counter()
        _checks.expect(len(layers) > 0, "layers", "at least one layer", ())
        for layer in layers:
            if layer.name is None:
                kind = type(layer).__name__
                setattr(self, f"{kind}_{counted[kind]}", layer)
                counted[kind] += 1
        self.bound_layers = layers

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map a batch of sequences through all layers.

        Args:
            x: `(batch, time)` integer ids or `(batch, time, features)` floats.
            mask: `(batch, time)` bool, true for real steps; None where all are.
            train: whether layers behave as in training; dropout then needs a random
                key named `"dropout"`.

        Raises:
            UserError: if a layer has too few steps; the message lists all lengths.
        """
        return self.run_all(x, mask, train)

    def run_all(self, x: jax.Array, mask: jax.Array | None, train: bool) -> jax.Array:
        """Do what `__call__` does: for classes that have more to do in theirs.

        Were theirs to call this class's, Flax would record two calls.
        """
        layers, until = self.bound_layers, self.mask_until
        if x.ndim > 1:
            check_lengths(x.shape[1], layers)
        x, mask = self.run(layers[:until], x, mask, train)
        return x if until is None else self.run(layers[until:], x, None, train)[0]

    @nn.nowrap  # Flax would take the layers for submodules of a module unbound
    def _layers(self) -> tuple[Any, ...]:
        """Return the layers, as submodules where this is one."""
        return self.layers if self.scope is None else self.bound_layers

    @property
    def makes_mask(self) -> bool:
        """Whether one of the layers masks steps by itself."""
        return makes_mask(self._layers())

    @property
    def windows(self) -> tuple[tuple[int, int, int], ...] | None:
        """The windows of all layers."""
        return windows_of(self._layers())

    @nn.nowrap
    def output_length(self, length):
        """Return what the layers leave of the length."""
        return output_length(length, self._layers())

    @nn.nowrap
    def mask_after(self, mask, x):
        """Return what the layers leave of the mask."""
        forgotten = self.mask_until is not None
        return None if forgotten else mask_after(self._layers(), mask, x)


class TypedNetwork(Network, kw_only=True):
    """The base of networks that make their layers: it says in which types.

    Attributes:
        dtype: the type that every layer computes in, as in `Conv1D`.
        param_dtype: the type of every layer's parameters.
    """

    dtype: Any = None
    param_dtype: Any = "float32"

    @property
    def types(self) -> dict[str, Any]:
        """Both, for a layer to be made with."""
        return {"dtype": self.dtype, "param_dtype": self.param_dtype}


class Sequential(Network):
    """Layers one after another: each maps what the one before it returns.

    It has a length, is indexed and iterated over like its tuple of layers, and can
    stand among the layers of another. `nn.Sequential(model.layers)` is any model of
    this library, for layers to be added to or left out. The parameters are in
    `params["layers_0"]`, ..., `params["layers_<n>"]`.

    Attributes:
        layers: the layers, from the input upwards: those of this library, or any
            modules that map an array to an array. Each is given `mask` and `train` if
            its `__call__` takes them.
        mask_until: the index of the first layer that is not told of masked steps any
            more; None to hand the mask on for as long as there are steps.

    Example:
        >>> import jax.numpy as jnp
        >>> from seqconv_jax.nn import Conv1D, Dense, GlobalMaxPool1D
        >>> model = Sequential((Conv1D(8, 3), GlobalMaxPool1D(), Dense(1)))
        >>> variables = model.init(jax.random.key(0), jnp.ones((2, 9, 4)))
        >>> model.apply(variables, jnp.ones((2, 9, 4))).shape
        (2, 1)
        >>> len(model), model[0].features
        (3, 8)
    """

    layers: tuple[Any, ...]  # pyright: ignore[reportIncompatibleMethodOverride]
    mask_until: int | None = None

    def __post_init__(self):
        """Look at the layers once."""
        check_layers("layers", self.layers)
        super().__post_init__()

    @nn.nowrap
    def __len__(self) -> int:
        """Return the number of layers."""
        return len(self.layers)

    @nn.nowrap
    def __bool__(self) -> bool:
        """Return true: a module is one, however many layers it has."""
        return True

    @nn.nowrap  # Flax would take what is made here for a submodule of this one
    def __getitem__(self, index: int | slice) -> Any:
        """Return a layer, or a `Sequential` of some."""
        if not isinstance(index, slice):
            return self.layers[index]
        places, until = range(len(self.layers)), self.mask_until
        if until is not None:
            until = sum(place in places[:until] for place in places[index])
        return Sequential(self.layers[index], until, rewrites=self.rewrites)

    @nn.nowrap
    def __iter__(self) -> Iterator[nn.Module]:
        """Go through the layers."""
        return iter(self.layers)
