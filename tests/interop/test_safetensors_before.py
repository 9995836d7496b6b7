"""Files that the version before wrote: other fields, and masks that ended elsewhere."""

import json

import jax
import numpy as np
import pytest
import safetensors.numpy
from numerics import assert_same_bits, drawn, normal

from seqconv_jax import models, nn
from seqconv_jax.interop import load_safetensors

IDS = np.random.default_rng(0).integers(0, 5, (3, 60)).astype("int32")
EMBEDDING = {"class": "Embedding", "vocabulary": 9, "features": 3}
ENDED = nn.Embedding(9, 3, mask_id=0)
BLOCK = {
    "class": "ConvBlock",
    "features": 4,
    "kernel_size": 3,
    "pool": None,
    "activation": "relu",
    "padding": "valid",
    "dilation": 1,
    "pooling": "max",
}


def gru(**options):
    fields = {"units": 3, "dropout": 0.0, "recurrent_dropout": 0.0}
    fields |= {"reset_after": False, "gate_activation": "sigmoid", "use_bias": True}
    fields |= {"return_sequences": False, "reverse": False}
    return {"class": "GRU", **fields, **options}


def conv(features, kernel_size):
    return {
        "class": "Conv1D",
        "features": features,
        "kernel_size": kernel_size,
        "stride": 1,
        "padding": "valid",
        "dilation": 1,
        "activation": "linear",
        "use_bias": True,
    }


def chain(*layers, padding_id: int | None = 0):
    return {
        "class": "Sequential",
        "layers": [EMBEDDING, *layers],
        "padding_id": padding_id,
    }


STATES = nn.GRU(3, return_sequences=True)
BOTH = {
    "class": "Bidirectional",
    "layer": gru(return_sequences=True),
    "merge": "concatenate",
}
# What such a file says, and the model of today that computes the same.
BEFORE = {
    "masked": (
        chain(BOTH, gru()),
        nn.Sequential((ENDED, nn.Bidirectional(STATES), nn.GRU(3)), mask_until=3),
    ),
    "a mask that ends": (
        chain(gru(return_sequences=True), conv(4, 2), gru()),
        nn.Sequential((ENDED, STATES, nn.Conv1D(4, 2), nn.GRU(3)), mask_until=2),
    ),
    "another id": (
        chain({"class": "GlobalAvgPool1D"}, padding_id=3),
        nn.Sequential((nn.Embedding(9, 3, 3), nn.GlobalAvgPool1D()), mask_until=2),
    ),
    "a maximum, which knows no mask": (
        chain(gru(return_sequences=True), {"class": "GlobalMaxPool1D"}),
        nn.Sequential((ENDED, STATES, nn.GlobalMaxPool1D()), mask_until=2),
    ),
    "a mask that nobody uses": (
        chain(conv(4, 2), {"class": "GlobalMaxPool1D"}),
        nn.Sequential((nn.Embedding(9, 3), nn.Conv1D(4, 2), nn.GlobalMaxPool1D())),
    ),
    "no mask": (
        chain(gru(), padding_id=None),
        nn.Sequential((nn.Embedding(9, 3), nn.GRU(3))),
    ),
    "text": (
        {
            "class": "TextConvNet",
            "vocabulary": 9,
            "embedding": 3,
            "blocks": [BLOCK],
            "ending": "flatten",
            "dropout": 0.0,
            "outputs": 1,
        },
        models.TextConvNet(9, 3, (nn.ConvBlock(4, 3),), head="flatten"),
    ),
    "series": (
        {
            "class": "SeriesConvNet",
            "blocks": [BLOCK],
            "ending": "global_average",
            "dropout": 0.0,
            "outputs": 1,
        },
        models.SeriesConvNet((nn.ConvBlock(4, 3),), head="global_average"),
    ),
    "residual blocks": (
        {
            "class": "TCN",
            "features": 4,
            "kernel_size": 3,
            "dilations": [1, 2],
            "dropout": 0.0,
            "outputs": 1,
        },
        models.TCN(4, dilations=(1, 2)),
    ),
}
PARAMETERS_BEFORE = {  # names that a file of that time has, for a model of each kind
    "masked": "layers_1/backward/recurrent_kernel",
    "text": "Conv1D_0/kernel",
    "residual blocks": "ResidualBlock_0/shortcut/kernel",
}


@pytest.mark.parametrize("name", BEFORE)
def test_loads_and_predicts_the_same(name, tmp_path):
    described, expected = BEFORE[name]
    x = normal(3, 60, 2) if name in ("series", "residual blocks") else IDS
    variables = drawn(expected, x)
    flat, _ = jax.tree_util.tree_flatten_with_path(variables["params"])
    arrays = {
        "/".join(key.key for key in path): np.asarray(leaf) for path, leaf in flat
    }
    assert PARAMETERS_BEFORE.get(name, next(iter(arrays))) in arrays
    about = {
        "format": 1,
        "model": described,
        "input": {"shape": x.shape[1:], "dtype": str(x.dtype)},
    }
    path = tmp_path / "before.safetensors"
    metadata = {"seqconv_jax": json.dumps(about)}
    path.write_bytes(safetensors.numpy.save(arrays, metadata=metadata))
    loaded = load_safetensors(path)
    assert loaded.model == expected
    got = loaded.model.apply({"params": loaded.params}, x)
    assert_same_bits(got, expected.apply(variables, x))
