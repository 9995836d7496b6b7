import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from numerics import assert_close, normal, value_and_gradients

from seqconv_jax.ops.product import dot, product

ROWS, KERNEL = normal(50, 3), normal(3, 4, seed=1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_and_gradients_equal_the_plain_way(dtype, x64):
    given = ROWS.astype(dtype), KERNEL.astype(dtype)
    expected = value_and_gradients(lambda a, b: a @ b, *given)
    assert_close(value_and_gradients(product, *given), expected)


def test_derivative_in_float64(x64):
    given = [jnp.asarray(a, jnp.float64) for a in (ROWS, KERNEL)]
    check_grads(product, given, 1, modes=["rev"])


@pytest.mark.parametrize("axis_a", [0, 1])
@pytest.mark.parametrize("axis_b", [0, 1])
def test_dot_along_any_axes(axis_a, axis_b):
    a, b = normal(3, 3), normal(3, 3, seed=1)
    expected = np.tensordot(a, b, (axis_a, axis_b))
    assert_close(dot(a, b, axis_a, axis_b), jnp.asarray(expected))


def test_sums_of_halves_are_wide():
    ones = jnp.ones((4_096, 1), jnp.bfloat16)  # in halves the sum would stop at 256
    assert float(dot(ones, ones, 0, 0)[0, 0]) == 4_096


def test_inputs_of_mixed_types():
    half = jnp.asarray(ROWS, jnp.bfloat16)
    y, gradients = value_and_gradients(product, half, KERNEL)
    assert [a.dtype for a in (y, *gradients)] == ["float32", "bfloat16", "float32"]
    assert_close(y, half.astype("float32") @ KERNEL)
