"""Scores of logits for a model of probabilities, and the other way round."""

from functools import partial

import jax
import numpy as np
import optax
import pytest
from flax import linen

from seqconv_jax import UserError, train
from seqconv_jax.data import Task
from seqconv_jax.losses import (
    accuracy,
    binary_cross_entropy,
    categorical_accuracy,
    categorical_cross_entropy,
    mae,
    mse,
)
from seqconv_jax.nn import Activation, Dense, Sequential
from seqconv_jax.optim import rmsprop
from seqconv_jax.train.outputs import check_scores_fit

ROWS = np.arange(8, dtype=np.int32)
X = np.linspace(-1, 1, 8, dtype=np.float32)[:, None]
TASK = Task(
    inputs=X,
    targets=(X > 0).astype(np.float32),
    offsets=None,
    train=ROWS,
    validation=ROWS,
    test=ROWS,
)
SIGMOID = Sequential((Dense(1), Activation("sigmoid")))
PARAMS = {"layers_0": {"kernel": np.full((1, 1), 4.0), "bias": np.zeros(1)}}
OF_PROBABILITIES = {
    "loss": partial(binary_cross_entropy, from_probabilities=True),
    "accuracy": partial(accuracy, from_probabilities=True),
}


def focal(predictions, targets):
    return optax.sigmoid_focal_loss(predictions, targets).mean(-1)


@pytest.mark.parametrize(
    "score",
    [
        accuracy,
        binary_cross_entropy,
        jax.jit(accuracy),
        partial(accuracy, from_probabilities=False),
        optax.sigmoid_binary_cross_entropy,
        partial(optax.softmax_cross_entropy_with_integer_labels, axis=-1),
    ],
)
@pytest.mark.parametrize(
    "model",
    [
        SIGMOID,
        Sequential((Dense(2, "softmax"),)),
        linen.Sequential([linen.Dense(1), linen.sigmoid]),
    ],
    ids=["sigmoid", "softmax", "flax"],
)
def test_logits_are_not_taken_from_probabilities(score, model):
    with pytest.raises(UserError, match="`acc` must take probabilities, which the mod"):
        check_scores_fit(model, {"acc": score})


@pytest.mark.parametrize("score", OF_PROBABILITIES.values())
def test_probabilities_are_not_taken_from_logits(score):
    with pytest.raises(UserError, match="no probabilities as its last act.* 'linear'"):
        check_scores_fit(Dense(1), {"acc": score})


@pytest.mark.parametrize(
    "model, scores",
    [
        (SIGMOID, OF_PROBABILITIES),
        (SIGMOID, {"mae": mae, "mse": mse, "own": lambda p, y: accuracy(p - 0.5, y)}),
        (Dense(1), {"accuracy": accuracy, "focal": focal}),
        (linen.LayerNorm(), {**OF_PROBABILITIES, "other": accuracy}),
    ],
)
def test_what_fits_or_is_not_known_passes(model, scores):
    check_scores_fit(model, scores)


def test_evaluate_and_fit_check():
    with pytest.raises(UserError, match=r"partial\(losses.accuracy, from_probabil"):
        train.evaluate(SIGMOID, PARAMS, TASK, ROWS, {"accuracy": accuracy})
    with pytest.raises(UserError, match="`loss` must take probabilities"):
        train.make_step(SIGMOID, rmsprop(1e-3), binary_cross_entropy)
    with pytest.raises(UserError, match="`accuracy` must take probabilities"):
        train.make_step(SIGMOID, rmsprop(1e-3), mse, {"accuracy": accuracy})


def test_the_scores_are_those_of_the_logits():
    of_logits = {"loss": binary_cross_entropy, "accuracy": accuracy}
    got = train.evaluate(SIGMOID, PARAMS, TASK, ROWS, OF_PROBABILITIES)
    logits = Sequential(SIGMOID.layers[:1])
    expected = train.evaluate(logits, PARAMS, TASK, ROWS, of_logits)
    assert got == pytest.approx(expected, rel=1e-6)
    assert got["accuracy"] == 1.0


@pytest.mark.parametrize(
    "score, activation, named",
    [
        (categorical_accuracy, "sigmoid", "losses.accuracy, from_prob"),
        (accuracy, "softmax", "losses.categorical_accuracy, from_prob"),
        (categorical_cross_entropy, "softmax", "losses.categorical_cross_entropy, fr"),
    ],
)
def test_the_score_of_the_activation_is_named(score, activation, named):
    model = Sequential((Dense(3, activation),))
    with pytest.raises(UserError, match=f"which takes logits; give functools.*{named}"):
        check_scores_fit(model, {"acc": score})


@pytest.mark.parametrize(
    "score, activation, message",
    [
        (categorical_accuracy, "sigmoid", "of each label, .* give losses.accuracy, or"),
        (
            binary_cross_entropy,
            "softmax",
            "that sum to 1, .* give losses.categorical_cross_entropy, or",
        ),
    ],
)
def test_probabilities_of_labels_and_of_classes_differ(score, activation, message):
    score = partial(score, from_probabilities=True)
    with pytest.raises(UserError, match=f"`acc` must take probabilities {message}"):
        check_scores_fit(Sequential((Dense(3, activation),)), {"acc": score})
