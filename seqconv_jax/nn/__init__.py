"""Flax Linen modules: they declare parameters, Keras's way, and call `ops`.

Every module is a frozen dataclass with pure `init` and `apply`, called
`layer(x, *, mask=None, train=False)`: see `Layer`. A model is its tuple of layers: see
`Sequential` and `Network`. Modules that drop values take a random key named
`"dropout"`; `BatchNorm` keeps averages in the collection `"batch_stats"`, and
`NGramLinear` the n-grams that it knows.

Flax's lifts work on all of them. Among the layers of another, `nn.remat(GRU)(32)` and
the like are given `mask` and `train` as any layer is. Where a lifted module is called
by hand, as after `nn.scan`, `call` does that.
"""

from seqconv_jax.nn.activations import activation
from seqconv_jax.nn.bidirectional import Bidirectional
from seqconv_jax.nn.blocks import ConvBlock, layers_of
from seqconv_jax.nn.bottleneck import Bottleneck
from seqconv_jax.nn.column_map import Columns, EachColumn, LinearMap
from seqconv_jax.nn.combine import MatchWidth, Parallel, Residual
from seqconv_jax.nn.conv import Conv1D
from seqconv_jax.nn.dense import Activation, Dense, LeakyReLU
from seqconv_jax.nn.dropout import Dropout, TokenDropout
from seqconv_jax.nn.embed import Embedding
from seqconv_jax.nn.gru import GRU, GRUCell
from seqconv_jax.nn.layer import Layer, call
from seqconv_jax.nn.layout import (
    Crop1D,
    Permute,
    RepeatVector,
    Reshape,
    UpSample1D,
    ZeroPad1D,
)
from seqconv_jax.nn.lengths import check_lengths, receptive_field
from seqconv_jax.nn.lstm import LSTM
from seqconv_jax.nn.mean_products import MeanProducts
from seqconv_jax.nn.ngrams import NGramLinear, ngram_stats
from seqconv_jax.nn.norm import BatchNorm, LayerNorm
from seqconv_jax.nn.normalised import LastValue, RevIN
from seqconv_jax.nn.one_hot import OneHotConv1D
from seqconv_jax.nn.pool import AvgPool1D, GlobalAvgPool1D, GlobalMaxPool1D, MaxPool1D
from seqconv_jax.nn.sequential import Network, Sequential
from seqconv_jax.nn.simple_rnn import SimpleRNN
from seqconv_jax.nn.steps import Flatten, LastStep, Masking
from seqconv_jax.nn.tcn import ResidualBlock

__all__ = [
    "GRU",
    "LSTM",
    "Activation",
    "AvgPool1D",
    "BatchNorm",
    "Bidirectional",
    "Bottleneck",
    "Columns",
    "Conv1D",
    "ConvBlock",
    "Crop1D",
    "Dense",
    "Dropout",
    "EachColumn",
    "Embedding",
    "Flatten",
    "GRUCell",
    "GlobalAvgPool1D",
    "GlobalMaxPool1D",
    "LastStep",
    "LastValue",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "LinearMap",
    "Masking",
    "MatchWidth",
    "MaxPool1D",
    "NGramLinear",
    "MeanProducts",
    "Network",
    "OneHotConv1D",
    "Parallel",
    "Permute",
    "RepeatVector",
    "Reshape",
    "Residual",
    "ResidualBlock",
    "RevIN",
    "Sequential",
    "SimpleRNN",
    "TokenDropout",
    "UpSample1D",
    "ZeroPad1D",
    "activation",
    "call",
    "check_lengths",
    "layers_of",
    "ngram_stats",
    "receptive_field",
]
