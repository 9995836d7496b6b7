"""Every layer and named network, small, with the kind of input that it takes."""

from typing import Any

import numpy as np
from numerics import normal

from seqconv_jax import models, nn

SERIES = normal(128, 24, 3)
IDS = np.random.default_rng(0).integers(0, 12, (128, 24)).astype(np.int32)
SAME = nn.ConvBlock(4, 3, padding="same")
BLOCKS = (nn.ConvBlock(4, 3, pool=2), nn.ConvBlock(4, 3))

LAYERS: dict[str, tuple[Any, ...]] = {
    "Activation": (nn.Activation("relu"),),
    "AvgPool1D": (nn.AvgPool1D(3, padding="same"),),
    "BatchNorm": (nn.BatchNorm(),),
    "Bidirectional": (nn.Bidirectional(nn.LSTM(4)),),
    "Bottleneck": (nn.Bottleneck(2),),
    "Columns": (nn.Columns((0, 2)),),
    "Conv1D": (
        nn.Conv1D(4, 3, padding="causal", dilation=2),
        nn.Conv1D(4, 3, stride=2, padding="same"),
    ),
    "Crop1D": (nn.Crop1D(),),
    "Dense": (nn.Dense(4, activation="gelu"),),
    "Dropout": (nn.Dropout(0.5), nn.Dense(4)),
    "EachColumn": (nn.EachColumn((nn.GRU(4),)),),
    "Embedding": (nn.Embedding(12, 4),),
    "Flatten": (nn.Flatten(),),
    "GRU": (nn.GRU(4, return_sequences=True), nn.GRU(4, reset_after=True)),
    "GlobalAvgPool1D": (nn.GlobalAvgPool1D(),),
    "GlobalMaxPool1D": (nn.GlobalMaxPool1D(),),
    "LSTM": (nn.LSTM(4, reverse=True),),
    "LastStep": (nn.LastStep(),),
    "LastValue": (nn.LastValue((nn.LinearMap(3),)),),
    "LayerNorm": (nn.LayerNorm(),),
    "LeakyReLU": (nn.LeakyReLU(),),
    "LinearMap": (nn.LinearMap(3),),
    "Masking": (nn.Masking(0.0), nn.GRU(4)),
    "MatchWidth": (nn.MatchWidth(4),),
    "MaxPool1D": (nn.MaxPool1D(3, stride=2),),
    "MeanProducts": (nn.MeanProducts((2,)),),
    "NGramLinear": (nn.NGramLinear(64),),
    "OneHotConv1D": (nn.OneHotConv1D(4, 12, 3, padding="same"),),
    "Parallel": (nn.Parallel(((nn.Conv1D(4, 3, padding="same"),), ())),),
    "Permute": (nn.Permute(),),
    "RepeatVector": (nn.LastStep(), nn.RepeatVector(3)),
    "Reshape": (nn.Reshape((12, 6)),),
    "Residual": (nn.Residual((nn.Conv1D(3, 3, padding="same"),)),),
    "ResidualBlock": (nn.ResidualBlock(4, 3, 2),),
    "RevIN": (nn.RevIN((nn.LinearMap(3),)),),
    "SimpleRNN": (nn.SimpleRNN(4),),
    "TokenDropout": (nn.TokenDropout(0.5), nn.Embedding(12, 4)),
    "UpSample1D": (nn.UpSample1D(),),
    "ZeroPad1D": (nn.ZeroPad1D(),),
}
MODELS: dict[str, Any] = {
    "ConvGRU": models.ConvGRU(4, 3, 2, 4, skip=True),
    "ConvRNN": models.ConvRNN(nn.SimpleRNN(4), BLOCKS),
    "FCN": models.FCN((4, 4), (3, 3)),
    "FCN, masked": models.FCN((4, 4), (3, 3), mask_value=-1e30),
    "GRURegressor": models.GRURegressor(4),
    "InceptionTime": models.InceptionTime(2, (5, 3), depth=2, bottleneck=2),
    "PatchGRU": models.PatchGRU(3, (0,), patch=4, units=4, embedding=2),
    "ResNet": models.ResNet((4, 4), (3, 3)),
    "SeriesConvNet": models.SeriesConvNet(BLOCKS),
    "TCN": models.TCN(4, 3, (1, 2)),
    "TextConvNet": models.TextConvNet(12, 4, BLOCKS),
    "TextConvNet, one-hot": models.TextConvNet(12, 0, BLOCKS[1:]),
    "TextConvNet, masked": models.TextConvNet(12, 4, (SAME,), mask_id=0),
    "TextConvNet, masked and not same": models.TextConvNet(12, 4, BLOCKS, mask_id=0),
}
_OF_IDS = ("Embedding", "NGramLinear", "OneHotConv1D", "TextConvNet", "TokenDropout")


def networks():
    """Yield the name, the network, and a batch of 128 inputs of each."""
    made = {name: nn.Sequential(layers) for name, layers in LAYERS.items()}
    for name, model in {**made, **MODELS}.items():
        yield name, model, IDS if name.startswith(_OF_IDS) else SERIES
