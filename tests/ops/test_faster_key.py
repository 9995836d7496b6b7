"""Keys that give JAX's own bits by a shorter program."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numerics import quick_jit

from seqconv_jax import ops
from seqconv_jax.ops.faster_key import threefry

KEY = jax.random.key(7)


def halves(key):
    return jax.vmap(lambda k: jax.random.uniform(k, (3,)))(jax.random.split(key, 4))


DRAWS = {
    "bits": lambda k: jax.random.bits(k, (3, 5, 7)),
    "scalar": lambda k: jax.random.bits(k),
    "bytes": lambda k: jax.random.bits(k, (9,), jnp.uint8),
    "shorts": lambda k: jax.random.bits(k, (9,), jnp.uint16),
    "nothing": lambda k: jax.random.bits(k, (0, 3)),
    "split": lambda k: jax.random.key_data(jax.random.split(k, (2, 3))),
    "fold_in": lambda k: jax.random.key_data(jax.random.fold_in(k, 2**31)),
    "folded": lambda k: jax.random.bits(jax.random.fold_in(k, 5), (4,)),
    "mapped": halves,
    "bernoulli": lambda k: jax.random.bernoulli(k, 0.3, (2, 9)),
    "normal": lambda k: jax.random.normal(k, (9,), jnp.bfloat16),
    "integers": lambda k: jax.random.randint(k, (4, 4), 0, 1000),
    "permutation": lambda k: jax.random.permutation(k, 1001),
}


@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize("wide", [False, True])
def test_every_bit_is_that_of_jax(name, wide):
    draw = DRAWS[name]
    with jax.enable_x64(wide):
        both = quick_jit(lambda key: (draw(key), draw(ops.faster_key(key))))
        expected, inside = both(KEY)
        for found in (draw(ops.faster_key(KEY)), inside):
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(
                np.asarray(found, np.float64), np.asarray(expected, np.float64)
            )


def test_wide_bits(x64):
    draw = jax.jit(lambda key: jax.random.bits(key, (5,), jnp.uint64))
    np.testing.assert_array_equal(draw(ops.faster_key(KEY)), draw(KEY))


def test_the_hash_is_that_of_its_authors():
    """The vector of Random123's file of known answers whose words are all ones."""
    ones = jnp.full((1,), 2**32 - 1, jnp.uint32)
    high, low = threefry(jnp.full((2,), 2**32 - 1, jnp.uint32), ones, ones)
    assert (int(high[0]), int(low[0])) == (0x1CB996FC, 0xBB002BE7)


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="a CPU's way")
def test_a_mask_is_drawn_once_however_often_it_is_used():
    """Fused into all that use it, a hash would be computed, and compiled, as often."""

    def uses(key):
        mask = jax.random.bits(ops.faster_key(key), (10, 10)).astype(jnp.float32)
        return jnp.sin(mask) @ mask @ jnp.cos(mask), mask.sum(0)

    program = jax.jit(uses).lower(KEY).compile().as_text() or ""
    assert program.count("shift-right-logical(") == 20  # one for each round


def test_other_keys_come_back_as_they_are():
    other = jax.random.key(0, impl="rbg")
    raw = jax.random.PRNGKey(0)
    assert ops.faster_key(other) is other
    assert ops.faster_key(raw) is raw
    once = ops.faster_key(KEY)
    assert ops.faster_key(once) is once
    with jax.threefry_partitionable(False):
        assert ops.faster_key(KEY) is KEY
