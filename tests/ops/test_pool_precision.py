import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numerics import (
    assert_close,
    normal,
    value_and_gradients,
)
from pool_cases import GLOBAL, MASK, POOLS

from seqconv_jax.ops import (
    avg_pool,
    global_avg_pool,
)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("pool", POOLS)
def test_half_precision_stays_near_float32(pool, dtype, masked):
    x, mask = normal(5, 11, 2), MASK if masked else None
    ours, oracle = POOLS[pool]
    y, (gradient,) = value_and_gradients(
        functools.partial(ours, window=3, mask=mask), jnp.asarray(x, dtype)
    )
    assert y.dtype == gradient.dtype == dtype
    assert np.isfinite(np.float32(gradient)).all()
    assert_close(y, oracle(x, 3, mask=mask))
    run, oracle = GLOBAL[pool]
    y = run(jnp.asarray(x, dtype), mask=mask)
    assert y.dtype == dtype
    assert_close(y, oracle(x, mask=mask))


AVERAGES = {
    "windows": lambda x, mask: avg_pool(x, x.shape[1], mask=mask),
    "global": lambda x, mask: global_avg_pool(x, mask=mask),
}


@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize("masked", [False, True])
def test_average_of_large_float16_does_not_overflow(average, masked):
    x = jnp.full((1, 8, 1), 6e4, jnp.float16)
    mask = jnp.ones((1, 8), bool) if masked else None
    assert float(jax.jit(AVERAGES[average])(x, mask).squeeze()) == 6e4


@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize("masked", [False, True])
def test_average_of_bfloat16_loses_no_small_terms(average, masked):
    x = jnp.array([256.0] + [1.0] * 63, jnp.bfloat16).reshape(1, 64, 1)
    mask = jnp.ones((1, 64), bool) if masked else None
    got = float(jax.jit(AVERAGES[average])(x, mask).squeeze())
    assert got == pytest.approx((256 + 63) / 64, rel=4e-3)
