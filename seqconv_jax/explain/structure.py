"""Which networks are a sum over places: one convolution, a global pool, a dense layer.

They are read off the layers of a bound network, beside a line through n-grams or not.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from seqconv_jax import ops
from seqconv_jax._checks import UserError
from seqconv_jax.nn import (
    Activation,
    Conv1D,
    Dense,
    Dropout,
    Embedding,
    GlobalAvgPool1D,
    GlobalMaxPool1D,
    Network,
    NGramLinear,
    OneHotConv1D,
    Parallel,
    TokenDropout,
)
from seqconv_jax.nn.embed import mask_ids
from seqconv_jax.nn.precision import computed

__all__ = ["Bank", "Convolutional", "Line", "NotASumError", "lines_of", "read"]

_ONE_PATH = (
    "Embedding and one Conv1D, or a OneHotConv1D (linear or relu), GlobalMaxPool1D or "
    "GlobalAvgPool1D "
    "(several side by side or one), and Dense (linear), beside an NGramLinear or not"
)


class NotASumError(UserError):
    """A network that is no sum over the places of its input."""


class Bank(NamedTuple):
    """The filters of one convolution, and the pool behind them.

    Attributes:
        conv: the bound layer.
        is_relu: whether only sums above 0 count.
        is_max: whether the pool is a maximum, else an average.
    """

    conv: Any
    is_relu: bool
    is_max: bool

    def sums(self, x: jax.Array, mask: jax.Array | None) -> jax.Array:
        """Return `(batch, windows, filters)`: the convolution without its bias."""
        x = computed(self.conv, x)
        return ops.masked_conv1d(x, self.kernel(), mask=mask, **self.conv.geometry)

    def kernel(self) -> jax.Array:
        """Return `(kernel_size, features, filters)`: over vectors of words."""
        kernel = _kernel(self.conv)
        return _own_part(kernel) if type(self.conv) is OneHotConv1D else kernel

    def bias(self) -> jax.Array:
        """Return `(filters,)`."""
        if not self.conv.use_bias:
            return jnp.zeros(self.conv.features)
        return computed(self.conv, self.conv.get_variable("params", "bias"))

    def counted(self, mask: jax.Array | None, shape: tuple[int, ...]) -> jax.Array:
        """Return `(batch, windows)` bool: the windows that the pool sees."""
        if mask is None:
            return jnp.ones(shape[:2], bool)
        return ops.window_mask(mask, self.conv.kernel_size, **self.conv.geometry)


class WordVectors(NamedTuple):
    """A convolution over ids as an embedding, behind which a convolution adds up.

    A word's vector is what it adds to all filters at each tap, side by side, and a tap
    of the convolution takes its own part of it.

    Attributes:
        layer: the bound `OneHotConv1D`.
    """

    layer: Any

    def __call__(self, ids: jax.Array) -> jax.Array:
        """Return `(batch, time, kernel_size * filters)`."""
        kernel = _kernel(self.layer)
        table = jnp.swapaxes(kernel, 0, 1).reshape(kernel.shape[1], -1)
        return ops.embed(ids, table)

    def mask_after(self, mask: jax.Array | None, ids: jax.Array) -> jax.Array | None:
        """Return the mask of ids without those of padding."""
        return mask_ids(self.layer, mask, ids)


def _kernel(layer: Any) -> jax.Array:
    return computed(layer, layer.get_variable("params", "kernel"))


def _own_part(kernel: jax.Array) -> jax.Array:
    """Return the kernel over `WordVectors`: ones where tap and filter are the same."""
    taps, _, filters = kernel.shape
    size = taps * filters
    return jnp.eye(size, dtype=kernel.dtype).reshape(size, taps, filters).swapaxes(0, 1)


class Convolutional(NamedTuple):
    """A branch of convolutions over an embedding, each pooled over all steps."""

    share: float
    embedding: Any
    banks: tuple[Bank, ...]
    dense: Any


class Line(NamedTuple):
    """A branch that sums a weight for each n-gram of a text."""

    share: float
    layer: Any


def read(bound: Any) -> list[Convolutional | Line]:
    """Return the branches whose sum a network's output is.

    Args:
        bound: a module with its variables.

    Raises:
        NotASumError: for a network that is no such sum.
    """
    layers = _flat([bound])
    found: list[Convolutional | Line] = []
    for share, branch in _branches(layers):
        if len(branch) == 1 and type(branch[0]) is NGramLinear:
            found.append(Line(share, branch[0]))
        else:
            found.append(_convolutional(share, branch))
    return found


def lines_of(bound: Any) -> list[Line]:
    """Return the lines through n-grams that a network's output is a sum with."""
    return [
        Line(share, branch[0])
        for share, branch in _branches(_flat([bound]))
        if len(branch) == 1 and type(branch[0]) is NGramLinear
    ]


def _flat(layers: Iterable[Any]) -> list[Any]:
    """Return layers in place of networks of them, those for training left out."""
    flat: list[Any] = []
    for layer in layers:
        if isinstance(layer, Network) and layer.mask_until is None:
            flat += _flat(layer.bound_layers)
        elif type(layer) not in (Dropout, TokenDropout):
            flat.append(layer)
    return flat


def _branches(layers: list[Any]) -> list[tuple[float, list[Any]]]:
    """Return branches side by side, and what each counts in their sum."""
    merge = layers[0].merge if _is_alone(layers, Parallel) else None
    if merge not in ("sum", "average"):
        return [(1.0, layers)]
    branches, weights = layers[0].branches, layers[0].weights
    shares = [1.0] * len(branches)
    if merge == "average":
        weights = weights or shares
        shares = [float(weight) / sum(weights) for weight in weights]
    return [
        (share * inner, branch)
        for share, layers in zip(shares, branches, strict=True)
        for inner, branch in _branches(_flat(layers))
    ]


def _convolutional(share: float, layers: list[Any]) -> Convolutional:
    fits = len(layers) >= 3 and type(layers[0]) in (Embedding, OneHotConv1D)
    fits = fits and type(layers[-1]) is Dense and layers[-1].activation == "linear"
    over_ids = fits and type(layers[0]) is OneHotConv1D
    banks = _banks(layers[0 if over_ids else 1 : -1], over_ids) if fits else None
    if banks is None:
        raise NotASumError(
            "an exact sum over places needs a network of "
            f"{_ONE_PATH}; got {', '.join(type(each).__name__ for each in layers)}; "
            "contributions(..., method='integrated_gradients') takes any"
        )
    vectors = WordVectors(layers[0]) if over_ids else layers[0]
    return Convolutional(share, vectors, banks, layers[-1])


def _banks(layers: list[Any], over_ids: bool = False) -> tuple[Bank, ...] | None:
    if len(layers) == 1 and _concatenates(layers[0]):
        parts = [_banks(_flat(branch)) for branch in layers[0].branches]
        return None if None in parts else sum(parts, ())  # pyright: ignore
    if len(layers) < 2 or type(layers[0]) is not (OneHotConv1D if over_ids else Conv1D):
        return None
    conv, *rest = layers
    activation = conv.activation
    if len(rest) == 2 and type(rest[0]) is Activation and activation == "linear":
        activation, rest = rest[0].function, rest[1:]
    if activation not in ("linear", "relu") or len(rest) != 1:
        return None
    branches = rest[0].branches if _concatenates(rest[0]) else ((rest[0],),)
    pools = [_flat(branch) for branch in branches]
    if not all(_is_alone(each, *_POOLS) for each in pools):
        return None
    is_relu = activation == "relu"
    return tuple(Bank(conv, is_relu, _POOLS[type(pool)]) for (pool,) in pools)


_POOLS = {GlobalMaxPool1D: True, GlobalAvgPool1D: False}


def _concatenates(layer: Any) -> bool:
    return type(layer) is Parallel and layer.merge == "concatenate"


def _is_alone(layers: list[Any], *kinds: type) -> bool:
    return len(layers) == 1 and type(layers[0]) in kinds
