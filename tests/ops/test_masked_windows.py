"""Padding changes nothing: windows over masked sequences are those of the bare ones."""

import functools

import masked_oracles
import numpy as np
import oracles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numerics import (
    assert_close,
    normal,
    quick_jit,
)
from window_cases import (
    CONVOLUTIONS,
    FEATURES,
    POOLS,
    SOME,
    TIME,
    WEIGHTS,
    every_padding,
    options,
    spoilt,
)

from seqconv_jax.ops import (
    conv1d,
    global_avg_pool,
    global_max_pool,
    masked_avg_pool,
    masked_conv1d,
    masked_max_pool,
    window_mask,
)


@functools.partial(quick_jit, static_argnames="geometry")
def convolved(x, mask, geometry):
    size, windows = options(geometry)
    y = masked_conv1d(x, WEIGHTS[size], mask=mask, **windows)
    counts = window_mask(mask, size, **windows)
    return y, counts, global_max_pool(y, mask=counts), global_avg_pool(y, mask=counts)


@functools.partial(quick_jit, static_argnames="geometry")
def pooled(x, mask, geometry):
    size, windows = options(geometry)
    return (
        masked_max_pool(x, size, mask=mask, **windows),
        masked_avg_pool(x, size, mask=mask, **windows),
        window_mask(mask, size, **windows),
    )


def assert_equal_where_counted(got, counts, expected):
    assert got.shape == expected.shape and np.isfinite(got).all()
    counted = np.asarray(counts)[:, :, None]
    assert_close(np.where(counted, got, 0), np.where(counted, expected, 0), 1e-5)


def check_convolution(mask, geometry):
    size, windows = options(geometry)
    x = normal(*mask.shape, FEATURES)
    y, counts, most, mean = convolved(spoilt(x, mask), mask, geometry)
    assert counts.tolist() == masked_oracles.window_mask(mask, size, **windows).tolist()
    expected = masked_oracles.masked_conv1d(x, WEIGHTS[size], mask, **windows)
    assert_equal_where_counted(y, counts, expected)
    assert_close(most, oracles.global_max_pool(expected, mask=counts), 1e-5)
    assert_close(mean, oracles.global_avg_pool(expected, mask=counts), 1e-5)


def check_pools(mask, geometry):
    size, windows = options(geometry)
    x = normal(*mask.shape, FEATURES)
    *both, counts = pooled(spoilt(x, mask), mask, geometry)
    assert counts.tolist() == masked_oracles.window_mask(mask, size, **windows).tolist()
    for y, reduce in zip(both, (np.max, np.mean), strict=True):
        expected = masked_oracles.masked_pool(reduce, x, size, mask, **windows)
        assert_equal_where_counted(y, counts, expected)


@pytest.mark.parametrize("geometry", CONVOLUTIONS)
def test_every_padding_equals_the_bare_sequence(geometry):
    check_convolution(every_padding(), geometry)


@pytest.mark.parametrize("geometry", POOLS)
def test_every_padding_of_a_pool_equals_the_bare_sequence(geometry):
    check_pools(every_padding(), geometry)


masks = st.lists(
    st.lists(st.booleans(), min_size=TIME, max_size=TIME), min_size=4, max_size=4
)


@given(mask=masks, geometry=st.sampled_from(CONVOLUTIONS))
def test_holes_count_as_zeros(mask, geometry):
    check_convolution(np.array(mask), geometry)


@given(mask=masks, geometry=st.sampled_from(POOLS))
def test_holes_do_not_count_in_a_pool(mask, geometry):
    check_pools(np.array(mask), geometry)


@pytest.mark.parametrize("geometry", SOME)
@settings(max_examples=8)
@given(first=st.integers(0, 4), behind=st.integers(0, 4), holes=st.booleans())
def test_the_bare_sequence_alone_gives_the_same(geometry, first, behind, holes):
    """Compare with the unmasked convolution of an array without padding."""
    size, windows = options(geometry)
    length = TIME - first - behind
    bare = normal(1, length, FEATURES, seed=length)
    real = np.ones((1, length), bool)
    real[0, 1 : 2 * holes] = False
    bare = np.where(real[:, :, None], bare, 0)
    sides = ((0, 0), (first, behind))
    padded = np.pad(bare, (*sides, (0, 0)), constant_values=np.nan)
    mask = np.pad(real, sides)
    y, counts, *_ = convolved(padded, mask, geometry)
    needed = (size - 1) * windows["dilation"] + 1
    if windows["padding"] == "valid" and length < needed:
        bare = np.pad(bare, ((0, 0), (0, needed - length), (0, 0)))
    alone = np.asarray(quick_conv1d(bare, WEIGHTS[size], **windows))[0]
    stays = windows["stride"] == 1 and (windows["padding"] != "valid" or size == 1)
    place = first if stays else 0
    got, counted = (np.asarray(a)[0, place : place + len(alone)] for a in (y, counts))
    assert np.sum(counts) == np.sum(counted) > 0
    assert_close(got[counted], alone[counted], 1e-5)
    assert holes or counted.all()


quick_conv1d = quick_jit(conv1d, static_argnames=("stride", "padding", "dilation"))
