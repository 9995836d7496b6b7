"""Running layers one after another, and what a module of layers has to do for it."""

from collections.abc import Sequence
from typing import Any

import jax
from flax import linen as nn

from seqconv_jax import ops
from seqconv_jax.nn import fuse
from seqconv_jax.nn.layer import Layer, call_with_mask


class Composite(Layer, kw_only=True):
    """The base of modules that run layers.

    Attributes:
        rewrites: which rewrites of neighbouring layers may be used, of `fuse.REWRITES`;
            none of them for each layer as it is. The results are the same to rounding.
    """

    rewrites: tuple[str, ...] = fuse.REWRITES

    def run(
        self,
        layers: Sequence[nn.Module],
        x: jax.Array,
        mask: jax.Array | None,
        train: bool,
    ) -> tuple[jax.Array, jax.Array | None]:
        """Map `x` through layers; return the result, and what is left of the mask.

        Args:
            layers: submodules, from the input upwards.
            x: a batch of sequences.
            mask: `(batch, time)` bool, true for real steps; None where all are.
            train: whether layers behave as in training.
        """
        # Parameters are declared, and looked at, where each layer is called.
        watched = map(self.is_mutable_collection, ("params", "intermediates"))
        rewrites = () if any(watched) else self.rewrites
        if mask is not None:
            mask = ops.check_mask(mask, x)
        rest = list(layers)
        while rest:
            count = 0 if mask is not None else _count_without_mask(rest)
            for operation in fuse.plan(rest[:count], rewrites, train):
                x = operation(x, train)
            rest = rest[count:]
            if pair := fuse.masked_pair(rest, rewrites):
                x, mask = pair(x, mask)
                rest = rest[2:]
            elif rest:
                x, mask = call_with_mask(rest.pop(0), x, mask, train)
        return x, mask


def _count_without_mask(layers: Sequence[nn.Module]) -> int:
    """Return how many layers come before the first that makes a mask."""
    makers = [i for i, layer in enumerate(layers) if makes_mask([layer])]
    return makers[0] if makers else len(layers)


def makes_mask(layers: Sequence[nn.Module]) -> bool:
    """Say whether one of the layers masks steps by itself."""
    return any(getattr(layer, "makes_mask", False) for layer in layers)


def mask_after(
    layers: Sequence[nn.Module], mask: jax.Array | None, x: jax.Array | None
) -> Any:
    """Return what layers one after another leave of a mask.

    Args:
        layers: from the input upwards.
        mask: `(batch, time)` bool, of the input; None where all steps are real.
        x: the input of the first layer; that of the others is not known.

    Returns:
        The mask; `NotImplemented` if one of the layers does not say what it leaves.
    """
    for layer in layers:
        after = getattr(layer, "mask_after", None)
        mask = NotImplemented if after is None else after(mask, x)
        if mask is NotImplemented:
            return NotImplemented
        x = None
    return mask
