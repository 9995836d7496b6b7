"""Checkpoints: the latest and the best state of a run, whole or not there at all."""

from seqconv_jax.checkpoint.checkpoint import Checkpoints
from seqconv_jax.checkpoint.params import load_params

__all__ = ["Checkpoints", "load_params"]
