"""What becomes of a mask in Keras 3, where it is not what becomes of it here.

Here a mask goes through convolutions and pools; Keras forgets it there, warns, and has
all steps count from then on. A global maximum and a flattening of Keras's know of no
mask either. So a model from Keras has to say where its mask ends: `mask_until` of a
`Sequential`, which stands for a branch, too, if the mask ends in one. An Embedding
whose mask nobody uses makes none, and can be computed as one with a convolution.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from seqconv_jax._checks import UserError
from seqconv_jax.nn import (
    Activation,
    BatchNorm,
    Bidirectional,
    Dense,
    Dropout,
    Embedding,
    GlobalAvgPool1D,
    LayerNorm,
    LeakyReLU,
    Masking,
    Parallel,
    Residual,
    Sequential,
)
from seqconv_jax.nn.recurrent import Recurrent

_PASS_ON = (Activation, BatchNorm, Dense, Dropout, LayerNorm, LeakyReLU)
_USE = (Recurrent, Bidirectional, BatchNorm, GlobalAvgPool1D)


class Masked(NamedTuple):
    """Layers one after another, and what Keras makes of a mask on its way.

    Attributes:
        layers: the layers.
        until: the index of the first layer that is not told of the mask any more; None
            where it is handed on, or used up.
        users: the layers that are called with the mask and act by it.
        alive: whether the mask goes on behind the last layer.
        lost: the layer behind which it goes on in Keras, but cannot here.
    """

    layers: tuple[Any, ...]
    until: int | None = None
    users: tuple[Any, ...] = ()
    alive: bool = False
    lost: Any = None


def with_masks_of_keras(layers: Sequence[Any]) -> tuple[Sequential, tuple[Any, ...]]:
    """Return a model that treats masks as Keras does, and the layers that use one.

    Args:
        layers: from the input upwards, each masking by `mask_id` where Keras's has
            `mask_zero`.

    Raises:
        UserError: if a mask is used where it cannot be led to.

    Example:
        >>> from seqconv_jax.nn import GRU, Conv1D
        >>> layers = Embedding(9, 4, 0), GRU(3, return_sequences=True), Conv1D(2, 2)
        >>> model, users = with_masks_of_keras(layers)
        >>> model.mask_until, [type(layer).__name__ for layer in users]
        (2, ['GRU'])
        >>> with_masks_of_keras((layers[0], *layers[2:]))[0][0].mask_id is None
        True
    """
    masked = end_masks(layers, alive=False)
    if masked.users or any(isinstance(layer, Masking) for layer in _flat(layers)):
        return Sequential(layers=masked.layers, mask_until=masked.until), masked.users
    return Sequential(layers=tuple(map(_without_mask, layers))), ()


def end_masks(layers: Sequence[Any], alive: bool) -> Masked:
    """Find where Keras forgets the mask that a chain is given, or makes.

    Args:
        layers: from the input upwards.
        alive: whether the first layer is given a mask.
    """
    state = Masked(tuple(layers), alive=alive)
    for i, layer in enumerate(layers):
        if isinstance(layer, Residual | Parallel):
            state = _beside(state, i)
        elif getattr(layer, "makes_mask", False):
            if state.alive or state.lost is not None:
                raise UserError(
                    f"a {type(layer).__name__} layer makes a mask where there is one "
                    "already, which has no counterpart here"
                )
            state = state._replace(alive=True)
        else:
            state = _through(state, i)
    return state


def _through(state: Masked, i: int) -> Masked:
    """Follow the mask through a layer that is not made of layers."""
    layer, uses = state.layers[i], isinstance(state.layers[i], _USE)
    if uses and state.lost is not None:
        raise UserError(
            f"a {type(layer).__name__} layer uses a mask that came through "
            f"{type(state.lost).__name__} branches, which has no counterpart here"
        )
    if uses and state.alive:
        state = state._replace(users=(*state.users, layer))
    if _hands_on(layer):
        return state
    until = i if state.alive and not uses else state.until
    if until != state.until and state.until is not None:
        raise UserError(
            "masks end in two places, which has no counterpart here: at layer "
            f"{state.until} and at layer {until}"
        )
    return state._replace(alive=False, lost=None, until=until)


def _beside(state: Masked, i: int) -> Masked:
    """Follow the mask through branches; one that it ends in is a `Sequential`."""
    layer = state.layers[i]
    branches = _branches(layer)
    found = [end_masks(branch, state.alive) for branch in branches]
    ends = [branch.alive or branch.lost is not None for branch in found]
    merge = "sum" if isinstance(layer, Residual) else layer.merge
    goes_on = any(ends) if merge.startswith("concatenate") else all(ends)
    alive = isinstance(layer, Residual) and all(branch.alive for branch in found)
    new = tuple(_as_branch(branch, ends_here=not alive) for branch in found)
    if new != branches:
        layer = _with_branches(layer, new)
    return state._replace(
        layers=(*state.layers[:i], layer, *state.layers[i + 1 :]),
        users=(*state.users, *(user for branch in found for user in branch.users)),
        alive=alive,
        lost=layer if goes_on and not alive else None,
    )


def _as_branch(branch: Masked, ends_here: bool) -> tuple[Any, ...]:
    """Return the layers of a branch, told where its mask ends."""
    until = branch.until
    if until is None and branch.alive and ends_here:
        until = len(branch.layers)
    if until is None:
        return branch.layers
    layers = branch.layers or (Activation("linear"),)
    return (Sequential(layers=layers, mask_until=until),)


def _branches(layer: Any) -> tuple[tuple[Any, ...], ...]:
    if isinstance(layer, Residual):
        return layer.layers, layer.shortcut
    return layer.branches


def _with_branches(layer: Any, branches: tuple[tuple[Any, ...], ...]) -> Any:
    """Return a copy of a layer with other branches."""
    if isinstance(layer, Residual):
        return layer.clone(layers=branches[0], shortcut=branches[1])
    return layer.clone(branches=branches)


def _hands_on(layer: Any) -> bool:
    """Say whether Keras's layer hands a mask on."""
    if isinstance(layer, Recurrent | Bidirectional):
        return layer.output_length(1) is not None
    return isinstance(layer, _PASS_ON)


def _flat(layers: Sequence[Any]) -> Iterator[Any]:
    """Yield all layers, those of branches too."""
    for layer in layers:
        yield layer
        if isinstance(layer, Residual | Parallel):
            for branch in _branches(layer):
                yield from _flat(branch)


def _without_mask(layer: Any) -> Any:
    """Return a layer whose Embeddings mask nothing."""
    if isinstance(layer, Embedding):
        return layer.clone(mask_id=None)
    if isinstance(layer, Residual | Parallel):
        branches = [tuple(map(_without_mask, b)) for b in _branches(layer)]
        return _with_branches(layer, tuple(branches))
    return layer
