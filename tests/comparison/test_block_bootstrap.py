"""The block bootstrap holds the mean of a series whose neighbours are alike."""

import numpy as np
import pytest
from scipy.signal import lfilter

from seqconv_jax import UserError
from seqconv_jax.comparison import automatic_block, block_bootstrap


def autoregressive(rng, rows, memory):
    noise = rng.normal(size=rows + 200)
    return np.asarray(lfilter([1.0], [1.0, -memory], noise))[200:]


def test_blocks_hold_the_mean_where_values_apart_do_not():
    rng, held, trials = np.random.default_rng(0), np.zeros(2), 200
    for _ in range(trials):
        series = autoregressive(rng, 500, 0.7)
        for place, block in enumerate((None, 1)):
            found = block_bootstrap(series, block=block, resamples=500)
            held[place] += not found.interval.excludes_zero
    of_blocks, apart = held / trials
    assert 0.9 <= of_blocks <= 0.99
    assert apart < 0.7


def test_values_that_have_nothing_in_common_have_the_usual_interval():
    values = np.random.default_rng(0).normal(3.0, size=2000)
    half = 1.96 * values.std(ddof=1) / np.sqrt(2000)
    found = block_bootstrap(values, block=1)
    assert found.block == 1
    assert found.interval.low == pytest.approx(values.mean() - half, abs=0.05 * half)
    assert found.interval.high == pytest.approx(values.mean() + half, abs=0.05 * half)


@pytest.mark.parametrize("memory", [0.5, 0.8])
def test_the_automatic_block_is_that_of_theory(memory):
    """For an autoregression G / g = 2 memory / (1 - memory^2)."""
    rng = np.random.default_rng(1)
    found = [automatic_block(autoregressive(rng, 4000, memory)) for _ in range(15)]
    theory = (1.5 * (2 * memory / (1 - memory**2)) ** 2 * 4000) ** (1 / 3)
    assert np.median(found) == pytest.approx(theory, rel=0.25)


def test_long_series_take_longer_blocks_and_short_ones_half():
    values = np.random.default_rng(0).normal(size=100_000)
    long = block_bootstrap(values, block=1, resamples=200)
    assert long.block == 25
    width = long.interval.high - long.interval.low
    assert width == pytest.approx(2 * 1.96 / np.sqrt(100_000), rel=0.15)
    assert block_bootstrap(values[:9], block=100).block == 4


def test_the_same_draws_the_same_and_scales():
    values = np.arange(50.0) % 7
    found = block_bootstrap(values, block=5, resamples=300)
    assert block_bootstrap(values, block=5, resamples=300) == found
    assert block_bootstrap(values, block=5, resamples=300, seed=1) != found
    turned = -block_bootstrap(-values, block=5, resamples=300).interval
    assert turned.low == pytest.approx(found.interval.low)
    level = block_bootstrap(np.full(50, 0.25)).interval
    assert (level.low, level.high) == (0.25, 0.25)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0], r"`values` must have shape \(n,\) with n of at least 2"),
        ([[1.0, 2.0]], r"got \(1, 2\)"),
        ([1.0, np.nan, 2.0], "`values` must be finite"),
    ],
)
def test_what_is_no_series(values, message):
    with pytest.raises(UserError, match=message):
        block_bootstrap(np.array(values))
