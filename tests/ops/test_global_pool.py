import functools

import jax
import jax.numpy as jnp
import keras
import keras_reference
import numpy as np
import pytest
from jax.test_util import check_grads
from numerics import (
    assert_close,
    normal,
    value_and_gradients,
)
from pool_cases import GLOBAL, MASK

from seqconv_jax import UserError
from seqconv_jax.ops import (
    global_avg_pool,
    global_max_pool,
)


@pytest.mark.parametrize("pool", GLOBAL)
@pytest.mark.parametrize("mask", [None, MASK], ids=["unmasked", "masked"])
def test_global_equals_the_formula(pool, mask):
    ours, oracle = GLOBAL[pool]
    x = normal(5, 11, 2) - 3
    assert_close(ours(x, mask=mask), oracle(x, mask=mask))


def test_global_average_with_a_mask_equals_keras():
    layer, x = keras.layers.GlobalAveragePooling1D(), normal(4, 11, 2)
    mask = MASK[:4]  # Keras divides by zero in a row of padding.
    expected = keras_reference.apply(layer, [], x, mask=mask)
    assert_close(global_avg_pool(x, mask=mask), expected)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("pool", GLOBAL)
@pytest.mark.parametrize("mask", [None, MASK], ids=["unmasked", "masked"])
def test_global_derivative_in_float64(pool, mask):
    x = normal(5, 11, 2, dtype="float64")
    run = jax.jit(functools.partial(GLOBAL[pool][0], mask=mask))
    check_grads(run, (x,), order=1, modes=["rev"])


@pytest.mark.parametrize("pool", GLOBAL)
def test_global_over_a_row_of_padding_is_zero_with_zero_gradient(pool):
    x = normal(2, 4, 3) - 5
    mask = jnp.array([[True] * 4, [False] * 4])
    y, (gradient,) = value_and_gradients(
        functools.partial(GLOBAL[pool][0], mask=mask), x
    )
    assert np.all(y[0] != 0) and np.any(gradient[0] != 0)
    assert not np.any(y[1]) and not np.any(gradient[1])


@pytest.mark.parametrize("pool", GLOBAL)
@pytest.mark.parametrize("front", [True, False])
def test_padding_a_sequence_leaves_the_global_pool_alone(pool, front):
    x = normal(2, 6, 3)
    sides = (4, 0) if front else (0, 4)
    padded = jnp.pad(x, ((0, 0), sides, (0, 0)))
    mask = jnp.pad(jnp.ones((2, 6), bool), ((0, 0), sides))
    run = GLOBAL[pool][0]
    assert_close(run(padded, mask=mask), run(x), 1e-6)


@pytest.mark.parametrize("pool", GLOBAL)
def test_global_jit_and_vmap_equal_the_plain_call(pool):
    x, mask = normal(3, 5, 11, 2), np.stack([MASK, ~MASK, MASK[::-1]])
    run = GLOBAL[pool][0]
    plain = np.stack([run(a, mask=m) for a, m in zip(x, mask, strict=True)])
    mapped = jax.jit(jax.vmap(lambda x, mask: run(x, mask=mask)))
    assert_close(mapped(x, mask), plain)


@pytest.mark.parametrize("pool", [global_max_pool, global_avg_pool])
def test_global_wrong_arguments_raise(pool):
    with pytest.raises(UserError, match=r"`x` must have shape .*, got \(4, 5\)"):
        pool(jnp.zeros((4, 5)))
    with pytest.raises(
        UserError, match=r"at least 1 step, features\), got \(1, 0, 2\)"
    ):
        pool(jnp.zeros((1, 0, 2)))
    with pytest.raises(UserError, match=r"`mask` must have shape \(2, 4\), got \(2, 4"):
        pool(jnp.zeros((2, 4, 1)), mask=jnp.ones((2, 4, 1), bool))
