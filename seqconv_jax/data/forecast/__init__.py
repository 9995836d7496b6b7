"""Forecasting a series: windows, splits, scale, and the task made of them."""

from seqconv_jax.data.forecast.build import TaskOptions, forecast_task
from seqconv_jax.data.forecast.cuts import cut_rows
from seqconv_jax.data.forecast.preprocessor import ForecastPreprocessor
from seqconv_jax.data.forecast.scaling import ScaleWarning
from seqconv_jax.data.forecast.setup import ForecastSetup
from seqconv_jax.data.forecast.task import ForecastTask
from seqconv_jax.data.forecast.windows import Window, splits

__all__ = [
    "ForecastPreprocessor",
    "ForecastSetup",
    "ForecastTask",
    "ScaleWarning",
    "TaskOptions",
    "Window",
    "cut_rows",
    "forecast_task",
    "splits",
]
