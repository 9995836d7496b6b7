"""Checkpoints: the latest and the best state of a run, whole or not there at all."""

from seqconv_jax.checkpoint.checkpoint import Checkpoints
from seqconv_jax.checkpoint.params import Variables, load_params, load_variables

__all__ = ["Checkpoints", "Variables", "load_params", "load_variables"]
