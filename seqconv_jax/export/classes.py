"""The programs of classifiers: ids of words, or raw series, to probabilities."""

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from seqconv_jax.data import Classes
from seqconv_jax.data.classification.scaling import FLAT, PADDING
from seqconv_jax.export.network import Network, probabilities
from seqconv_jax.export.program import Array, Program

if TYPE_CHECKING:
    from seqconv_jax.runs import Predictor

__all__ = ["of_series", "of_texts"]


def of_texts(network: Network, predictor: "Predictor") -> Program:
    """Return the program from ids; the vocabulary is told, texts are not cut."""
    made: Any = predictor.preprocessor
    settings = made.settings()
    names = ("tokenizer", "vocabulary", "maxlen", "padding", "truncating")
    about = {"kind": "text", **{name: settings[name] for name in names}}

    def function(ids: jax.Array) -> jax.Array:
        return network.outputs(ids, lambda y: probabilities(made.classes, y))

    ids = Array("ids", (made.maxlen,), "int32", {"ids_below": made.vocabulary.size})
    return Program(function, (ids,), _output(made.classes), about)


def of_series(network: Network, predictor: "Predictor") -> Program:
    """Return the program from raw values; scaling and padding are part of it.

    Where series have several lengths, steps behind a series' last one hold NaN.
    """
    made: Any = predictor.preprocessor

    def function(series: jax.Array) -> jax.Array:
        x = _scaled(series, made)
        return network.outputs(x, lambda y: probabilities(made.classes, y))

    shape = (made.length, made.channels)
    padding = {"padding": "NaN behind the last step"} if made.unequal else {}
    series = Array("series", shape, about={"scale": made.scale, **padding})
    return Program(function, (series,), _output(made.classes), {"kind": "series"})


def _output(classes: Classes) -> Array:
    about = {"classes": list(classes.names), "several": classes.several}
    return Array("probabilities", (len(classes.names),), about=about)


def _scaled(series: jax.Array, made: Any) -> jax.Array:
    """Return raw series as the network takes them: `SeriesPreprocessor.arrays`."""
    real = jnp.ones_like(series, bool)
    if made.unequal:
        real = ~jnp.all(jnp.isnan(series), axis=2, keepdims=True) & real
        series = jnp.where(real, series, 0)
    if made.scale == "channel":
        mean, std = (np.asarray(each, np.float32) for each in (made.mean, made.std))
        series = (series - mean[None, None]) / std[None, None]
    elif made.scale == "series":
        series = _standardised(series, real)
    return jnp.where(real, series, np.float32(PADDING)) if made.unequal else series


def _standardised(series: jax.Array, real: jax.Array) -> jax.Array:
    # From the first value on, since float32 keeps few digits of what is far from 0.
    series = jnp.where(real, series - series[:, :1], 0)
    count = jnp.sum(real, axis=1, keepdims=True).astype(series.dtype)
    centred = series - jnp.sum(series, axis=1, keepdims=True) / count
    squares = jnp.where(real, jnp.square(centred), 0)
    std = jnp.sqrt(jnp.sum(squares, axis=1, keepdims=True) / count)
    return centred / jnp.where(std < FLAT, 1, std)
