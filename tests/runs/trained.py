"""Runs that take no time to train, and a preprocessor of numbers in words."""

from typing import Any

import numpy as np
import pandas as pd

import seqconv_jax as sc
from seqconv_jax import UserError
from seqconv_jax.data import Task
from seqconv_jax.runs.sealed import read_predictor, write_sealed

MODEL = sc.nn.Sequential((sc.nn.BatchNorm(), sc.nn.Flatten(), sc.nn.Dense(1)))
WORDS = ("one", "two", "three")


def arrays_task(rows=24, **changes):
    x = np.random.default_rng(0).normal(size=(rows, 3, 1)).astype(np.float32)
    every = np.arange(rows, dtype=np.int32)
    arrays: dict[str, Any] = {
        "inputs": x,
        "targets": x.sum(axis=1),
        "train": every,
        "validation": every[::3],
        "test": every[::4],
    }
    return Task(**(arrays | changes))


class WordsPreprocessor:
    """Texts of one word each; whether it is of an odd number."""

    kind = "text"

    def settings(self):
        return {"kind": "text", "words": list(WORDS)}

    @classmethod
    def from_settings(cls, settings):
        assert settings["words"] == list(WORDS)
        return cls()

    def read(self, path):
        return path.read_text().split()

    def task(self, raw, *, targets=False):
        if unknown := [word for word in raw if word not in WORDS]:
            raise UserError(f"`raw` must be of the words known, got {unknown[0]!r}")
        numbers = np.array([WORDS.index(word) for word in raw])
        x = np.eye(len(WORDS), dtype=np.float32)[numbers][..., None]
        y = (1 - numbers % 2).astype(np.float32)[:, None]
        none = np.zeros(0, np.int32)
        return Task(
            inputs=x,
            targets=y if targets else np.full_like(y, np.nan),
            train=none,
            validation=none,
            test=np.arange(len(x), dtype=np.int32),
            preprocessor=self,
        )

    def answers(self, outputs, task):
        odd = np.asarray(outputs)[:, 0] > 0
        words = np.array(WORDS)[task.inputs[..., 0].argmax(axis=1)]
        return pd.DataFrame({"word": words, "label": np.where(odd, "=odd", "even")})


def change_predictor(directory, **changes):
    """Write a run's predictor.json anew, with a checksum that is right."""
    settings = read_predictor(directory / "predictor.json")
    assert settings is not None
    write_sealed(directory / "predictor.json", settings | changes)


def train(directory, task=None, model=None, **options):
    """Train two epochs of three steps; return what `fit` does."""
    settings: dict[str, Any] = {
        "optimizer": sc.optim.rmsprop(1e-2),
        "loss": sc.losses.mae,
        "metrics": {"mse": sc.losses.mse},
        "epochs": 2,
        "batch_size": 8,
    }
    resume = (directory / "config.json").exists()
    with sc.runs.open(directory, config={"seed": 0}, resume=resume) as run:
        task = arrays_task() if task is None else task
        return sc.train.fit(model or MODEL, task, run=run, **(settings | options))
