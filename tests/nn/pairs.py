"""Neighbours that are computed as one, by the rewrite that does it."""

import itertools

from seqconv_jax import nn
from seqconv_jax.nn import fuse

EMBED, RISE, CONVOLVE, ONE_HOT, LAST = fuse.REWRITES


def conv(size=3, activation="linear", **options):
    return nn.Conv1D(5, size, activation=activation, **options)


def one_hot(size=3, **options):
    return nn.OneHotConv1D(5, 7, size, **options)


GEOMETRIES = [
    {"stride": stride, "padding": padding, "dilation": dilation}
    for stride, padding, dilation in itertools.product(
        (1, 2), ("valid", "same", "causal"), (1, 3)
    )
]
POOLS = [
    nn.MaxPool1D(3),
    nn.MaxPool1D(3, stride=2),
    nn.MaxPool1D(2, padding="same"),
    nn.GlobalMaxPool1D(),
]
CASES = {
    EMBED: [
        # Fewer and more ids in a batch than in the vocabulary.
        *((nn.Embedding(7, 4), conv(**geometry)) for geometry in GEOMETRIES),
        *((nn.Embedding(200, 4), conv(**geometry)) for geometry in GEOMETRIES[::5]),
        (nn.Embedding(7, 4), conv(activation="tanh", use_bias=False)),
    ],
    RISE: [
        (conv(activation=name, **geometry), pool)
        for name in fuse.RISING
        for geometry in GEOMETRIES[::4]
        for pool in POOLS
    ],
    CONVOLVE: [
        # The maximum has come first, or there is nothing between the two.
        (conv(size, use_bias=False), nn.MaxPool1D(window, stride))
        for size in (1, 3)
        for window in (1, 2, 5)
        for stride in (None, window)
    ],
    ONE_HOT: [
        (one_hot(size, padding=padding, use_bias=False), nn.GlobalMaxPool1D())
        for size in (1, 3)
        for padding in ("valid", "same", "causal")
    ],
    LAST: [
        (conv(padding="causal"), nn.LastStep()),
        (conv(2, "relu", padding="causal", dilation=4), nn.Dense(3), nn.LastStep()),
        (nn.LayerNorm(), conv(1, "softmax"), nn.Activation("tanh"), nn.LastStep()),
        (conv(padding="same"), conv(4, padding="causal", dilation=2), nn.LastStep()),
        (nn.ResidualBlock(5, 2, 3), nn.ResidualBlock(5, 3, 2), nn.LastStep()),
        (nn.Residual((conv(padding="causal"), nn.LayerNorm()), (nn.Dense(5),)),)
        + (conv(3, padding="causal", dilation=2), nn.LastStep(), nn.Dense(2)),
    ],
}
