"""Figures of runs: curves, forecasts against what happened, models side by side."""

from seqconv_jax.plots.compare import compare
from seqconv_jax.plots.confusion import confusion
from seqconv_jax.plots.coverage import coverage
from seqconv_jax.plots.curves import curves
from seqconv_jax.plots.forecast import forecast
from seqconv_jax.plots.reliability import reliability
from seqconv_jax.plots.scores import scores
from seqconv_jax.plots.steps import errors_by_step
from seqconv_jax.plots.time_map import time_map
from seqconv_jax.plots.words import words, words_ansi, words_html

__all__ = [
    "compare",
    "confusion",
    "coverage",
    "curves",
    "errors_by_step",
    "forecast",
    "reliability",
    "scores",
    "time_map",
    "words",
    "words_ansi",
    "words_html",
]
