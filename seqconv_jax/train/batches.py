"""Batches as a pure function of the seed and the step, gathered on the device."""

from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from seqconv_jax import _checks

FILLER = -1  # stands for no row, where the last batch is not full


class Examples(Protocol):
    """The data that training asks for; `seqconv_jax.data.task.Task` is one.

    The example of row `r` is `inputs[r]`, or `inputs[r + offsets]`, with `targets[r]`.
    """

    @property
    def inputs(self) -> np.ndarray: ...  # noqa: D102
    @property
    def targets(self) -> np.ndarray: ...  # noqa: D102
    @property
    def offsets(self) -> np.ndarray | None: ...  # noqa: D102
    @property
    def train(self) -> np.ndarray: ...  # noqa: D102
    @property
    def validation(self) -> np.ndarray: ...  # noqa: D102
    @property
    def test(self) -> np.ndarray: ...  # noqa: D102
    @property
    def replacement(self) -> bool: ...  # noqa: D102
    @property
    def example(self) -> np.ndarray: ...  # noqa: D102


class Resident(NamedTuple):
    """The arrays that stay on the device for the whole run."""

    inputs: jax.Array
    targets: jax.Array
    offsets: jax.Array | None


class Batch(NamedTuple):
    """A batch: `x`, `y`, and `weight`, 1 for an example and 0 for filler."""

    x: jax.Array
    y: jax.Array
    weight: jax.Array


def put_on_device(task: Examples) -> Resident:
    """Copy a task's arrays to the default device, once."""
    offsets = None if task.offsets is None else jnp.asarray(task.offsets)
    return Resident(jnp.asarray(task.inputs), jnp.asarray(task.targets), offsets)


def gather(resident: Resident, rows: jax.Array) -> Batch:
    """Return the examples of `rows`, `(batch,)` int32; `FILLER` weighs nothing."""
    weight = (rows != FILLER).astype(jnp.float32)
    rows = jnp.maximum(rows, 0)
    where = rows
    if resident.offsets is not None:
        where = rows[:, None] + resident.offsets[None, :]
    return Batch(resident.inputs[where], resident.targets[rows], weight)


def epoch_order(
    key: jax.Array,
    epoch: jax.Array,
    rows: jax.Array,
    *,
    steps: int,
    batch_size: int,
    replacement: bool,
) -> jax.Array:
    """Return the rows of every batch of an epoch, `(steps, batch_size)` int32.

    With replacement each row is drawn on its own; without, the epoch takes a new
    permutation of the rows, and what is missing to a full last batch is `FILLER`.

    Args:
        key: the run's key for the order.
        epoch: int32 scalar.
        rows: `(n,)` int32, the training rows.
        steps: batches in the epoch.
        batch_size: rows in a batch.
        replacement: whether to draw with replacement.
    """
    key = jax.random.fold_in(key, epoch)
    shape = (steps, batch_size)
    if replacement:
        return rows[jax.random.randint(key, shape, 0, rows.shape[0])]
    shuffled = jax.random.permutation(key, rows)[: steps * batch_size]
    return _fill(shuffled, steps * batch_size, jnp).reshape(shape)


def in_order(rows: np.ndarray, batch_size: int) -> np.ndarray:
    """Return `rows` cut into batches in order, the last one filled up with `FILLER`.

    Args:
        rows: `(n,)` int32.
        batch_size: rows in a batch.

    Returns:
        `(ceil(n / batch_size), batch_size)` int32.

    Example:
        >>> in_order(np.arange(3, dtype=np.int32), 2).tolist()
        [[0, 1], [2, -1]]
    """
    batches = -(-len(rows) // batch_size)
    return _fill(rows, batches * batch_size, np).reshape(batches, batch_size)


def _fill(rows, size: int, xp: Any):
    return xp.pad(rows, (0, size - rows.shape[0]), constant_values=FILLER)


def count_steps(task: Examples, batch_size: int, steps_per_epoch: int | None) -> int:
    """Return the batches of an epoch, by default enough for every row once.

    Raises:
        UserError: if the task has no training rows, or too few for so many steps
            without drawing any twice.
    """
    _checks.positive_int("batch_size", batch_size)
    examples = len(task.train)
    _checks.expect(examples > 0, "task.train", "at least one row", [])
    most = -(-examples // batch_size)
    if steps_per_epoch is None:
        return most
    _checks.positive_int("steps_per_epoch", steps_per_epoch)
    if not task.replacement:
        _checks.expect(
            steps_per_epoch <= most,
            "steps_per_epoch",
            f"at most {most} for {examples} rows in batches of {batch_size}, drawn "
            "without replacement",
            steps_per_epoch,
        )
    return steps_per_epoch
