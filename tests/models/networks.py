"""The networks of the book, and shapes to look at them with."""

import jax
import jax.numpy as jnp

from seqconv_jax.models import SeriesConvNet
from seqconv_jax.nn import ConvBlock

S7B = SeriesConvNet(blocks=(ConvBlock(32, 5, pool=3), ConvBlock(32, 5, pool=2)))
S10 = SeriesConvNet(
    blocks=(
        ConvBlock(128, 7, activation="linear"),
        ConvBlock(32, 7, pool=5),
        ConvBlock(32, 7),
    )
)


def ids(length):
    return jax.ShapeDtypeStruct((2, length), jnp.int32)


def series(length, features):
    return jax.ShapeDtypeStruct((2, length, features), jnp.float32)
