"""Predictors of every kind that nothing had to be trained for."""

from pathlib import Path
from typing import Any

import jax
import numpy as np

import seqconv_jax as sc
from seqconv_jax.data.plain_arrays import PlainArrays
from seqconv_jax.runs import Predictor

WORDS = ("awful", "dull", "fine", "good", "moving")
HOUR = np.timedelta64(1, "h")


def untrained(task, model, *, seed=0, members=()):
    """Return a predictor of a task, with parameters that took no compilation."""
    example, rng = task.example, np.random.default_rng(seed)
    variables = jax.eval_shape(model.init, jax.random.key(0), example)
    made = {
        "params": lambda x: rng.normal(0, 0.3, x.shape).astype(x.dtype),
        "batch_stats": lambda x: np.ones(x.shape, x.dtype),
    }
    variables = {
        name: jax.tree.map(made[name], tree) for name, tree in variables.items()
    }
    arrays = PlainArrays(example.shape[1:], example.dtype.name)
    return Predictor(
        Path("run"),
        config={},
        model=model,
        params=variables.get("params", {}),
        batch_stats=variables.get("batch_stats", {}),
        step=0,
        preprocessor=arrays if task.preprocessor is None else task.preprocessor,
        scores={},
        input_shape=example.shape[1:],
        input_dtype=example.dtype.name,
        members=members,
    )


def of_texts(classes=3, **model):
    """A classifier of texts of five words; and texts with words that it has not."""
    labels = [f"class {i % classes}" for i in range(40)]
    texts = [f"A {WORDS[i % 5]} film" for i in range(40)]
    task = sc.data.text_task(texts, labels, maxlen=5)
    blocks = (sc.models.ConvBlock(4, 3, padding="same"),)
    network = sc.models.TextConvNet(
        task.vocabulary, 4, blocks, outputs=task.classes.outputs, mask_id=0, **model
    )
    return untrained(task, network), ["a dull film", "good", "Unheard of."]


def series(rows=60, names=("load (MW)", "temp (degC)"), shift=0.0):
    """Return a wave in each column, hour by hour."""
    at = np.arange(float(rows))[:, None] + np.arange(len(names))
    return sc.data.Series(
        values=50 + shift + 10 * np.sin(2 * np.pi * at / 24) + 0.1 * at,
        columns=names,
        times=np.datetime64("2021-01-01", "us") + np.arange(rows) * HOUR,
    )


def of_forecasts(given, *, quantiles=(), **options):
    """A forecaster of series."""
    options = {"lookback": 12, "split": (0.5, 0.75)} | options
    task = sc.data.forecast_task(given, **options)
    outputs = task.outputs * max(1, len(quantiles))
    blocks = (sc.models.ConvBlock(4, 3),)
    model = sc.models.SeriesConvNet(blocks, head="flatten", outputs=outputs)
    made = untrained(task, model)
    if quantiles:
        from dataclasses import replace

        plain: Any = made.preprocessor
        made.preprocessor = replace(plain, quantiles=quantiles)
    return made
