"""Normalisation against its formula and Keras, and where its averages are kept."""

from typing import Any

import jax
import jax.numpy as jnp
import keras
import keras_reference
import numpy as np
import pytest
from flax import errors
from numerics import (
    assert_close,
    assert_same_bits,
    drawn,
    normal,
    quick_jit,
    value_and_gradients,
    weighted_sum,
)

from seqconv_jax import nn

KEY = jax.random.key(0)
X = 2 * normal(4, 6, 3) + np.float32(1)
MASK: Any = np.arange(6) < np.array([[6], [4], [1], [0]])
SCALE, SHIFT = normal(3, seed=1), normal(3, seed=2)
PARAMS = {"scale": SCALE, "bias": SHIFT}
MEAN, VAR = normal(3, seed=3), np.abs(normal(3, seed=4)) + np.float32(0.5)
STATS = {"mean": MEAN, "var": VAR}


def normalised(x, mean, variance, epsilon):
    """Return the formula, in float64."""
    x, mean, variance = (np.asarray(each, np.float64) for each in (x, mean, variance))
    return (x - mean) / np.sqrt(variance + epsilon)


@pytest.mark.parametrize("shape", [(5, 3), (4, 6, 3)])
@pytest.mark.parametrize("epsilon", [1e-3, 0.5])
def test_layer_norm_is_its_formula(shape, epsilon):
    x = 2 * normal(*shape) + np.float32(1)
    plain = normalised(x, x.mean(-1, keepdims=True), x.var(-1, keepdims=True), epsilon)
    for use_scale, use_bias in [(True, True), (True, False), (False, False)]:
        layer = nn.LayerNorm(epsilon, use_scale, use_bias)
        names = ["scale"] * use_scale + ["bias"] * use_bias
        params = {name: PARAMS[name] for name in names}
        shapes = jax.eval_shape(layer.init, KEY, x).get("params", {})
        assert jax.tree.map(jnp.shape, shapes) == {name: (3,) for name in params}
        expected = plain * (SCALE if use_scale else 1) + (SHIFT if use_bias else 0)
        assert_close(layer.apply({"params": params}, x), expected)


def test_layer_norm_far_from_zero_and_of_a_constant():
    layer = nn.LayerNorm(use_scale=False, use_bias=False)
    x = np.float32(1e4) + normal(2, 5, 8)
    expected = normalised(x, x.mean(-1, keepdims=True), x.var(-1, keepdims=True), 1e-3)
    assert_close(layer.apply({}, x), expected, 2e-2)
    assert_same_bits(
        layer.apply({}, jnp.full((2, 3), 7.0)), np.zeros((2, 3), np.float32)
    )


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16])
def test_half_precision_is_normalised_in_single(dtype):
    x = jnp.asarray(X, dtype)
    for layer, variables in [
        (nn.LayerNorm(), {"params": PARAMS}),
        (nn.BatchNorm(), {"params": PARAMS, "batch_stats": STATS}),
    ]:
        y: Any = layer.apply(variables, x)
        wide = layer.apply(variables, x.astype(jnp.float32))
        assert y.dtype == dtype
        assert_same_bits(y, jnp.asarray(wide).astype(dtype))


def keras_layer(kind, **options):
    """Build one of Keras's layers over inputs of the shape of `X`."""
    layer = kind(**options)
    with keras_reference.exact():
        layer.build(X.shape)
    return layer


@pytest.mark.parametrize("x", [X, X[:, 0]], ids=["series", "vectors"])
def test_layer_norm_equals_keras_in_values_and_gradients(x):
    theirs = keras_layer(keras.layers.LayerNormalization)

    def ours(weights, x):
        params: Any = dict(zip(("scale", "bias"), weights, strict=True))
        return nn.LayerNorm().apply({"params": params}, x)

    got = value_and_gradients(ours, [SCALE, SHIFT], x)
    expected = keras_reference.value_and_gradients(theirs, [SCALE, SHIFT], x)
    assert_close(got, expected)


@pytest.mark.parametrize("mask", [None, MASK], ids=["no mask", "mask"])
def test_batch_norm_equals_keras_over_several_steps(mask):
    """Values, gradients and averages while training; then the averages in use."""
    layer = nn.BatchNorm(momentum=0.7)
    theirs: Any = keras_layer(keras.layers.BatchNormalization, momentum=0.7)
    options: Any = {} if mask is None else {"mask": jnp.asarray(mask)}
    batches = [X, 3 * X[::-1].copy() - np.float32(2), normal(4, 6, 3, seed=9)]
    counted: Any = 1 if mask is None else mask[:, :, None].astype(np.float32)

    @quick_jit
    def step(params, stats, x):
        def loss(params, x):
            y, new = layer.apply(
                {"params": params, "batch_stats": stats},
                x,
                train=True,
                mutable=["batch_stats"],
                **options,
            )
            return weighted_sum(y * counted), (y, new["batch_stats"])

        return jax.grad(loss, (0, 1), has_aux=True)(params, x)

    @quick_jit
    def keras_step(weights, stats, x):
        def loss(weights, x):
            y, new = theirs.stateless_call(weights, stats, x, training=True, **options)
            return weighted_sum(y * counted), (y, new)

        return jax.grad(loss, (0, 1), has_aux=True)(weights, x)

    stats, averages = STATS, [MEAN, VAR]
    for x in batches:
        (d_params, d_x), (y, stats) = step(PARAMS, stats, x)
        with keras_reference.exact():
            (d_weights, d_x_), (y_, averages) = keras_step([SCALE, SHIFT], averages, x)
        assert_close(y * counted, y_ * counted)
        assert_close([d_params["scale"], d_params["bias"]], d_weights)
        assert_close(d_x, d_x_)
        assert_close([stats["mean"], stats["var"]], averages)
    y = layer.apply({"params": PARAMS, "batch_stats": stats}, X)
    expected = normalised(X, stats["mean"], stats["var"], 1e-3) * SCALE + SHIFT
    assert_close(y, expected)


def test_averages_of_real_steps_alone():
    layer, stats = nn.BatchNorm(momentum=0.0), {"mean": np.zeros(3), "var": np.ones(3)}
    stats = jax.tree.map(jnp.float32, stats)
    spoilt = np.where(MASK[:, :, None], X, np.float32(np.nan))
    y, new = layer.apply(
        {"params": PARAMS, "batch_stats": stats},
        spoilt,
        mask=jnp.asarray(MASK),
        train=True,
        mutable=["batch_stats"],
    )
    real = X[MASK]
    assert_close(new["batch_stats"]["mean"], real.mean(0))
    assert_close(new["batch_stats"]["var"], real.var(0))
    assert np.all(np.isfinite(y))
    # A batch without a real step still gives numbers.
    nothing = {"mask": jnp.zeros((4, 6), bool), "train": True}
    y, new = layer.apply(
        {"params": PARAMS, "batch_stats": stats}, spoilt, mutable=True, **nothing
    )
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves((y, new)))


def test_vectors_are_normalised_over_the_batch():
    layer, x = nn.BatchNorm(momentum=0.9), X[:, 0]
    variables = layer.init(KEY, x)
    y, new = layer.apply(variables, x, train=True, mutable=["batch_stats"])
    assert_close(y, normalised(x, x.mean(0), x.var(0), 1e-3))
    assert_close(new["batch_stats"]["mean"], 0.1 * x.mean(0))
    assert_close(new["batch_stats"]["var"], 0.9 + 0.1 * x.var(0))


def test_averages_begin_at_zero_and_one_whatever_is_initialised_with():
    model = nn.Sequential((nn.Conv1D(4, 3), nn.BatchNorm(), nn.GlobalMaxPool1D()))
    for train in (False, True):
        stats = model.init(KEY, X, train=train)["batch_stats"]
        assert list(stats) == ["layers_1"]
        assert_same_bits(stats["layers_1"]["mean"], np.zeros(4, np.float32))
        assert_same_bits(stats["layers_1"]["var"], np.ones(4, np.float32))


def test_averages_change_only_while_training_and_where_they_may():
    model = nn.Sequential((nn.Dense(4), nn.BatchNorm(), nn.Dense(1)))
    variables = drawn(model, X)
    variables = {
        **variables,
        "batch_stats": jax.tree.map(jnp.abs, variables["batch_stats"]),
    }
    y, new = model.apply(variables, X, mutable=["batch_stats"])
    assert_same_bits(y, model.apply(variables, X))
    for kind in ("mean", "var"):
        before, after = (v["batch_stats"]["layers_1"][kind] for v in (variables, new))
        assert_same_bits(after, before)
    with pytest.raises(errors.ModifyScopeVariableError):
        model.apply(variables, X, train=True)
    y, new = model.apply(variables, X, train=True, mutable=["batch_stats"])
    assert list(new) == ["batch_stats"]
    assert np.any(y != model.apply(variables, X))
    assert np.any(new["batch_stats"]["layers_1"]["mean"] != before)


def test_no_gradient_flows_into_the_averages_kept():
    layer, stats = nn.BatchNorm(), STATS

    def kept(x):
        variables = {"params": PARAMS, "batch_stats": stats}
        _, new = layer.apply(variables, x, train=True, mutable=["batch_stats"])
        return sum(jnp.sum(leaf) for leaf in jax.tree.leaves(new))

    assert np.all(np.asarray(jax.grad(kept)(jnp.asarray(X))) == 0)
