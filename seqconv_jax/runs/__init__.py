"""Run directories: what a run was asked, how each epoch went, and how it ended."""

from seqconv_jax.runs.content import CHECKPOINTS, CONFIG, HISTORY, SUMMARY
from seqconv_jax.runs.environment import PACKAGES, environment
from seqconv_jax.runs.run import Run, open

__all__ = [
    "CHECKPOINTS",
    "CONFIG",
    "HISTORY",
    "PACKAGES",
    "SUMMARY",
    "Run",
    "environment",
    "open",
]
