"""Batches as a pure function of the seed and the step, gathered on the device."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from seqconv_jax import _checks
from seqconv_jax._windows import option_of
from seqconv_jax.ops import batch_part, faster_key
from seqconv_jax.train import compiling

PADDING_ROW = -1  # the row number that fills up a last batch, and weighs nothing


class Dataset(Protocol):
    """The data that training asks for; `seqconv_jax.data.task.Task` is one.

    The example of row `r` is `inputs[r]`, or `inputs[r + offsets]`, with `targets[r]`.
    It may have `weights` besides, `(rows,)`, of the examples in the training loss, and
    `target_offsets`, `reference`, `relative` and `visible`, as a `Task` has.
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


class DeviceData(NamedTuple):
    """The arrays that stay on the device for the whole run.

    Attributes:
        inputs: `(rows, length)` ids or `(rows, features)`, as in the dataset.
        targets: `(rows, outputs)`.
        offsets: `(length,)` int32, or None where a row of `inputs` is a whole sequence.
        weights: `(rows,)` float32, or None where all examples count alike.
        target_offsets: `(steps,)` int32, or None where a row has all its targets.
        reference: int32, the offset of the row that values are relative to, or None.
        relative: `(features,)` bool, the inputs that are; or None.
        visible: `(length, features)` bool, the inputs that are not 0; or None.

    Example:
        >>> rows = jnp.arange(6.0).reshape(6, 1)
        >>> data = DeviceData(rows, 10 * rows, offsets=jnp.array([-2, -1]))
        >>> gather(data, jnp.array([3, 5])).x[:, :, 0].tolist()
        [[1.0, 2.0], [3.0, 4.0]]
    """

    inputs: jax.Array
    targets: jax.Array
    offsets: jax.Array | None
    weights: jax.Array | None = None
    target_offsets: jax.Array | None = None
    reference: jax.Array | None = None
    relative: jax.Array | None = None
    visible: jax.Array | None = None


class Batch(NamedTuple):
    """One batch of examples.

    Attributes:
        x: `(batch, time)` ids or `(batch, time, features)`.
        y: `(batch, outputs)`.
        weight: `(batch,)` float32, 1 for an example and 0 for a padding row.
        loss_weight: `(batch,)` float32, how much each example's loss counts in
            training; None where all count alike.
        examples: float32 scalar, how many examples the batch has of which this is the
            part of one device; None where it is the whole batch.
    """

    x: jax.Array
    y: jax.Array
    weight: jax.Array
    loss_weight: jax.Array | None = None
    examples: jax.Array | None = None


def put_on_device(task: Dataset) -> DeviceData:
    """Copy a task's arrays to the default device, once."""
    types = {
        **dict.fromkeys(("offsets", "target_offsets", "reference"), jnp.int32),
        "weights": jnp.float32,
        **dict.fromkeys(("relative", "visible"), jnp.bool_),
    }
    options = {name: option_of(task, name) for name in types}
    return DeviceData(
        jnp.asarray(task.inputs),
        jnp.asarray(task.targets),
        **{
            name: None if value is None else jnp.asarray(value, types[name])
            for name, value in options.items()
        },
    )


def gather(data: DeviceData, rows: jax.Array) -> Batch:
    """Return the examples of some rows as a batch.

    A `PADDING_ROW` behind them weighs nothing in losses, scores and gradients, and
    repeats an example of the batch in turn: so batch statistics, which know no weights,
    are those of the batch's own examples (the first of them may count once more).
    Where the batch is spread over devices, it is the part of this device.

    Args:
        data: the arrays on the device.
        rows: `(batch,)` int32; padding rows come last.

    Example:
        >>> data = DeviceData(jnp.eye(3), jnp.array([[0.0], [1.0], [2.0]]), None)
        >>> batch = gather(data, jnp.array([2, 1, PADDING_ROW]))
        >>> batch.y[:, 0].tolist(), batch.weight.tolist()
        ([2.0, 1.0, 2.0], [1.0, 1.0, 0.0])
    """
    real = rows != PADDING_ROW
    weight = real.astype(jnp.float32)
    in_turn = rows[jnp.arange(rows.shape[0]) % jnp.maximum(jnp.sum(real), 1)]
    rows = jnp.maximum(jnp.where(real, rows, in_turn), 0)
    examples = None
    if part := batch_part():
        examples, places = jnp.sum(weight), part.places()
        inside = places % part.batch
        weight = jnp.where(places < part.batch, weight[inside], 0)
        rows = rows[inside]
    loss_weight = None if data.weights is None else data.weights[rows]
    x, y = _inputs(data, rows), _targets(data, rows)
    return Batch(x, y, weight, loss_weight, examples)


def _inputs(data: DeviceData, rows: jax.Array) -> jax.Array:
    if data.offsets is None:
        return data.inputs[rows]
    x = data.inputs[rows[:, None] + data.offsets[None, :]]
    if data.relative is not None and data.reference is not None:
        newest = data.inputs[rows + data.reference]
        x = x - jnp.where(data.relative, newest, 0)[:, None]
    return x if data.visible is None else jnp.where(data.visible, x, 0)


def _targets(data: DeviceData, rows: jax.Array) -> jax.Array:
    if data.target_offsets is None:
        y = data.targets[rows]
        if data.reference is not None:
            y = y - data.targets[rows + data.reference]
        return y
    y = data.targets[rows[:, None] + data.target_offsets[None, :]]
    if data.reference is not None:
        y = y - data.targets[rows + data.reference][:, None]
    return y.reshape(rows.shape[0], math.prod(y.shape[1:]))


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
    permutation of the rows, and its last batch is filled up with `PADDING_ROW`.

    Args:
        key: the run's key for the order.
        epoch: int32 scalar.
        rows: `(n,)` int32, the training rows.
        steps: batches in the epoch.
        batch_size: rows in a batch.
        replacement: whether to draw with replacement.
    """
    key = jax.random.fold_in(faster_key(key), epoch)
    shape = (steps, batch_size)
    if replacement:
        return rows[jax.random.randint(key, shape, 0, rows.shape[0])]
    shuffled = jax.random.permutation(key, rows)[: steps * batch_size]
    return _fill(shuffled, steps * batch_size, jnp).reshape(shape)


def in_order(rows: np.ndarray, batch_size: int) -> np.ndarray:
    """Return `rows` cut into batches in order; `PADDING_ROW` fills up the last one.

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
    rows = np.asarray(rows, np.int32)  # a padding row is no unsigned number
    return _fill(rows, batches * batch_size, np).reshape(batches, batch_size)


def _fill(rows, size: int, xp: Any):
    return xp.pad(rows, (0, size - rows.shape[0]), constant_values=PADDING_ROW)


def count_steps(task: Dataset, batch_size: int, steps_per_epoch: int | None) -> int:
    """Return the batches of an epoch, by default enough for every row once.

    Raises:
        UserError: if the task has no training rows, or too few for so many steps
            without drawing any twice.
    """
    _checks.positive_int("batch_size", batch_size)
    examples = len(task.train)
    _checks.expect(examples > 0, "task.train", "at least one row", [])
    most = -(-examples // batch_size)
    steps = most if steps_per_epoch is None else steps_per_epoch
    _checks.positive_int("steps_per_epoch", steps)
    is_batch = steps_per_epoch is None or batch_size >= 2**31
    _checks.expect(
        int(steps) * batch_size < 2**31,
        "batch_size" if is_batch else "steps_per_epoch",
        "small enough for fewer than 2**31 examples an epoch",
        f"{steps:,} steps of {batch_size:,} rows",
    )
    if steps_per_epoch is not None and not task.replacement:
        _checks.expect(
            steps_per_epoch <= most,
            "steps_per_epoch",
            f"at most {most} for {examples} rows in batches of {batch_size}, drawn "
            "without replacement",
            steps_per_epoch,
        )
    return steps


def order_function(
    key: jax.Array, task: Dataset, steps: int, batch_size: int
) -> Callable[[int], jax.Array]:
    """Return the compiled function from an epoch's number, from 0, to its order."""
    rows = jnp.asarray(task.train, jnp.int32)
    order = jax.jit(
        partial(
            epoch_order,
            steps=steps,
            batch_size=batch_size,
            replacement=task.replacement,
        ),
        compiler_options=compiling.options(compiling.ONCE),
    )
    return lambda epoch: order(key, jax.device_put(np.int32(epoch)), rows)
