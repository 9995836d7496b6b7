"""Where the data of training lies, and how each call comes by it."""

import warnings
from collections.abc import Iterable
from itertools import repeat
from typing import Any, Literal, NamedTuple, Protocol

import jax
import numpy as np
from jax.sharding import Mesh

from seqconv_jax._checks import one_of
from seqconv_jax.train.batches import Dataset, DeviceData, put_on_device
from seqconv_jax.train.fits_memory import is_beyond_memory
from seqconv_jax.train.mesh import on_each
from seqconv_jax.train.streamed import Calls, Parts, StreamedData

__all__ = ["PLACES", "Feed", "Place", "feed_of", "is_streamed"]

Place = Literal["resident", "streamed"]
PLACES = ("resident", "streamed")


class Feed(Protocol):
    """The data that compiled calls are given: `DeviceData`, and rows in it."""

    def take(self, rows: Any) -> tuple[DeviceData, jax.Array]:
        """Return data that holds some rows of the task, and the rows in that."""
        ...

    def each(self, batches: Iterable[Any]) -> Calls:
        """Yield what `take` returns of each of some batches' rows."""
        ...

    def parts(self, order: np.ndarray, whole: bool) -> Parts:
        """Yield data, the order of some batches in it, and which of them to score.

        Args:
            order: `(batches, batch)`.
            whole: whether one call may score all batches of an order.
        """
        ...

    def calls(self, order: jax.Array, begin: int, steps: int, per_call: int) -> Calls:
        """Yield the data of each call of an epoch, and an order with its steps."""
        ...

    def steps_per_call(self, default: int, batch_size: int) -> int:
        """Return how many steps one call should do, `default` at the most."""
        ...

    def shapes(
        self, steps: int, batch_size: int, per_call: int
    ) -> tuple[Any, jax.ShapeDtypeStruct]:
        """Return arrays or shapes of what `calls` yields."""
        ...


class ResidentData(NamedTuple):
    """Data that lies on the device for the whole run; see `Feed`."""

    data: DeviceData

    def take(self, rows):
        """Return all data, and the rows."""
        return self.data, rows

    def each(self, batches):
        """Yield all data each time."""
        return ((self.data, rows) for rows in batches)

    def parts(self, order, whole):
        """Yield all data and the order once, or for each batch."""
        on_device = jax.device_put(order)
        return ((self.data, on_device, at) for at in range(1 if whole else len(order)))

    def calls(self, order, begin, steps, per_call):
        """Yield all data and the order of the epoch each time."""
        return (each for each in repeat((self.data, order)))

    def steps_per_call(self, default, batch_size):
        """Return the default."""
        return default

    def shapes(self, steps, batch_size, per_call):
        """Return all data, and the shape of an epoch's order."""
        return self.data, jax.ShapeDtypeStruct((steps, batch_size), np.int32)


def feed_of(
    task: Dataset, place: Place | None = None, mesh: Mesh | None = None
) -> Feed:
    """Return the data of a task where it is to lie.

    Args:
        task: the data.
        place: "resident", on the device for the whole run, or "streamed" from the host
            batch by batch; None for the device if half its memory holds the arrays.
        mesh: the devices that each hold it; None for one.

    Warns:
        UserWarning: where they are streamed since they are larger.
    """
    beyond = is_beyond_memory(task) if place is None else None
    if beyond:
        warnings.warn(
            f"`task` holds {beyond}: its arrays stay where they are, and batches are "
            "gathered ahead of each step (data='streamed', with the same numbers)",
            stacklevel=3,
        )
    if beyond or is_streamed(task, place or "resident"):
        return StreamedData(task)
    return ResidentData(on_each(mesh, put_on_device(task)))


def is_streamed(task: Dataset, place: Place | None) -> bool:
    """Return whether `feed_of` streams the data."""
    if place is None:
        return bool(is_beyond_memory(task))
    return one_of("data", place, PLACES) == "streamed"
