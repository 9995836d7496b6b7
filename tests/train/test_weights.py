"""Weights of examples: those of Keras's `fit`, and of no account elsewhere."""

from typing import Any

import jax
import jax.numpy as jnp
import keras
import keras_reference
import numpy as np
import optax
import pytest
from train.test_door import Mean

import seqconv_jax as sc

rng = np.random.default_rng(0)
X = rng.normal(size=(10, 6, 2)).astype(np.float32)
LABELS = (rng.uniform(size=(10, 1)) > 0.6).astype(np.float32)
WEIGHTS = rng.uniform(0, 3, size=10).astype(np.float32)
PARAMS = {
    "Dense_0": {"kernel": np.array([[0.5], [-1.0]], np.float32), "bias": np.zeros(1)}
}
CLASSES = {0: 0.5, 1: 4.0}


def train(weights):
    """Two epochs in order, the last batch of each half empty."""
    task, tx = sc.data.arrays_task(X, LABELS, weights=weights), optax.sgd(0.5)
    data = sc.train.put_on_device(task)
    step = jax.jit(sc.train.make_step(Mean(), tx, sc.losses.binary_cross_entropy))
    params = jax.tree.map(lambda a: jnp.asarray(a, jnp.float32), PARAMS)
    state, losses = sc.train.TrainState(jnp.int32(0), params, tx.init(params)), []
    for rows in [range(4), range(4, 8), [8, 9, -1, -1]] * 2:
        batch = sc.train.gather(data, jnp.array(rows))
        state, metrics = step(state, batch, jax.random.key(0))
        losses.append(float(metrics["loss"]))
    return state.params["Dense_0"], losses


def train_keras(**weights):
    with keras_reference.exact():
        layers = [keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)]
        model = keras.Sequential([keras.Input((6, 2)), *layers])
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(0.5), loss)
        model.set_weights([PARAMS["Dense_0"]["kernel"], PARAMS["Dense_0"]["bias"]])
        options: Any = {"batch_size": 4, "epochs": 2, "shuffle": False, "verbose": 0}
        model.fit(X, LABELS, **options, **weights)
        return [np.asarray(v.value) for v in model.trainable_variables]


@pytest.mark.parametrize("kind", ["sample", "class"])
def test_training_by_weights_equals_keras(kind):
    if kind == "sample":
        ours, theirs = train(WEIGHTS), train_keras(sample_weight=WEIGHTS)
    else:
        ours = train(sc.data.class_weights(LABELS, CLASSES))
        theirs = train_keras(class_weight=CLASSES)
    for name, expected in zip(("kernel", "bias"), theirs, strict=True):
        np.testing.assert_allclose(ours[0][name], expected, rtol=1e-5, atol=1e-6)
    assert not np.allclose(ours[0]["kernel"], train(None)[0]["kernel"], atol=1e-3)


def test_weights_of_one_change_nothing_and_twice_the_weights_are_twice_the_loss():
    (plain, losses), (ones, same) = train(None), train(np.ones(10))
    assert losses == same
    np.testing.assert_array_equal(plain["kernel"], ones["kernel"])
    assert train(np.full(10, 2.0))[1][0] == pytest.approx(2 * losses[0])


def test_an_example_of_weight_zero_has_no_gradient():
    task = sc.data.arrays_task(X, LABELS, weights=np.arange(10) % 2)
    batch = sc.train.gather(sc.train.put_on_device(task), jnp.arange(4))
    assert batch.loss_weight is not None
    assert batch.loss_weight.tolist() == [0, 1, 0, 1] and batch.weight.sum() == 4


def test_without_weights_there_are_none_on_the_device():
    data = sc.train.put_on_device(sc.data.arrays_task(X, LABELS))
    assert data.weights is None
    assert sc.train.gather(data, jnp.arange(4)).loss_weight is None


def test_scores_of_rows_are_unweighted():
    task = sc.data.arrays_task(X, LABELS, weights=WEIGHTS)
    plain = sc.data.arrays_task(X, LABELS)
    scores = {"loss": sc.losses.binary_cross_entropy}
    a, b = (
        sc.train.evaluate(Mean(), PARAMS, each, np.arange(10), scores)
        for each in (task, plain)
    )
    assert a == b


def test_fit_takes_arrays_with_weights_and_reports_the_weighted_loss():
    options = {"optimizer": optax.sgd(0.0), "loss": sc.losses.binary_cross_entropy}
    settings = {"epochs": 1, "batch_size": 5, "params": PARAMS} | options
    data = {"validation": (X, LABELS), "seed": None}
    losses = [
        sc.train.fit(
            Mean(), sc.data.arrays_task(X, LABELS, weights=w, **data), **settings
        )
        for w in (None, np.full(10, 3.0))
    ]
    plain, weighted = (result.history[0] for result in losses)
    assert weighted["loss"] == pytest.approx(3 * plain["loss"])
    assert weighted["val_loss"] == pytest.approx(plain["val_loss"])
