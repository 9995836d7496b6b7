"""Layers side by side: what residual and inception blocks are made of."""

from functools import partial, reduce
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from seqconv_jax import _checks, ops
from seqconv_jax.nn import fuse
from seqconv_jax.nn.activations import activation
from seqconv_jax.nn.causal import Sum
from seqconv_jax.nn.conv import Conv1D, convolve
from seqconv_jax.nn.layer import check_layers
from seqconv_jax.nn.lengths import output_length, windows_of
from seqconv_jax.nn.operations import Pointwise
from seqconv_jax.nn.precision import computed
from seqconv_jax.nn.run import Composite, makes_mask, mask_after

_MERGES = {
    "concatenate": lambda parts: jnp.concatenate(parts, axis=-1),
    "concatenate_steps": lambda parts: jnp.concatenate(parts, axis=1),
    "sum": sum,
    "average": lambda parts: sum(parts) / len(parts),
    "multiply": lambda parts: jnp.prod(jnp.stack(parts), axis=0),
    "maximum": partial(reduce, jnp.maximum),
}


class Residual(Composite):
    """Layers with a shortcut around them: `s(shortcut(x) + layers(x))`.

    Attributes:
        layers: the layers, from the input upwards, which keep the length, or shorten it
            as the shortcut does.
        shortcut: those beside them; none for the input itself.
        activation: `s`, a name known to `activation`.

    Example:
        >>> from seqconv_jax.nn import Conv1D
        >>> block = Residual((Conv1D(4, 3, padding="same", activation="relu"),))
        >>> variables = block.init(jax.random.key(0), jnp.ones((2, 9, 4)))
        >>> block.apply(variables, jnp.ones((2, 9, 4))).shape
        (2, 9, 4)

    Reference:
        He et al., arXiv:1512.03385.
    """

    layers: tuple[Any, ...]
    shortcut: tuple[Any, ...] = ()
    activation: str = "linear"

    def __post_init__(self):
        """Look at the layers once."""
        check_layers("layers", self.layers)
        check_layers("shortcut", self.shortcut)
        super().__post_init__()

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, features_in)` to `(batch, new_time, features)`."""
        y, left = self.run(self.layers, x, mask, train)
        beside, left_beside = self.run(self.shortcut, x, mask, train)
        if y.shape != beside.shape:
            raise _checks.UserError(
                f"`layers` and `shortcut` must leave the same shape, got {y.shape} and "
                f"{beside.shape}; give a `shortcut` such as (Conv1D({y.shape[-1]}, 1),)"
            )
        y = ops.hide(beside, left_beside) + ops.hide(y, left)
        return activation(self.activation, y)

    @property
    def makes_mask(self) -> bool:
        """Whether a layer of either branch masks steps by itself."""
        return makes_mask((*self.layers, *self.shortcut))

    @property
    def windows(self) -> tuple[tuple[int, int, int], ...] | None:
        """The windows of the branch that sees more."""
        return _widest([windows_of(self.layers), windows_of(self.shortcut)])

    def output_length(self, length):
        """Return what the layers leave of the length."""
        return output_length(length, self.layers)

    def mask_after(self, mask, x):
        """Return the steps that count in either branch."""
        return _either([mask_after(b, mask, x) for b in (self.layers, self.shortcut)])

    def operations(self):
        """Return one operation: both branches, and their sum."""
        body, shortcut = (
            tuple(done for layer in branch for done in fuse.operations_of(layer))
            for branch in (self.layers, self.shortcut)
        )
        return (Sum(self, body, shortcut),)


class MatchWidth(Conv1D):
    """A convolution of one tap where the width is another, else the identity.

    Attributes:
        features: the width of the output.

    Example:
        >>> MatchWidth(4).init(jax.random.key(0), jnp.ones((2, 9, 4)))
        {}
    """

    kernel_size: int = 1

    @nn.compact
    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, features_in)` to `(batch, time, features)`."""
        if x.shape[-1] == self.features:
            return computed(self, x)
        return convolve(self, x, mask)

    def operations(self):
        """Return what is done to each step, whatever the width."""
        return (Pointwise(self),)


class Parallel(Composite):
    """Branches of layers over the same input, and one result of all theirs.

    Attributes:
        branches: a tuple of tuples of layers; an empty one passes the input on.
        merge: `"concatenate"` (the features, in the order of the branches),
            `"concatenate_steps"` (one branch's steps behind the other's), `"sum"`,
            `"average"`, `"multiply"` or `"maximum"`.
        drop_path: of a sum or an average, the rate at which each branch is left out of
            an example's in training, but never all of them: each then learns to do
            without the others. An average is that of the branches that are left.
        weights: of an average, how much each branch counts; None for all the same.

    Example:
        >>> from seqconv_jax.nn import Conv1D
        >>> widths = (1, 3, 5)
        >>> block = Parallel(tuple((Conv1D(4, k, padding="same"),) for k in widths))
        >>> variables = block.init(jax.random.key(0), jnp.ones((2, 9, 4)))
        >>> block.apply(variables, jnp.ones((2, 9, 4))).shape
        (2, 9, 12)

    Reference:
        Szegedy et al., arXiv:1409.4842; for `drop_path` Larsson et al.,
        arXiv:1605.07648.
    """

    branches: tuple[tuple[Any, ...], ...]
    merge: str = "concatenate"
    drop_path: float = 0.0
    weights: tuple[float, ...] | None = None

    def __post_init__(self):
        """Look at the branches once."""
        fits = isinstance(self.branches, tuple | list) and len(self.branches) > 0
        what = "at least one, each a tuple of layers, in a tuple"
        _checks.expect(fits, "branches", what, self.branches)
        for branch in self.branches:
            check_layers("branches", branch)
        super().__post_init__()

    def __call__(
        self, x: jax.Array, *, mask: jax.Array | None = None, train: bool = False
    ) -> jax.Array:
        """Map `(batch, time, features_in)` to the merged results."""
        merge = _MERGES[_checks.one_of("merge", self.merge, _MERGES)]
        done = [self.run(branch, x, mask, train) for branch in self.branches]
        shapes = [y.shape for y, _ in done]
        free = {"concatenate": -1, "concatenate_steps": 1}.get(self.merge)
        fixed = {shape if free is None else _without(shape, free) for shape in shapes}
        if len(fixed) > 1:
            raise _checks.UserError(
                f"`branches` must leave shapes that fit together, got {shapes}"
            )
        parts = [ops.hide(y, left) for y, left in done]
        dropped = train and self.drop_path
        if not dropped and self.weights is None:
            return merge(parts)
        shares = self._shares(parts, self._kept(parts) if dropped else None)
        pairs = zip(parts, shares, strict=True)
        return merge([y * share.astype(y.dtype) for y, share in pairs])

    def _kept(self, parts: list[jax.Array]) -> jax.Array:
        """Draw which branches each example does with: `(branches, batch)`."""
        fits = ("sum", "average")
        _checks.expect(self.merge in fits, "drop_path", f"0 but for {fits}", self.merge)
        rate = _checks.dropout_rate("drop_path", self.drop_path)
        shape = len(parts), parts[0].shape[0]
        return ops.keep_some(self.make_rng("dropout"), rate, shape)

    def _shares(self, parts: list[jax.Array], kept: jax.Array | None) -> jax.Array:
        """Return what to multiply the branches by before they are merged."""
        count = len(parts)
        shares = jnp.ones((count, 1)) if kept is None else kept
        if self.weights is not None:
            fits = self.merge == "average"
            _checks.expect(fits, "weights", "None but for an average", self.weights)
            fits = len(self.weights) == count and min(self.weights) > 0
            what = f"a number above 0 for each of the {count} branches"
            _checks.expect(fits, "weights", what, self.weights)
            shares *= jnp.asarray(self.weights)[:, None]
        if self.merge == "average":
            shares *= count / shares.sum(axis=0, keepdims=True)
        return shares.reshape(*shares.shape, *(1,) * (parts[0].ndim - 1))

    @property
    def makes_mask(self) -> bool:
        """Whether a layer of a branch masks steps by itself."""
        return any(map(makes_mask, self.branches))

    @property
    def windows(self) -> tuple[tuple[int, int, int], ...] | None:
        """The windows of the branch that sees most."""
        return _widest([windows_of(branch) for branch in self.branches])

    def output_length(self, length):
        """Return what the first branch leaves of the length, or all leave together."""
        left = [output_length(length, branch) for branch in self.branches]
        if self.merge != "concatenate_steps":
            return left[0]
        known = [steps for steps in left if steps is not None]
        return sum(known) if len(known) == len(left) else None

    def mask_after(self, mask, x):
        """Return the steps that count in one of the branches."""
        masks = [mask_after(branch, mask, x) for branch in self.branches]
        if self.merge != "concatenate_steps":
            return _either(masks)
        if all(mask is None for mask in masks):
            return None
        known = all(mask is not None and mask is not NotImplemented for mask in masks)
        return jnp.concatenate(masks, axis=1) if known else NotImplemented


def _without(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    """Return the sizes of all other axes."""
    axis %= len(shape)
    return shape[:axis] + shape[axis + 1 :]


def _widest(branches):
    """Return the windows with the largest receptive field; None for all steps."""
    if any(windows is None for windows in branches):
        return None
    return max(branches, key=ops.receptive_field)


def _either(masks):
    """Return what counts in one of the masks; None if there is a branch without."""
    if any(mask is NotImplemented for mask in masks):
        return NotImplemented
    if any(mask is None for mask in masks):
        return None
    result = masks[0]
    for mask in masks[1:]:
        _checks.shape("mask of a branch", mask, result.shape)
        result = result | mask
    return result
