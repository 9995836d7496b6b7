from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import keras
import keras_reference
import numpy as np
import oracles
import pytest
from jax.test_util import check_grads
from numerics import assert_close, normal, value_and_gradients

from seqconv_jax import UserError
from seqconv_jax.losses import accuracy, binary_cross_entropy, huber, mae, mse

LABELS: Any = np.random.default_rng(1).integers(0, 2, (6, 3)).astype("float32")
LOSSES = [binary_cross_entropy, mae, mse, huber, accuracy]


@pytest.mark.parametrize("scale", [0.1, 1, 10, 500])
def test_cross_entropy_equals_the_formula(scale):
    logits = scale * normal(6, 3)
    got = binary_cross_entropy(logits, LABELS)
    assert_close(got, oracles.binary_cross_entropy(logits, LABELS))


def test_errors_equal_their_formulas():
    x, y = normal(6, 3), normal(6, 3, seed=1)
    rows = [list(zip(*row, strict=True)) for row in zip(x, y, strict=True)]
    assert_close(mae(x, y), np.array([sum(abs(a - b) for a, b in r) / 3 for r in rows]))
    assert_close(
        mse(x, y), np.array([sum((a - b) ** 2 for a, b in r) / 3 for r in rows])
    )


@pytest.mark.parametrize(
    "ours, theirs",
    [
        (binary_cross_entropy, keras.losses.BinaryCrossentropy(from_logits=True)),
        (
            lambda x, y: binary_cross_entropy(
                jax.nn.sigmoid(x), y, from_probabilities=True
            ),
            keras.losses.BinaryCrossentropy(from_logits=True),
        ),
        (mae, keras.losses.MeanAbsoluteError()),
        (mse, keras.losses.MeanSquaredError()),
        (partial(huber, delta=0.7), keras.losses.Huber(delta=0.7)),
    ],
    ids=["bce", "bce from probabilities", "mae", "mse", "huber"],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_and_gradients_equal_keras(ours, theirs, dtype, x64):
    x, labels = 3 * normal(6, 3, dtype=dtype), LABELS.astype(dtype)
    got = value_and_gradients(lambda x: ours(x, labels), x)
    assert str(got[0].dtype) == dtype
    with keras_reference.exact():
        expected = value_and_gradients(lambda x: theirs.call(labels, x), x)
    assert_close(got, expected)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("logit", [60.0, 6e4, -60.0, -6e4])
def test_cross_entropy_of_large_logits_is_finite_with_finite_gradient(logit, dtype):
    logits = jnp.full((1, 1), logit, dtype)
    for label in (0.0, 1.0):
        labels = jnp.full((1, 1), label, dtype)
        loss, slope = jax.value_and_grad(
            lambda x, y=labels: binary_cross_entropy(x, y)[0]
        )(logits)
        right = (logit > 0) == (label == 1)
        assert loss.dtype == dtype
        assert float(loss) == pytest.approx(0 if right else abs(logit), rel=1e-2)
        sign = np.sign(logit)
        assert float(slope[0, 0]) == pytest.approx(0 if right else sign, abs=1e-9)


def test_extreme_float32_logits():
    logits = jnp.array([[3e38], [-3e38]])
    assert binary_cross_entropy(logits, jnp.array([[0.0], [1.0]])).tolist() == [
        pytest.approx(3e38),
        pytest.approx(3e38),
    ]


def test_nan_is_not_swallowed():
    x = jnp.array([[jnp.nan]])
    for loss in (binary_cross_entropy, mae, mse):
        assert np.isnan(loss(x, jnp.ones((1, 1))))


def test_accuracy():
    logits = jnp.array([[2.0, -1.0], [-0.5, 0.5], [0.0, 1e-9]])
    labels = jnp.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert accuracy(logits, labels).tolist() == [1.0, 0.0, 1.0]


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("loss", [binary_cross_entropy, mae, mse, huber])
def test_derivative_in_float64(loss):
    x, y = normal(6, 3, dtype="float64"), LABELS.astype("float64")
    check_grads(lambda x: loss(x, y), (x,), order=1, modes=["rev"])


@pytest.mark.parametrize("loss", LOSSES)
def test_is_per_example(loss):
    x = normal(6, 3)
    got = jax.jit(loss)(x, LABELS)
    assert got.shape == (6,) and got.dtype == jnp.float32
    rows = jax.vmap(lambda a, b: loss(a[None], b[None])[0])(x, LABELS)
    assert_close(got, rows)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    "x, y, message",
    [
        ((4, 1), (4,), r"`targets` must have shape \(4, 1\), got \(4,\)"),
        ((4, 1), (1, 1), r"`targets` must have shape \(4, 1\), got \(1, 1\)"),
        ((4, 2), (4, 1), r"`targets` must have shape \(4, 2\), got \(4, 1\)"),
        ((4,), (4,), r"`predictions` must have shape \(batch, outputs\), got \(4,\)"),
        (
            (2, 4, 1),
            (2, 4, 1),
            r"`predictions` must have shape \(batch, outputs\), got",
        ),
    ],
)
def test_shapes_that_would_broadcast_raise(loss, x, y, message):
    with pytest.raises(UserError, match=message):
        loss(jnp.zeros(x), jnp.zeros(y))


def test_cross_entropy_of_extreme_probabilities_is_that_of_keras():
    p, y = jnp.array([[0.0], [1.0], [1.0], [1e-9]]), jnp.array([[1.0], [0], [1], [1]])
    got = binary_cross_entropy(p, y, from_probabilities=True)
    with keras_reference.exact():
        expected = keras.losses.BinaryCrossentropy().call(y, p)
    assert_close(got, np.asarray(expected), tolerance=1e-5)


def test_accuracy_from_probabilities():
    p = jnp.array([[0.6, 0.4], [0.5, 0.9], [0.0, 1.0]])
    labels = jnp.array([[1.0, 0.0], [0.0, 0.0], [1.0, 1.0]])
    assert accuracy(p, labels, from_probabilities=True).tolist() == [1.0, 0.5, 0.5]


@pytest.mark.parametrize("score", [accuracy, binary_cross_entropy])
@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_what_is_no_probability_gives_nan(score, value):
    score = partial(score, from_probabilities=True)
    assert np.isnan(score(jnp.full((1, 1), value), jnp.ones((1, 1))))


@pytest.mark.parametrize("delta", [0, -1.0, np.nan, "1", None])
def test_huber_needs_a_size(delta):
    with pytest.raises(UserError, match="`delta` must be a number above 0, got"):
        huber(jnp.zeros((1, 1)), jnp.zeros((1, 1)), delta=delta)


def test_saying_that_several_labels_are_meant_changes_no_number():
    x = normal(6, 3)
    for score in (accuracy, binary_cross_entropy):
        assert_close(score(x, LABELS, several=True), score(x, LABELS))
