"""A small task and models that train in a second."""

from typing import Any

import numpy as np

import seqconv_jax as sc
from seqconv_jax.data.task import Task


def small_task(seed=0, *, replacement=True, rows=400, validation=True):
    """Forecast the largest of a column's last twelve values, of three columns."""
    table = np.random.default_rng(seed).normal(size=(rows, 3)).astype(np.float32)
    targets = np.zeros((rows, 1), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(table[:-1, 0], 12)
    targets[12:, 0] = windows.max(axis=1)
    cut, end = rows // 2, rows * 3 // 4
    return Task(
        inputs=table,
        targets=targets,
        offsets=np.arange(-12, 0, dtype=np.int32),
        train=np.arange(12, cut, dtype=np.int32),
        validation=np.arange(cut + 12, end if validation else 0, dtype=np.int32),
        test=np.arange(end + 12, rows, dtype=np.int32),
        replacement=replacement,
    )


def small_model(features=4, dropout=0.2):
    """A convnet of a few filters with dropout; quicker to compile than a GRU."""
    block = sc.nn.ConvBlock
    return sc.models.SeriesConvNet(
        blocks=(block(features, 3, pool=2), block(features, 3)), dropout=dropout
    )


def small_hybrid():
    """A hybrid of a few units, with dropout of both kinds."""
    return sc.models.ConvGRU(features=4, kernel_size=3, pool=2, units=5)


def fit(model=None, task=None, **options):
    """Train briefly with the settings most tests share."""
    settings: dict[str, Any] = {
        "optimizer": sc.optim.rmsprop(1e-3),
        "loss": sc.losses.mae,
        "metrics": {"mae": sc.losses.mae},
        "epochs": 2,
        "steps_per_epoch": 5,
        "batch_size": 8,
        "steps_per_call": 1,  # that tests can stop at any, on a GPU too
    }
    return sc.train.fit(
        model or small_model(), task or small_task(), **(settings | options)
    )
