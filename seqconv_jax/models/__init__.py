"""The named networks, as Flax modules from a batch of sequences to `(batch, outputs)`.

Each is its tuple of layers, `model.layers`, from which `nn.Sequential` makes a network
of one's own. Every model is called `model.apply(variables, x, mask=None, train=False)`.
A sequence too short for one of its convolutions or pools is an error when the model is
built, with the length after every layer in the message.

The defaults are the networks of F. Chollet, *Deep Learning with Python*, section 6.4.
"""

from seqconv_jax.models.convnets import SeriesConvNet, TextConvNet
from seqconv_jax.models.recurrent import ConvGRU, ConvRNN, GRURegressor
from seqconv_jax.models.tcn import TCN
from seqconv_jax.nn import ConvBlock

__all__ = [
    "TCN",
    "ConvBlock",
    "ConvGRU",
    "ConvRNN",
    "GRURegressor",
    "SeriesConvNet",
    "TextConvNet",
]
