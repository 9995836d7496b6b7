"""Whether a training may fit in memory: rough, at the door, and before any is taken.

Only what can't fit by far is an error: of the layers' outputs a quarter is counted,
since some are never whole, and of each parameter the value, the gradient and one number
of the optimiser.
"""

import math
from typing import Any

import jax
import numpy as np

from seqconv_jax._memory import expect_memory, machine_memory
from seqconv_jax._windows import outputs_of
from seqconv_jax.nn import call
from seqconv_jax.nn.summary import count_parameters
from seqconv_jax.train.batches import Dataset

_MUCH = 10_000  # outputs take at most so many times what the inputs do, as a rule


def is_beyond_memory(task: Dataset) -> str | None:
    """Return the size of a task's arrays if half the memory can't hold them.

    Half, since a host that computes has them once and what training needs besides.
    """
    there, needed = _device_memory(), data_bytes(task)
    if there is None or needed <= there // 2:
        return None
    return f"{needed / 1e9:,.1f} GB, of {there / 1e9:,.1f} GB of memory"


def data_bytes(task: Dataset) -> int:
    """Return the bytes of a task's inputs and targets."""
    return sum(getattr(array, "nbytes", 0) for array in (task.inputs, task.targets))


def check_sizes(
    model: Any, task: Dataset, *, batch_size: int, steps: int, resident: bool = False
) -> None:
    """Raise unless an epoch's order and a batch's outputs may fit.

    The model is traced only where a batch is large enough for it to matter.

    Args:
        model: a Flax module.
        task: the data.
        batch_size: rows in a batch.
        steps: batches in an epoch.
        resident: whether the device must hold all data.

    Raises:
        UserError: naming what takes the most.
    """
    there = _device_memory()
    if resident:
        expect_memory("task", "its arrays", data_bytes(task), there)
    example = np.asarray(task.example)
    batch = batch_size * (example.nbytes + 4 * outputs_of(task))
    expect_memory("batch_size", batch_size, batch, there)
    expect_memory("steps_per_epoch", steps, 4 * steps * batch_size, there)
    if there is not None and batch > there // _MUCH:
        outputs = batch_size * _outputs(model, example) // 4
        expect_memory("batch_size", batch_size, batch + outputs, there)


def check_parameters(params: Any) -> None:
    """Raise unless a model's parameters may fit, and what training adds to them.

    Args:
        params: a tree of arrays or `jax.ShapeDtypeStruct`s.
    """
    words = f"one of {count_parameters(params):,} parameters"
    expect_memory("model", words, 3 * _bytes(params), _device_memory())


def _outputs(model: Any, example: np.ndarray) -> int:
    """Return the bytes of all layers' outputs for one row."""

    def outputs(key, x):
        variables = model.init(key, x, method=call, train=False)
        options = {"capture_intermediates": True, "mutable": ["intermediates"]}
        return model.apply(variables, x, method=call, train=False, **options)[1]

    return _bytes(jax.eval_shape(outputs, jax.random.key(0), example))


def _bytes(arrays: Any) -> int:
    leaves = jax.tree.leaves(arrays)
    return sum(math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in leaves)


def _device_memory() -> int | None:
    """Return the memory of the device that training uses; of the host for a CPU."""
    device = getattr(jax.config, "jax_default_device", None) or jax.local_devices()[0]
    stats = device.memory_stats() if hasattr(device, "memory_stats") else None
    return (stats or {}).get("bytes_limit") or machine_memory()
