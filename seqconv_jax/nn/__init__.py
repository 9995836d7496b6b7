"""Flax Linen modules: they declare parameters, Keras's way, and call `ops`.

Every module is a frozen dataclass with pure `init` and `apply`. Modules that drop
values take `train=True` and a random key named `"dropout"`.
"""

from seqconv_jax.nn.activations import activation
from seqconv_jax.nn.blocks import ConvBlock, check_lengths
from seqconv_jax.nn.conv import (
    Activation,
    Conv1D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
)
from seqconv_jax.nn.gru import GRU, Bidirectional, GRUCell
from seqconv_jax.nn.pool import AvgPool1D, GlobalAvgPool1D, GlobalMaxPool1D, MaxPool1D
from seqconv_jax.nn.sequential import Sequential, masked_layers
from seqconv_jax.nn.tcn import Cone, ResidualBlock, cones, last_steps

__all__ = [
    "GRU",
    "Activation",
    "AvgPool1D",
    "Bidirectional",
    "Cone",
    "Conv1D",
    "ConvBlock",
    "Dense",
    "Dropout",
    "Embedding",
    "Flatten",
    "GRUCell",
    "GlobalAvgPool1D",
    "GlobalMaxPool1D",
    "MaxPool1D",
    "ResidualBlock",
    "Sequential",
    "activation",
    "check_lengths",
    "cones",
    "last_steps",
    "masked_layers",
]
