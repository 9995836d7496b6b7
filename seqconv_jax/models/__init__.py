"""The named networks, as Flax modules from a batch of sequences to `(batch, outputs)`.

Each is its tuple of layers, `model.layers`, from which `nn.Sequential` makes a network
of one's own. Every model is called `model.apply(variables, x, mask=None, train=False)`.
A sequence too short for one of its convolutions or pools is an error when the model is
built, with the length after every layer in the message.

The defaults of those that classify whole series, `FCN`, `ResNet` and `InceptionTime`,
are those of their papers; of the others, the networks of F. Chollet, *Deep Learning
with Python*, section 6.4.
"""

from seqconv_jax.models.convnets import SeriesConvNet, TextConvNet
from seqconv_jax.models.fcn import FCN
from seqconv_jax.models.inception import InceptionTime
from seqconv_jax.models.patch_gru import PatchGRU
from seqconv_jax.models.recurrent import ConvGRU, ConvRNN, GRURegressor
from seqconv_jax.models.resnet import ResNet
from seqconv_jax.models.skip import beside_line, start_from_line
from seqconv_jax.models.tcn import TCN
from seqconv_jax.nn import ConvBlock

__all__ = [
    "FCN",
    "TCN",
    "ConvBlock",
    "ConvGRU",
    "ConvRNN",
    "GRURegressor",
    "InceptionTime",
    "PatchGRU",
    "ResNet",
    "SeriesConvNet",
    "TextConvNet",
    "beside_line",
    "start_from_line",
]
