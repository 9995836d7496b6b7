"""Small networks of every kind, shared by the tests of `nn`."""

from collections import Counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as linen
from numerics import normal

from seqconv_jax import models, nn

IDS = np.random.default_rng(0).integers(1, 7, (3, 40)).astype(np.int32)
SERIES = normal(3, 40, 3)
BLOCKS = (nn.ConvBlock(4, 5, pool=2), nn.ConvBlock(4, 3))

NAMED: dict[str, tuple[Any, Any]] = {
    "TextConvNet": (models.TextConvNet(7, 4, BLOCKS), IDS),
    "TextConvNet, one-hot": (models.TextConvNet(7, 0, BLOCKS), IDS),
    "SeriesConvNet": (models.SeriesConvNet(BLOCKS), SERIES),
    "ConvRNN": (models.ConvRNN(nn.GRU(4), BLOCKS), SERIES),
    "ConvGRU": (models.ConvGRU(4, 3, units=4), SERIES),
    "GRURegressor": (models.GRURegressor(4), SERIES),
    "both directions": (models.GRURegressor(4, bidirectional=True), SERIES),
    "TCN": (models.TCN(4, dilations=(1, 2, 4)), SERIES),
}


def names_of(model) -> list[str]:
    """Return what a named network calls its layers: after their classes, counted."""
    names, counted = [], Counter()
    for layer in model.layers:
        kind = type(layer).__name__
        if layer is getattr(model, "recurrent", None):
            names.append("recurrent")
        else:
            names.append(f"{kind}_{counted[kind]}")
            counted[kind] += 1
    return names


def moved(model, params) -> Any:
    """Return the parameters of `Sequential(model.layers)`, given the model's."""
    return {
        f"layers_{i}": params[name]
        for i, name in enumerate(names_of(model))
        if name in params
    }


class Scale(linen.Module):
    """A stranger's layer that knows nothing of masks and training."""

    @linen.compact
    def __call__(self, x):
        """Scale each feature."""
        return x * self.param("scale", linen.initializers.ones, (x.shape[-1],)).reshape(
            (1,) * (x.ndim - 1) + (-1,)
        )


class MaskedScale(Scale):
    """A stranger's layer that takes a mask, keeps the time, and says nothing of it."""

    @linen.compact
    def __call__(self, x, mask=None):
        """Scale each feature, of masked steps to zero."""
        scale = self.param("scale", linen.initializers.ones, (x.shape[-1],))
        y = x * scale.reshape((1,) * (x.ndim - 1) + (-1,))
        return y if mask is None else jnp.where(mask[:, :, None], y, 0)


def traced(model, variables, x, *, train=True):
    """The shape of a model's output."""
    options = {
        "train": train,
        "rngs": {"dropout": jax.random.key(0)},
        "mutable": ["batch_stats"],
    }
    return jax.eval_shape(lambda v: model.apply(v, x, **options)[0], variables)
