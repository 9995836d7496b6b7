import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from numerics import (
    assert_close,
    assert_same_bits,
    normal,
    quick_jit,
    value_and_gradients,
    with_gradients,
)

from seqconv_jax.ops import global_max_pool
from seqconv_jax.ops.max_over_time import max_over_time, max_over_time_reference

TIES = np.array([[[1.0, 2.0], [1.0, 0.0], [0.0, 2.0], [1.0, 2.0]]], np.float32)


@pytest.mark.parametrize("x", [normal(3, 9, 4), TIES, np.round(normal(4, 30, 2))])
def test_equals_the_plain_maximum_to_the_bit(x):
    got = value_and_gradients(max_over_time, x)
    expected = value_and_gradients(max_over_time_reference, x)
    for a, b in zip(*map(jax.tree.leaves, (got, expected)), strict=True):
        assert_same_bits(a, b)


def test_gradient(x64):
    check_grads(max_over_time, (normal(2, 7, 3, dtype="float64"),), 2, ["rev"])


def test_under_vmap_and_without_examples():
    x = normal(2, 3, 9, 4)
    got = jax.vmap(jax.grad(lambda x: max_over_time(x).sum()))(x)
    expected = jax.vmap(jax.grad(lambda x: max_over_time_reference(x).sum()))(x)
    assert_same_bits(got, expected)
    assert max_over_time(jnp.zeros((0, 5, 2))).shape == (0, 2)


def normalised(x, scale):
    """A layer norm: cheap enough for XLA to compute it once for each of its readers."""
    mean = x.mean(-1, keepdims=True)
    variance = jnp.square(x - mean).mean(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + 1e-3) * scale


@pytest.mark.parametrize("compile", [quick_jit, jax.jit], ids=["quickly", "as usual"])
@pytest.mark.parametrize("masked", [False, True])
def test_the_steps_of_cheap_inputs_are_found_again(compile, masked):
    x, kernel = normal(4, 60, 6), normal(6, 8, seed=1)
    scale = 1 + normal(1, 1, 8, seed=2) / 10
    mask = jnp.arange(60)[None] < jnp.array([[60], [40], [7], [1]]) if masked else None

    def pooled(x, kernel, scale):
        return global_max_pool(normalised(x @ kernel, scale), mask=mask)

    got = compile(with_gradients(pooled))(x, kernel, scale)
    with jax.disable_jit():
        expected = with_gradients(pooled)(x, kernel, scale)
    assert_close(got, expected, 2e-5)
