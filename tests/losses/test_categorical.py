"""Scores of classes against Optax, Keras, and plain NumPy in float64."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import keras
import keras_reference
import numpy as np
import optax
import pytest
from jax.test_util import check_grads
from numerics import assert_close, normal, value_and_gradients

from seqconv_jax import UserError
from seqconv_jax.losses import categorical_accuracy as accuracy
from seqconv_jax.losses import categorical_cross_entropy as cross_entropy

NUMBERS: Any = np.array([[2], [0], [1], [1], [3]], np.int32)
ONE_HOT: Any = np.eye(4, dtype=np.float32)[NUMBERS[:, 0]]
SOFT: Any = np.random.default_rng(3).dirichlet(np.ones(4), 5).astype(np.float32)


def formula(logits, weights):
    """The cross-entropy of each row, one class at a time."""
    rows = []
    for row, weight in zip(np.asarray(logits, np.float64), weights, strict=True):
        largest = max(row)
        total = largest + np.log(sum(np.exp(x - largest) for x in row))
        rows.append(sum(w * (total - x) for x, w in zip(row, weight, strict=True)))
    return np.array(rows)


@pytest.mark.parametrize("scale", [0.1, 10, 1e4])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_cross_entropy_equals_the_formula(scale, dtype, x64):
    logits = scale * normal(5, 4, dtype=dtype)
    for labels, weights in ((NUMBERS, ONE_HOT), (ONE_HOT, ONE_HOT), (SOFT, SOFT)):
        got = cross_entropy(logits, labels)
        assert got.shape == (5,) and str(got.dtype) == dtype
        assert_close(got, formula(logits, weights.astype(np.float64)))


def test_values_and_gradients_equal_optax_and_keras():
    x = 3 * normal(5, 4)
    expected = value_and_gradients(
        lambda x: optax.softmax_cross_entropy_with_integer_labels(x, NUMBERS[:, 0]), x
    )
    assert_close(value_and_gradients(lambda x: cross_entropy(x, NUMBERS), x), expected)
    assert_close(value_and_gradients(lambda x: cross_entropy(x, ONE_HOT), x), expected)
    p = partial(cross_entropy, from_probabilities=True)
    got = value_and_gradients(lambda x: p(jax.nn.softmax(x), NUMBERS), x)
    assert_close(got, expected)
    soft = value_and_gradients(lambda x: optax.softmax_cross_entropy(x, SOFT), x)
    assert_close(value_and_gradients(lambda x: cross_entropy(x, SOFT), x), soft)
    with keras_reference.exact():
        theirs = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        expected = theirs.call(NUMBERS[:, 0], x)
    assert_close(cross_entropy(x, NUMBERS), np.asarray(expected))


def test_extreme_probabilities_are_cut_off_as_in_keras():
    p: Any = np.array([[0, 1, 0], [1, 0, 0], [1e-9, 0, 1]], np.float32)
    numbers: Any = np.array([[0], [0], [0]], np.int32)
    with keras_reference.exact():
        expected = keras.losses.SparseCategoricalCrossentropy().call(numbers[:, 0], p)
    got = cross_entropy(p, numbers, from_probabilities=True)
    assert_close(got, np.asarray(expected), tolerance=1e-5)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("labels", [NUMBERS, SOFT.astype("float64")])
def test_derivative_in_float64(labels):
    x = normal(5, 4, dtype="float64")
    check_grads(lambda x: cross_entropy(x, labels), (x,), order=2, modes=["rev"])


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_large_logits_are_finite_with_finite_gradient(dtype):
    logits = jnp.array([[6e4, 0, -6e4], [0, -jnp.inf, 1]], dtype)
    loss, slope = jax.value_and_grad(lambda x: cross_entropy(x, LABELS).sum())(logits)
    assert loss.dtype == dtype
    assert float(loss) == pytest.approx(6e4 + np.log(1 + np.e), rel=1e-2)
    assert np.isfinite(slope).all()


LABELS: Any = np.array([[1], [0]], np.int32)


def test_accuracy():
    logits: Any = np.array([[1, 2, 3], [3, 1, 3], [0, 5, 1], [2, 2, 2]], np.float32)
    numbers: Any = np.array([[2], [2], [1], [0]])
    assert accuracy(logits, numbers).tolist() == [1, 0, 1, 1]  # the first of equals
    one_hot: Any = np.eye(3)[numbers[:, 0]]
    assert accuracy(logits, one_hot.astype(bool)).tolist() == [1, 0, 1, 1]
    p = jax.nn.softmax(logits)
    got = accuracy(p, numbers, from_probabilities=True)
    assert got.tolist() == [1, 0, 1, 1] and got.dtype == jnp.float32


@pytest.mark.parametrize("score", [cross_entropy, accuracy])
def test_the_number_of_no_class_gives_nan(score):
    x = normal(5, 4)
    got = score(x, jnp.array([[4], [-1], [0], [3], [100]]))
    assert np.isnan(got).tolist() == [True, True, False, False, True]
    x[2, 1] = np.nan
    assert np.isnan(score(x, NUMBERS)).tolist() == [False, False, True, False, False]


@pytest.mark.parametrize("score", [cross_entropy, accuracy])
@pytest.mark.parametrize("row", [[0.6, 0.6], [1.5, -0.5], [np.nan, 0.5], [0, 0]])
def test_what_is_no_distribution_gives_nan(score, row):
    x: Any = np.array([row], np.float32)
    assert np.isnan(score(x, jnp.array([[0]]), from_probabilities=True)).all()


@pytest.mark.parametrize("score", [cross_entropy, accuracy])
@pytest.mark.parametrize(
    "x, y, message",
    [
        ((4, 3), (4,), r"`targets` must have shape \(batch, 1 or classes\), got \(4,"),
        ((4, 3), (4, 2), r"`targets` must have shape \(4, 1\), .*, or \(4, 3\), got"),
        ((4, 3), (1, 3), r"`targets` must have shape \(4, 1\), .* got \(1, 3\)"),
        ((4, 1), (4, 1), r"`predictions` must have shape \(batch, 2 classes or more"),
        ((4,), (4, 1), r"`predictions` must have shape \(batch, classes\), got \(4,\)"),
        ((4, 3), (4, 1), r"`targets` must be integers, .* got float32 of shape \(4, 1"),
    ],
)
def test_shapes_that_do_not_fit_raise(score, x, y, message):
    with pytest.raises(UserError, match=message):
        score(jnp.zeros(x), jnp.zeros(y))
