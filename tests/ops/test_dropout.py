import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from numerics import assert_close, assert_same_bits, normal

from seqconv_jax import UserError
from seqconv_jax.ops import dropout, dropout_mask, keep_some

KEY = jax.random.key(0)
BAD_RATES = [1.0, 1, 1.5, -0.1, float("nan"), float("inf"), True, "0.5", None]


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_mask_has_two_values_and_mean_one(rate):
    mask = np.asarray(dropout_mask(KEY, rate, (200, 250)))
    assert mask.dtype == np.float32
    assert np.unique(mask).tolist() == [0.0, np.float32(1 / (1 - rate))]
    # Five standard deviations of the fraction of 50,000 draws.
    spread = 5 * np.sqrt(rate * (1 - rate) / mask.size)
    assert np.mean(mask == 0) == pytest.approx(rate, abs=spread)
    rows = np.mean(mask == 0, axis=1)
    assert np.std(rows) == pytest.approx(np.sqrt(rate * (1 - rate) / 250), rel=0.3)


def test_mask_is_a_function_of_its_key():
    again, other = (dropout_mask(k, 0.5, (64,)) for k in (KEY, jax.random.key(1)))
    assert_same_bits(dropout_mask(KEY, 0.5, (64,)), again)
    assert np.any(again != other)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_types_are_kept(dtype):
    assert dropout_mask(KEY, 0.5, (3,), dtype).dtype == dtype
    assert dropout(jnp.ones(3, dtype), KEY, 0.5).dtype == dtype


def test_every_value_is_dropped_or_scaled():
    x = normal(8, 9, 3)
    y = np.asarray(jax.jit(dropout, static_argnums=2)(x, KEY, 0.25))
    kept = y != 0
    assert 0.1 < np.mean(~kept) < 0.4
    assert_close(y[kept], x[kept] / 0.75)
    assert np.any(kept.any(axis=1) & ~kept.all(axis=1))  # Not the same at all steps.


def test_time_constant_drops_whole_channels():
    x = jnp.ones((16, 9, 8))
    y = np.asarray(dropout(x, KEY, 0.5, time_constant=True))
    assert_same_bits(y, np.broadcast_to(y[:, :1], y.shape).copy())
    assert sorted(set(y.ravel().tolist())) == [0.0, 2.0]
    assert np.std(y[:, 0], axis=0).all() and np.std(y[:, 0], axis=1).any()


@pytest.mark.parametrize("rate", [0, 0.0, -0.0, np.float64(0)])
def test_rate_zero_is_the_identity(rate):
    x = jnp.array([1.0, jnp.nan, -jnp.inf])
    assert dropout(x, KEY, rate) is x
    assert dropout_mask(KEY, rate, (4,)).tolist() == [1.0] * 4


def test_derivative_is_the_mask():
    with jax.enable_x64(True):
        x = normal(4, 5, dtype="float64")
        check_grads(lambda x: dropout(x, KEY, 0.5), (x,), order=1, modes=["rev"])


def test_vmap_over_keys_equals_one_after_the_other():
    keys, x = jax.random.split(KEY, 3), normal(4, 5)
    got = jax.vmap(lambda key: dropout(x, key, 0.5))(keys)
    assert_same_bits(got, np.stack([dropout(x, key, 0.5) for key in keys]))


@pytest.mark.parametrize("rate", BAD_RATES, ids=repr)
def test_rates_outside_their_range_raise(rate):
    message = r"`rate` must be a number in \[0, 1\), got "
    with pytest.raises(UserError, match=message):
        dropout(jnp.ones(3), KEY, rate)
    with pytest.raises(UserError, match=message):
        dropout_mask(KEY, rate, (3,))


def test_time_constant_needs_three_axes():
    with pytest.raises(UserError, match=r"`x` must have shape \(batch, time, features"):
        dropout(jnp.ones((2, 3)), KEY, 0.5, time_constant=True)


def test_some_are_kept_of_every_column():
    kept = np.asarray(keep_some(jax.random.key(0), 0.5, (3, 4000)))
    assert set(np.unique(kept)) == {0, 1} and kept.any(axis=0).all()
    # of 8 outcomes the one without any is shared out among those of one
    expected = {1: (3 + 1) / 8, 2: 3 / 8, 3: 1 / 8}
    for count, rate in expected.items():
        assert abs((kept.sum(axis=0) == count).mean() - rate) < 0.03
    assert np.ptp(kept.mean(axis=1)) < 0.03
    assert keep_some(jax.random.key(0), 0.0, (2, 5)).all()
