"""Run directories: what a run was asked, how each epoch went, how it ended, its use.

Importing this loads no JAX; `load` and `Predictor` do when first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

from seqconv_jax.runs.content import (
    CHECKPOINTS,
    CONFIG,
    HISTORY,
    PREDICTOR,
    SUMMARY,
    TEST_ANSWERS,
    TEST_SCORES,
)
from seqconv_jax.runs.environment import PACKAGES, environment
from seqconv_jax.runs.run import Run, open

if TYPE_CHECKING:
    from seqconv_jax.runs.predictor import Predictor, load

__all__ = [
    "CHECKPOINTS",
    "CONFIG",
    "HISTORY",
    "PACKAGES",
    "PREDICTOR",
    "SUMMARY",
    "TEST_ANSWERS",
    "TEST_SCORES",
    "Predictor",
    "Run",
    "environment",
    "load",
    "open",
]


def __getattr__(name: str) -> Any:
    if name in ("Predictor", "load"):
        return getattr(importlib.import_module("seqconv_jax.runs.predictor"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
