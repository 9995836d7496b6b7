"""The mean of a series whose neighbours are alike: how far it can be trusted."""

import math
from typing import NamedTuple

import numpy as np

from seqconv_jax._checks import UserError, expect, non_negative_int, positive_int
from seqconv_jax.comparison.intervals import (
    Interval,
    check_confidence,
    expanded_percentiles,
)

__all__ = ["BlockBootstrap", "automatic_block", "block_bootstrap"]

_AT_ONCE = 2**22  # numbers
_MOST_BLOCKS = 4096


class BlockBootstrap(NamedTuple):
    """What a block bootstrap found.

    Attributes:
        interval: of the mean.
        block: how many values a block had.
    """

    interval: Interval
    block: int


def block_bootstrap(
    values: np.ndarray,
    *,
    block: int | None = None,
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> BlockBootstrap:
    """Return the interval of a mean by the circular block bootstrap.

    Stretches of neighbours are drawn, not values, so that what neighbours have in
    common stays: the errors of forecasts of overlapping windows are alike, and as many
    values as there are tell far less than as many apart. The last value has the first
    behind it, so that all are drawn alike.

    The percentiles are those of Student's distribution with as many degrees of freedom
    as there are blocks, less one (see `intervals.expanded_percentiles`): few blocks
    make an honest, wide interval.

    Args:
        values: `(n,)`, in the order of time; such as the differences of two models'
            errors.
        block: how many values a block has; 1 for values that have nothing in common;
            None for `automatic_block`. At most half of the values. Of a very long
            series blocks are longer, so that there are at most 4,096.
        confidence: of the interval.
        resamples: how often as many values are drawn.
        seed: of the draws.

    Raises:
        UserError: for fewer than two values, and for NaN or infinity.

    Reference:
        D. Politis and J. Romano, "A circular block-resampling procedure for stationary
        data", in Exploring the Limits of Bootstrap, Wiley (1992).

    Example:
        >>> wave = np.sin(np.arange(400) / 20)
        >>> apart = block_bootstrap(wave, block=1).interval
        >>> found = block_bootstrap(wave)
        >>> found.block > 20, found.interval.high > 2 * apart.high
        (True, True)
    """
    values = _series(values)
    check_confidence(confidence)
    positive_int("resamples", resamples)
    non_negative_int("seed", seed)
    count = len(values)
    if block is None:
        block = automatic_block(values)
    block = max(positive_int("block", block), math.ceil(count / _MOST_BLOCKS))
    block = min(block, count // 2)
    mean = float(values.mean())
    blocks = _means_of_blocks(values - mean, block)
    drawn = _means_of_draws(blocks, math.ceil(count / block), resamples, seed)
    # As many values as there are make a number of blocks that is no whole one.
    whole = count / block
    drawn *= math.sqrt(math.ceil(whole) / whole * whole / (whole - 1))
    interval = expanded_percentiles(mean + drawn, whole - 1, confidence)
    return BlockBootstrap(interval, block)


def automatic_block(values: np.ndarray) -> int:
    r"""Return the length of blocks that suits how long a series remembers.

    $\left(\frac{3 G^2}{2 g^2}\right)^{1/3} n^{1/3}$ with $g = \sum \lambda R(k)$ and
    $G = \sum \lambda |k| R(k)$, the autocovariances $R(k)$ tapered by a flat-top
    window $\lambda$ up to twice the lag behind which they are noise; at most
    $3 \sqrt n$ and $n / 3$.

    Args:
        values: `(n,)`.

    Reference:
        D. Politis and H. White, "Automatic Block-Length Selection for the Dependent
        Bootstrap", Econometric Reviews 23 (2004); corrected with A. Patton, 28 (2009).

    Example:
        >>> noise = np.random.default_rng(0).normal(size=1000)
        >>> automatic_block(noise) <= 4, automatic_block(noise.cumsum()) > 50
        (True, True)
    """
    values = _series(values)
    count = len(values)
    most = math.ceil(min(3 * math.sqrt(count), count / 3))
    run = max(5, math.ceil(math.sqrt(math.log10(count))))
    lags = min(math.ceil(math.sqrt(count)) + run, count - 1)
    covariance = _autocovariance(values, lags)
    if covariance[0] <= 0:
        return 1
    noise = 2 * math.sqrt(math.log10(count) / count)
    large = np.abs(covariance[1:]) >= noise * covariance[0]
    memory = _last_before_quiet(large, run)
    reach = min(2 * max(memory, 1), lags)
    k = np.arange(1, reach + 1)
    tapered = np.minimum(1, 2 * (1 - k / reach)) * covariance[1 : reach + 1]
    spectrum = covariance[0] + 2 * tapered.sum()
    slope = 2 * (k * tapered).sum()
    if abs(spectrum) < 1e-12 * covariance[0]:
        return most
    block = (1.5 * (slope / spectrum) ** 2 * count) ** (1 / 3)
    return max(1, min(math.ceil(block), most))


def _series(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, np.float64)
    if values.ndim != 1 or len(values) < 2:
        raise UserError(
            f"`values` must have shape (n,) with n of at least 2, got {values.shape}"
        )
    expect(bool(np.isfinite(values).all()), "values", "finite", "NaN or infinity")
    return values


def _means_of_blocks(centred: np.ndarray, block: int) -> np.ndarray:
    """Return `(n,)`: the mean of the block that begins at each value."""
    circle = np.concatenate([[0.0], centred, centred[: block - 1]])
    sums = np.cumsum(circle)
    return (sums[block:] - sums[:-block]) / block


def _means_of_draws(
    blocks: np.ndarray, each: int, resamples: int, seed: int
) -> np.ndarray:
    """Return `(resamples,)` means of `each` blocks; a part at a time is drawn."""
    rng = np.random.default_rng(seed)
    means = np.empty(resamples)
    size = max(1, _AT_ONCE // each)
    for at in range(0, resamples, size):
        part = means[at : at + size]
        starts = rng.integers(len(blocks), size=(len(part), each), dtype=np.int32)
        part[:] = blocks[starts].mean(axis=1)
    return means


def _autocovariance(values: np.ndarray, lags: int) -> np.ndarray:
    """Return `(lags + 1,)`: the sums of products over n, from lag 0."""
    centred = values - values.mean()
    size = 2 ** math.ceil(math.log2(len(values) + lags + 1))
    power = np.abs(np.fft.rfft(centred, size)) ** 2
    return np.fft.irfft(power, size)[: lags + 1] / len(values)


def _last_before_quiet(large: np.ndarray, run: int) -> int:
    """Return the lag behind which `run` autocorrelations are none.

    >>> _last_before_quiet(np.array([True, False, True, False, False, True]), 2)
    3
    """
    for lag in range(len(large) - run + 1):
        if not large[lag : lag + run].any():
            return lag
    return int(np.flatnonzero(large)[-1]) + 1 if large.any() else 0
