"""A loss or metric returns a number for each example, or is named while traced."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from train.test_door import Mean, params, task

import seqconv_jax as sc
from seqconv_jax.train.scores import check_gradient, per_example


def shapes(predictions, targets=None, dtype=jnp.float32):
    return (
        jax.ShapeDtypeStruct(predictions, jnp.float32),
        jax.ShapeDtypeStruct(targets or predictions, dtype),
    )


def trace(score, *arrays):
    return jax.eval_shape(lambda *a: per_example("loss", score, *a), *arrays)


def mean_square(p, y):
    return jnp.square(p - y).mean(-1)


def gaussian(p, y):
    mean, log_variance = p[:, :1], p[:, 1:]
    return (jnp.square(y - mean) * jnp.exp(-log_variance) + log_variance).mean(-1)


def pinball(p, y):
    error = jnp.broadcast_to(y, p.shape) - p
    return jnp.maximum(0.1 * error, -0.9 * error).mean(-1)


@pytest.mark.parametrize(
    ("score", "message"),
    [
        (optax.squared_error, r"shape \(8,\), a number for each example, got \(8, 2\)"),
        (optax.squared_error, r"reduce the other axes, such as by .mean\(-1\)"),
        (lambda p, y: jnp.mean(p - y), r"got \(\); leave the batch's axis"),
        (lambda p, y: (p - y).mean(0), r"got \(2,\); the batch is the first axis"),
        (lambda p, y: (p > y).sum(-1), "`loss` must return float numbers, got int32"),
        (lambda p, y: (p - y)[:, 0] * 1j, "return float numbers, got complex64"),
        (lambda p, y: None, r"shape \(8,\).* got NoneType"),
        (lambda p, y: p @ y, r"`loss` must take .*float32\(8, 2\).* got dot_general"),
        (lambda p: p, "`loss` must take predictions .* got .*takes 1 positional"),
        (lambda p, y: p[:, 0] if p.any() else y[:, 0], "got Attempted boolean conv"),
    ],
)
def test_what_a_loss_must_not_return(score, message):
    with pytest.raises(sc.UserError, match=message):
        trace(score, *shapes((8, 2)))


@pytest.mark.parametrize(
    ("predictions", "targets"),
    [((8, 2), (8, 1)), ((8, 1), (8, 2)), ((8, 1), (8,)), ((8,), (8, 1))],
)
def test_shapes_that_would_be_repeated(predictions, targets):
    with pytest.raises(sc.UserError, match="of one shape, got .* and .* repeat along"):
        trace(mean_square, *shapes(predictions, targets))


@pytest.mark.parametrize(
    ("score", "arrays"),
    [
        (mean_square, shapes((8, 3))),
        (gaussian, shapes((8, 2), (8, 1))),
        (pinball, shapes((8, 3), (8, 1))),
        (lambda p, y: p[:, 0] * y.squeeze(-1), shapes((8, 3), (8, 1))),
        (
            optax.softmax_cross_entropy_with_integer_labels,
            shapes((8, 3), (8,), jnp.int32),
        ),
        (sc.losses.accuracy, shapes((8, 1))),
    ],
)
def test_what_a_loss_may_be(score, arrays):
    assert trace(score, *arrays).shape == (8,)


@pytest.mark.parametrize(
    "loss", [sc.losses.accuracy, lambda p, y: jnp.round(p[:, 0]) - y[:, 0]]
)
def test_a_loss_without_gradient(loss):
    with pytest.raises(sc.UserError, match="`loss` must have a gradient with respect"):
        jax.jit(lambda *arrays: check_gradient(loss, *arrays)).lower(*shapes((8, 1)))


@pytest.mark.parametrize(
    "loss", [mean_square, sc.losses.mae, lambda p, y: -p.mean(-1), lambda p, y: p[:, 0]]
)
def test_a_loss_with_a_gradient_even_a_constant_one(loss):
    jax.jit(lambda *arrays: check_gradient(loss, *arrays)).lower(*shapes((8, 1)))


def test_a_step_names_the_score_while_it_is_traced():
    tx, data = optax.sgd(0.1), task()
    batch = sc.train.gather(sc.train.put_on_device(data), jnp.arange(4))
    state = sc.train.TrainState(jnp.int32(0), params(), tx.init(params()))
    key = jax.random.key(0)
    step = sc.train.make_step(Mean(), tx, optax.squared_error)
    with pytest.raises(sc.UserError, match=r"`loss` must return shape \(4,\)"):
        jax.eval_shape(step, state, batch, key)
    step = sc.train.make_step(Mean(), tx, mean_square, {"sq": optax.squared_error})
    with pytest.raises(sc.UserError, match=r"`sq` must return shape \(4,\)"):
        jax.eval_shape(step, state, batch, key)
    with pytest.raises(sc.UserError, match=r"`sq` must return shape \(3,\)"):
        scores = {"sq": optax.squared_error}
        sc.train.evaluate(Mean(), params(), data, np.arange(3), scores)


@pytest.mark.parametrize(
    "name",
    [
        *("loss", "epoch", "step", "seconds", "examples_per_second", "examples"),
        *("gradient_norm", "learning_rate", "val_loss", "val_mae"),
        *("", "a b", "mae/2", None, 3),
    ],
)
def test_names_that_a_metric_may_not_have(name):
    with pytest.raises(sc.UserError, match="`metrics` must "):
        sc.train.make_step(Mean(), optax.sgd(0.1), sc.losses.mae, {name: sc.losses.mae})


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        (["mae"], r"`metrics` must be functions by name, .* got \['mae'\]"),
        (sc.losses.mae, "`metrics` must be functions by name, .* got <function mae"),
        ({"mae": "mae"}, r"`metrics\['mae'\]` must be a function of predictions"),
        ({"mae": dict}, r"`metrics\['mae'\]` must be a function of predictions"),
    ],
)
def test_metrics_that_are_none(metrics, message):
    with pytest.raises(sc.UserError, match=message):
        sc.train.make_step(Mean(), optax.sgd(0.1), sc.losses.mae, metrics)


def test_a_loss_that_is_no_function():
    with pytest.raises(sc.UserError, match="`loss` must be a function .* got 'mae'"):
        sc.train.make_step(Mean(), optax.sgd(0.1), "mae")  # pyright: ignore
