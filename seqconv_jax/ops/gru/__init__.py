"""Gated recurrent unit: the operation, and one step of it."""

from seqconv_jax.ops.gru.op import gru, gru_cell
from seqconv_jax.ops.recurrent import project_inputs

__all__ = ["gru", "gru_cell", "project_inputs"]
