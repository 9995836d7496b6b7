"""What is known of a model's outputs from its layers."""

import jax
import pytest
from flax import linen

from seqconv_jax import models
from seqconv_jax.nn import (
    GRU,
    Activation,
    Conv1D,
    Dense,
    Dropout,
    GlobalMaxPool1D,
    LayerNorm,
    MatchWidth,
    Parallel,
    Residual,
    Sequential,
)
from seqconv_jax.nn.final_activation import final_activation, without_probabilities

SIGMOID = Dense(1, "sigmoid")


class Squashed(models.GRURegressor):
    """Does more than its layers say."""

    def __call__(self, x, *, mask=None, train=False):
        return jax.nn.sigmoid(self.run_all(x, mask, train))


MODELS = {
    "dense": (SIGMOID, "sigmoid"),
    "of the last layer alone": (Sequential((SIGMOID, Dense(1))), "linear"),
    "a layer of its own": (Sequential((Dense(2), Activation("softmax"))), "softmax"),
    "behind what passes it on": (
        Sequential(
            (Conv1D(1, 3, activation="sigmoid"), GlobalMaxPool1D(), Dropout(0.5))
        ),
        "sigmoid",
    ),
    "behind nothing": (Sequential((SIGMOID, Activation("linear"))), "sigmoid"),
    "nested": (Sequential((Dense(2), Sequential((SIGMOID,)))), "sigmoid"),
    "behind a model": (
        Sequential((models.GRURegressor(3), Activation("sigmoid"))),
        "sigmoid",
    ),
    "a model": (models.TextConvNet(9), "linear"),
    "a state": (GRU(3), "tanh"),
    "two heads": (Parallel(((SIGMOID,), (Dense(2, "sigmoid"),))), "sigmoid"),
    "unlike heads": (Parallel(((SIGMOID,), (Dense(1),))), "linear"),
    "a sum": (Residual((SIGMOID,), (SIGMOID,)), "linear"),
    "flax": (linen.Sequential([linen.Dense(1), linen.sigmoid]), "sigmoid"),
    "flax and softmax": (linen.Sequential([jax.nn.softmax]), "softmax"),
    "not known": (LayerNorm(), None),
    "perhaps nothing": (MatchWidth(3), None),
    "more than its layers": (Squashed(3), None),
}


@pytest.mark.parametrize("name", MODELS)
def test_final_activation(name):
    model, expected = MODELS[name]
    assert final_activation(model) == expected


def test_without_probabilities_keeps_the_rest():
    model = Sequential((Dense(3), Dense(1, "softmax", use_bias=False)), mask_until=1)
    of_logits = Sequential((Dense(3), Dense(1, use_bias=False)), mask_until=1)
    assert without_probabilities(model) == of_logits
    with pytest.raises(ValueError, match="linear"):
        without_probabilities(of_logits)
