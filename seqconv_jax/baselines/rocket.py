"""Thousands of fixed dilated convolutions, each pooled to how often it is positive."""

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import numpy as np

from seqconv_jax._checks import expect, non_negative_int, positive_int

__all__ = ["KERNELS", "RocketKernels", "dilations_of", "rocket_features"]

_TAPS = 9
# of each kernel the three taps whose weight is 2; that of the others is -1
KERNELS = tuple(combinations(range(_TAPS), 3))
_MOST_DILATIONS = 32
_AT_ONCE = 2**16  # steps of series: what lies in a core's cache


class RocketKernels(NamedTuple):
    """Which channels a kernel sees, and which biases it is compared with.

    Attributes:
        dilations: `(dilations,)` int64.
        biases: for each dilation `(kernels, biases)` float32.
        channels: for each dilation and kernel, the channels whose sum it sees.
    """

    dilations: np.ndarray
    biases: tuple[np.ndarray, ...]
    channels: tuple[tuple[np.ndarray, ...], ...]

    @classmethod
    def of(
        cls, x: np.ndarray, lengths: np.ndarray, *, features: int, seed: int
    ) -> "RocketKernels":
        """Return kernels with biases that are quantiles of training convolutions.

        Args:
            x: `(n, time, channels)` float, 0 behind the end of a series.
            lengths: `(n,)` the steps of each series.
            features: about how many there are to be, at least 84.
            seed: which series the biases come from, and which channels a kernel sees,
                follows from it.
        """
        positive_int("features", features)
        each = features // len(KERNELS)
        expect(each > 0, "features", f"at least {len(KERNELS)}", features)
        key = np.random.default_rng(non_negative_int("seed", seed))
        dilations, counts = dilations_of(int(lengths.max()), each)
        golden = (np.arange(1, each * len(KERNELS) + 1) * (5**0.5 + 1) / 2) % 1
        biases, channels, used = [], [], 0
        for dilation, count in zip(dilations.tolist(), counts.tolist(), strict=True):
            seen = tuple(_some_channels(key, x.shape[2]) for _ in KERNELS)
            rows = key.integers(len(x), size=len(KERNELS))
            table = np.empty((len(KERNELS), count), np.float32)
            for k, taps in enumerate(KERNELS):
                row = rows[k]
                series = x[row : row + 1, : lengths[row]]
                outputs = _convolution(_sum_of(series, seen[k]), taps, dilation)
                table[k] = np.quantile(outputs, golden[used : used + count])
                used += count
            biases.append(table)
            channels.append(seen)
        return cls(dilations, tuple(biases), tuple(channels))


def dilations_of(length: int, each: int) -> tuple[np.ndarray, np.ndarray]:
    """Return dilations, and how many of a kernel's features each of them has.

    They grow from 1 by powers until a kernel spans the series.

    Args:
        length: steps of the longest series.
        each: features of a kernel.

    Example:
        >>> dilations, counts = dilations_of(150, 119)
        >>> dilations.tolist(), int(counts.sum())
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 18], 119)
    """
    most = min(each, _MOST_DILATIONS)
    largest = max(0.0, np.log2(max(length - 1, 1) / (_TAPS - 1)))
    powers = np.logspace(0, largest, most, base=2).astype(np.int64)
    dilations, counts = np.unique(powers, return_counts=True)
    counts = (counts * (each / most)).astype(np.int64)
    counts[: each - counts.sum()] += 1  # what rounding has left, one each
    return dilations, counts


def rocket_features(
    kernels: RocketKernels, x: np.ndarray, lengths: np.ndarray
) -> np.ndarray:
    """Return for each kernel and bias how often the convolution is above the bias.

    Every other kernel counts all steps of a series, with zeros around it; the others
    only those whose taps lie within it, where there are any. Steps behind the end of a
    series never count.

    Args:
        kernels: the kernels.
        x: `(n, time, channels)` float, 0 behind the end of a series.
        lengths: `(n,)` the steps of each series.

    Returns:
        `(n, features)` float32 in [0, 1].

    Reference:
        A. Dempster, D. Schmidt and G. Webb, *MiniRocket*, arXiv:2012.08791.
    """
    size = max(1, _AT_ONCE // x.shape[1])
    parts = [
        _features(kernels, x[at : at + size], lengths[at : at + size])
        for at in range(0, max(len(x), 1), size)
    ]
    return np.concatenate(parts)


def _features(kernels: RocketKernels, x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    columns: list[np.ndarray] = []
    alone = x[..., 0] if x.shape[2] == 1 else None
    for place, dilation in enumerate(kernels.dilations.tolist()):
        reach, inside = _TAPS // 2 * dilation, _inside(lengths, dilation)
        shared = None if alone is None else _Shifted.of(alone, dilation)
        for k, taps in enumerate(KERNELS):
            if shared is None:
                series = _sum_of(x, kernels.channels[place][k])
                outputs = _Shifted.of(series, dilation).convolution(taps)
            else:
                outputs = shared.convolution(taps)
            whole = (place + k) % 2 == 0
            columns += _rates(
                outputs,
                kernels.biases[place][k],
                lengths,
                0 if whole else reach,
                inside,
            )
    return np.stack(columns, axis=1).astype(np.float32)


class _Shifted(NamedTuple):
    """A series as each tap of a kernel sees it, and the sum of them."""

    taps: tuple[np.ndarray, ...]
    total: np.ndarray

    @classmethod
    def of(cls, series: np.ndarray, dilation: int) -> "_Shifted":
        """Return the taps of `(n, time)`, with zeros around it."""
        reach, length = _TAPS // 2 * dilation, series.shape[1]
        padded = np.pad(series, ((0, 0), (reach, reach)))
        taps = tuple(
            padded[:, k * dilation : k * dilation + length] for k in range(_TAPS)
        )
        total = taps[0] + taps[1]
        for tap in taps[2:]:
            total += tap
        return cls(taps, total)

    def convolution(self, heavy: tuple[int, ...]) -> np.ndarray:
        """Return the outputs of the kernel with these taps of weight 2, `(n, time)`."""
        one, two, three = (self.taps[k] for k in heavy)
        outputs = one + two
        outputs += three
        outputs *= 3
        outputs -= self.total
        return outputs


def _convolution(
    series: np.ndarray, taps: tuple[int, ...], dilation: int
) -> np.ndarray:
    return _Shifted.of(series, dilation).convolution(taps)


def _sum_of(x: np.ndarray, channels: np.ndarray) -> np.ndarray:
    return x[..., channels].sum(axis=2)


def _some_channels(key: np.random.Generator, count: int) -> np.ndarray:
    """Return a few channels: 1 to 9, of which few are more likely."""
    most = min(count, _TAPS)
    size = int(2 ** key.uniform(0, np.log2(most + 1)))
    return np.sort(key.choice(count, size=size, replace=False))


def _inside(lengths: np.ndarray, dilation: int) -> np.ndarray:
    """Return whether some step of a series has all taps within it, `(n,)` bool."""
    return lengths > (_TAPS - 1) * dilation


def _rates(
    outputs: np.ndarray,
    biases: np.ndarray,
    lengths: np.ndarray,
    reach: int,
    inside: np.ndarray,
) -> Iterator[np.ndarray]:
    """Return for each bias how often outputs are above it, `(n,)`.

    Args:
        outputs: `(n, time)`.
        biases: `(biases,)`.
        lengths: `(n,)`.
        reach: steps at either end that do not count.
        inside: `(n,)` the series that have steps besides those.
    """
    time = outputs.shape[1]
    if (lengths == time).all():
        used = outputs[:, reach : time - reach] if reach and inside.all() else outputs
        for bias in biases:
            yield np.count_nonzero(used > bias, axis=1) / used.shape[1]
        return
    ends = np.where(inside, reach, 0)[:, None]
    step = np.arange(time)
    counts = (step >= ends) & (step < lengths[:, None] - ends)
    number = counts.sum(axis=1)
    for bias in biases:
        yield np.count_nonzero((outputs > bias) & counts, axis=1) / number
