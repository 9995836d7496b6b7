"""The door of `fit`, for whoever wants to pass it before a run directory is made."""

from typing import Any

from seqconv_jax import _checks
from seqconv_jax.nn.declared import declared
from seqconv_jax.train.batches import Dataset, count_steps
from seqconv_jax.train.feed import PLACES, Place
from seqconv_jax.train.fits_memory import check_parameters, check_sizes
from seqconv_jax.train.state import seed_keys


def check_fit(
    model: Any,
    task: Dataset,
    *,
    epochs: int,
    steps_per_epoch: int | None = None,
    batch_size: int = 128,
    seed: int = 0,
    patience: int | None = None,
    data: Place | None = None,
) -> None:
    """Raise where `fit` would, for settings out of range or beyond the machine.

    A script that calls it before it opens the run's directory leaves nothing behind,
    and replaces no older run, when a setting is wrong. Nothing is computed.

    Args:
        model: the model.
        task: the data.
        epochs: as in `fit`.
        steps_per_epoch: as in `fit`.
        batch_size: as in `fit`.
        seed: as in `fit`.
        patience: as in `fit`.
        data: as in `fit`.

    Raises:
        UserError: naming the setting, what was expected, and what it is.

    Example:
        >>> import numpy as np
        >>> from seqconv_jax import models
        >>> from seqconv_jax.data import Task
        >>> x, rows = np.zeros((8, 9, 2), np.float32), np.arange(8, dtype=np.int32)
        >>> split = {"train": rows, "validation": rows, "test": rows}
        >>> task = Task(inputs=x, targets=x[:, 0, :1], offsets=None, **split)
        >>> check_fit(models.GRURegressor(), task, epochs=3, batch_size=0)
        Traceback (most recent call last):
        seqconv_jax._checks.UserError: `batch_size` must be a positive integer, got 0
    """
    check_settings(
        model,
        task,
        epochs=epochs,
        steps_per_epoch=steps_per_epoch,
        batch_size=batch_size,
        seed=seed,
        patience=patience,
        data=data,
    )
    check_parameters(declared(model, task.example).variables["params"])


def check_settings(
    model: Any,
    task: Dataset,
    *,
    epochs: int,
    steps_per_epoch: int | None,
    batch_size: int,
    seed: int,
    patience: int | None,
    data: Place | None,
) -> int:
    """Do that part of `check_fit` which takes no time; return the steps of an epoch."""
    _checks.positive_int("epochs", epochs)
    seed_keys(seed)
    if patience is not None:
        _checks.positive_int("patience", patience)
    if data is not None:
        _checks.one_of("data", data, PLACES)
    steps = count_steps(task, batch_size, steps_per_epoch)
    resident = data == "resident"
    check_sizes(model, task, batch_size=batch_size, steps=steps, resident=resident)
    return steps
