"""Models of Keras's that end in a sigmoid or softmax, and losses that take logits."""

from functools import partial

import numpy as np
import pytest
from interop.keras_files import message_of, model, save
from keras import layers as k
from numerics import assert_same_bits

from seqconv_jax import UserError, losses, train
from seqconv_jax.data import Task
from seqconv_jax.interop import load_keras

ROWS = np.arange(40, dtype=np.int32)
X = np.linspace(-1, 1, 40, dtype=np.float32)[:, None, None]
TASK = Task(
    inputs=X,
    targets=(X[:, 0] > 0).astype(np.float32),
    offsets=None,
    train=ROWS,
    validation=ROWS,
    test=ROWS,
)


def saved(tmp_path, *ends):
    built = model((1, 1), [k.Flatten(), *ends])
    built.layers[1].set_weights([np.full((1, 1), 9.0), np.zeros(1)])
    return save(built, tmp_path / "a.keras")


ENDS = {
    "in a layer": (k.Dense(1, activation="sigmoid"),),
    "a layer": (k.Dense(1), k.Activation("sigmoid")),
}


@pytest.mark.parametrize("name", ENDS)
def test_a_sigmoid_is_right_in_each_of_two_ways_and_an_error_else(name, tmp_path):
    path = saved(tmp_path, *ENDS[name])
    loaded, of_logits = load_keras(path), load_keras(path, logits=True)
    assert loaded.final_activation == "sigmoid"
    assert of_logits.final_activation == "linear"
    assert_same_bits(
        loaded.params["layers_1"]["kernel"], of_logits.params["layers_1"]["kernel"]
    )
    of_probabilities = partial(losses.accuracy, from_probabilities=True)
    for net, score in (
        (loaded.model, of_probabilities),
        (of_logits.model, losses.accuracy),
    ):
        got = train.evaluate(net, loaded.params, TASK, ROWS, {"accuracy": score})
        assert got == {"accuracy": 1.0}
    for net, score in (
        (loaded.model, losses.accuracy),
        (of_logits.model, of_probabilities),
    ):
        with pytest.raises(UserError, match="`accuracy` must take"):
            train.evaluate(net, loaded.params, TASK, ROWS, {"accuracy": score})


def test_a_model_without_probabilities_has_none_to_leave_out(tmp_path):
    path = saved(tmp_path, k.Dense(1, activation="relu"))
    message = message_of(partial(load_keras, logits=True), path)
    assert "`logits` must be False for a model that does not end in" in message
    assert "'relu'" in message
