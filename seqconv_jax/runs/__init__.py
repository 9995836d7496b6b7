"""Run directories: what a run was asked, how each epoch went, how it ended, its use.

Importing this loads no JAX; `load`, `Predictor` and `calibrate` do when first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

from seqconv_jax.runs.content import (
    CALIBRATION,
    CHECKPOINTS,
    CONFIG,
    HISTORY,
    PREDICTOR,
    SUMMARY,
    TEST_ANSWERS,
    TEST_SCORES,
)
from seqconv_jax.runs.environment import PACKAGES, environment, peak_memory
from seqconv_jax.runs.run import Run, open

if TYPE_CHECKING:
    from seqconv_jax.runs.calibration import calibrate, coverage
    from seqconv_jax.runs.calibration_file import Calibration
    from seqconv_jax.runs.predictor import Predictor, load

__all__ = [
    "CALIBRATION",
    "CHECKPOINTS",
    "CONFIG",
    "HISTORY",
    "PACKAGES",
    "PREDICTOR",
    "SUMMARY",
    "TEST_ANSWERS",
    "TEST_SCORES",
    "Calibration",
    "Predictor",
    "Run",
    "calibrate",
    "coverage",
    "environment",
    "load",
    "open",
    "peak_memory",
]


_MODULES = {
    **dict.fromkeys(("Predictor", "load"), "predictor"),
    **dict.fromkeys(("calibrate", "coverage"), "calibration"),
    "Calibration": "calibration_file",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        module = importlib.import_module(f"seqconv_jax.runs.{_MODULES[name]}")
        return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
