"""The batch of a step spread over devices: the few operations that must know of it.

Under data parallelism each device computes its part of the batch. What is drawn for an
example must follow from its place in the whole batch, and what is added up over the
batch must be added up over the devices. Those who do either ask here; where the batch
is not spread, which is the rule, nothing changes, to the bit.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.flatten_util import ravel_pytree

from seqconv_jax import _checks

__all__ = [
    "BatchPart",
    "batch_part",
    "draw_for_batch",
    "part_of_batch",
    "sum_devices",
    "sum_devices_of",
]


class BatchPart(NamedTuple):
    """The part of a batch that one device has.

    Attributes:
        axis: the mesh axis that the batch is spread over.
        devices: how many there are.
        batch: examples in the whole batch.

    Example:
        >>> BatchPart("data", devices=4, batch=10).rows
        3
    """

    axis: str
    devices: int
    batch: int

    @property
    def rows(self) -> int:
        """Examples on each device, those that fill the batch up counted in."""
        return -(-self.batch // self.devices)

    def places(self) -> jax.Array:
        """Return where this device's examples stand in the whole batch: `(rows,)`.

        Those that fill it up stand behind its end.
        """
        return lax.axis_index(self.axis) * self.rows + jnp.arange(self.rows)

    def own(self, whole: jax.Array, axis: int = 0) -> jax.Array:
        """Return this device's part of an array of the whole batch, filled with 0."""
        rows = whole.shape[axis] // self.batch * self.rows  # a row may be several
        missing = rows * self.devices - whole.shape[axis]
        if missing:
            widths = [(0, missing if i == axis else 0) for i in range(whole.ndim)]
            whole = jnp.pad(whole, widths)
        first = lax.axis_index(self.axis) * rows
        return lax.dynamic_slice_in_dim(whole, first, rows, axis)


_PART: ContextVar[BatchPart | None] = ContextVar("batch_part", default=None)


def batch_part() -> BatchPart | None:
    """Return which part of the batch is at work where this is traced; None for all.

    Example:
        >>> print(batch_part())
        None
    """
    return _PART.get()


@contextmanager
def part_of_batch(part: BatchPart | None) -> Iterator[None]:
    """Trace what follows as what each device does with its part of the batch.

    It must be within a `jax.shard_map` over the part's axis.

    Args:
        part: the part; None for the whole batch.

    Example:
        >>> with part_of_batch(BatchPart("data", devices=2, batch=8)):
        ...     batch_part().rows
        4
    """
    token = _PART.set(part)
    try:
        yield
    finally:
        _PART.reset(token)


def draw_for_batch(
    draw: Callable[[tuple[int, ...]], jax.Array],
    shape: tuple[int, ...],
    batch_axis: int = 0,
) -> jax.Array:
    """Draw an array for a batch, the same for an example wherever it is computed.

    Args:
        draw: from a shape to random numbers.
        shape: what is wanted here, for this device's examples.
        batch_axis: which of its axes is that of the examples.

    Returns:
        `draw(shape)`; of a batch that is spread over devices, this one's part of what
        is drawn for the whole.

    Raises:
        UserError: where that axis is not the batch's, which shows on several devices.

    Example:
        >>> draw_for_batch(lambda shape: jnp.ones(shape), (2, 3)).shape
        (2, 3)
    """
    part = batch_part()
    if part is None:
        return draw(shape)
    axis = batch_axis % len(shape)
    times, left = divmod(shape[axis], part.rows)
    what = f"that of the {part.rows} examples on a device"
    got = f"axis {axis} of shape {shape}"
    _checks.expect(times > 0 and left == 0, "batch_axis", what, got)
    return part.own(draw((*shape[:axis], times * part.batch, *shape[axis + 1 :])), axis)


def sum_devices(tree: Any) -> Any:
    """Return the sums over all devices of arrays, in one message; else the arrays.

    Args:
        tree: arrays, of which each device has its own.

    Example:
        >>> sum_devices({"loss": jnp.ones(2)})["loss"].tolist()
        [1.0, 1.0]
    """
    part = batch_part()
    if part is None:
        return tree
    vector, restore = ravel_pytree(tree)
    return restore(lax.psum(vector, part.axis))


def sum_devices_of(function: Callable[[Any], jax.Array]) -> Callable[[Any], jax.Array]:
    """Return the sum over all devices of a function, and of its gradient.

    Args:
        function: from what is the same on every device to a scalar.

    Example:
        >>> float(jax.grad(sum_devices_of(lambda x: x**2))(3.0))
        6.0
    """
    if batch_part() is None:
        return function

    @jax.custom_vjp
    def whole(x):
        return sum_devices(function(x))

    def forward(x):
        return sum_devices(jax.value_and_grad(function)(x))

    def backward(gradient, factor):
        return (jax.tree.map(lambda leaf: factor * leaf, gradient),)

    whole.defvjp(forward, backward)
    return whole
