"""That it finds the steps again behind a layer norm: tests/test_keras_training.py."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from numerics import assert_same_bits, normal, value_and_gradients

from seqconv_jax.ops.max_over_time import max_over_time, max_over_time_reference

TIES = np.array([[[1.0, 2.0], [1.0, 0.0], [0.0, 2.0], [1.0, 2.0]]], np.float32)


@pytest.mark.parametrize("x", [normal(3, 9, 4), TIES, np.round(normal(4, 30, 2))])
def test_equals_the_plain_maximum_to_the_bit(x):
    got = value_and_gradients(max_over_time, x)
    expected = value_and_gradients(max_over_time_reference, x)
    for a, b in zip(*map(jax.tree.leaves, (got, expected)), strict=True):
        assert_same_bits(a, b)


def test_another_device_gives_the_same(monkeypatch):
    x = normal(3, 9, 4)
    expected = value_and_gradients(max_over_time_reference, x)
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    program = jax.make_jaxpr(jax.grad(lambda x: max_over_time(x).sum()))(x)
    assert "optimization_barrier" in str(program) and "cond" not in str(program)
    got = value_and_gradients(max_over_time, x)
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
