"""Long short-term memory: the operation, and one step of it."""

from seqconv_jax.ops.lstm.op import lstm, lstm_cell

__all__ = ["lstm", "lstm_cell"]
