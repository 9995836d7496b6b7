"""Checkpoints: the latest and the best state of a run, whole or not there at all.

Orbax is imported where something is saved, or read that only it can read.
"""

import importlib
from typing import TYPE_CHECKING, Any

from seqconv_jax.checkpoint.params import Variables, load_params, load_variables

if TYPE_CHECKING:
    from seqconv_jax.checkpoint.checkpoint import Checkpoints

__all__ = ["Checkpoints", "Variables", "load_params", "load_variables"]


def __getattr__(name: str) -> Any:
    if name == "Checkpoints":
        module = importlib.import_module("seqconv_jax.checkpoint.checkpoint")
        return module.Checkpoints
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
