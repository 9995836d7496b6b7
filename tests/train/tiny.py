"""A line through points: a model that compiles in no time, for what is not numeric."""

from typing import Any

import numpy as np
from flax import linen as nn

import seqconv_jax as sc
from seqconv_jax.data import Task


class Line(nn.Module):
    dropout: float = 0.0
    width: int = 1

    @nn.compact
    def __call__(self, x, train=False):
        return nn.Dense(1)(nn.Dropout(self.dropout)(x, deterministic=not train))


def tiny_task(rows=24, seed=0, **changes):
    x = np.random.default_rng(seed).normal(size=(rows, 2)).astype(np.float32)
    every = np.arange(rows, dtype=np.int32)
    arrays: dict[str, Any] = {
        "inputs": x,
        "targets": 2 * x[:, :1] - 1,
        "train": every,
        "validation": every[::3],
        "test": every[::3],
    }
    return Task(**(arrays | changes))


def tiny_fit(model=None, task=None, **options):
    """Train two epochs of three steps."""
    settings: dict[str, Any] = {
        "optimizer": sc.optim.rmsprop(1e-2),
        "loss": sc.losses.mae,
        "metrics": {"mse": sc.losses.mse},
        "epochs": 2,
        "batch_size": 8,
        "seed": 3,
        "steps_per_call": 1,  # that tests can stop at any, on a GPU too
    }
    return sc.train.fit(model or Line(), task or tiny_task(), **(settings | options))
