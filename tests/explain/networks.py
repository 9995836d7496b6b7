"""Networks with parameters at random, and runs: on planted bigrams, on a load."""

from pathlib import Path

import jax
import numpy as np
import optax
import pandas as pd
from runs.trained import train

import seqconv_jax as sc
from seqconv_jax import nn
from seqconv_jax.models import ConvBlock, TextConvNet

VOCABULARY = 20
FILLER = "a film of its time with an actor and some music at the end but".split()
PLANTED = ("not good", "very good", "not bad", "very bad")
LINE = nn.Sequential((nn.Flatten(), nn.Dense(2, use_bias=False)))


def random_params(model, x, seed=1):
    """Parameters that are nowhere zero, biases included."""
    shapes = jax.eval_shape(model.init, jax.random.key(0), x)["params"]
    rng = np.random.default_rng(seed)
    return jax.tree.map(
        lambda leaf: rng.normal(scale=0.5, size=leaf.shape).astype(np.float32), shapes
    )


def planted_texts(count=240, seed=0):
    """Texts of filler with one bigram that alone makes the class: an exclusive or."""
    rng = np.random.default_rng(seed)
    texts = []
    for index in range(count):
        words = list(rng.choice(FILLER, 9))
        words.insert(rng.integers(8), PLANTED[index % 4])
        texts.append(" ".join(words))
    labels = [("neg", "pos", "pos", "neg")[index % 4] for index in range(count)]
    return texts, labels


def planted_run(directory: Path) -> Path:
    """A run on such texts that answers them all."""
    task = sc.data.text_task(*planted_texts())
    model = TextConvNet(task.vocabulary, 8, (ConvBlock(8, 2),), mask_id=0)
    result = train(
        directory,
        task,
        model,
        optimizer=optax.adam(2e-2),
        loss=sc.losses.binary_cross_entropy,
        metrics={"accuracy": sc.losses.accuracy},
        epochs=14,
        batch_size=16,
    )
    assert result.history[-1]["val_accuracy"] == 1
    return directory


def forecasts(rows=60, **options):
    """A load and a temperature every hour, both noise; the load, two steps ahead."""
    series = sc.data.Series.from_pandas(new_load(rows, "2021-01-01"))
    fixed = {"target": "load (MW)", "lookback": 6, "horizon": 2, "split": (0.5, 0.75)}
    return sc.data.forecast_task(series, **{**fixed, **options})


def new_load(rows=9, start="2022-01-01"):
    """More hours of the same."""
    table = np.random.default_rng(0).normal(size=(rows, 2)) * [10, 3] + [50, 10]
    hours = pd.date_range(start, periods=rows, freq="h", name="time")
    return pd.DataFrame(table, index=hours, columns=["load (MW)", "temp (degC)"])
