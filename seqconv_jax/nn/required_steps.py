"""Which steps of a sequence the last one of some causal layers depends on.

Convolutions of growing dilation, whose last output alone is read, need of each sequence
in between only every so many of its last steps: the steps that a layer is given are as
many apart as its dilation and the steps that are asked of it allow.
"""

from math import gcd
from typing import NamedTuple

import jax

from seqconv_jax import _checks


class Steps(NamedTuple):
    """The last step of a sequence, and others before it at equal distances.

    Attributes:
        length: steps of the whole sequence.
        count: how many of them these are, the last one included.
        apart: the distance between two; 0 where the last step is all.
    """

    length: int
    count: int = 1  # pyright: ignore[reportIncompatibleMethodOverride]
    apart: int = 0

    @classmethod
    def back_to(cls, length: int, reach: int, apart: int) -> "Steps":
        """Return the steps as far back as `reach`, or as the sequence has any."""
        count = min(reach // apart + 1, -(-length // apart)) if apart else 1
        return cls(length, count, apart if count > 1 else 0)

    @property
    def reach(self) -> int:
        """How far the first of them lies before the last."""
        return (self.count - 1) * self.apart


def all_steps(length: int) -> Steps:
    """Return every step of a sequence."""
    return Steps.back_to(length, length - 1, 1)


def steps_under(wanted: Steps, kernel_size: int, dilation: int) -> Steps:
    """Return the input steps that a causal convolution's wanted outputs depend on.

    Args:
        wanted: the outputs.
        kernel_size: taps.
        dilation: steps between two taps.

    Example:
        >>> steps_under(Steps(240), kernel_size=3, dilation=4)
        Steps(length=240, count=3, apart=4)
        >>> steps_under(Steps(240, 3, 4), kernel_size=3, dilation=2)
        Steps(length=240, count=7, apart=2)
    """
    _checks.positive_int("kernel_size", kernel_size)
    _checks.positive_int("dilation", dilation)
    if kernel_size == 1:
        return wanted
    reach = wanted.reach + (kernel_size - 1) * dilation
    return Steps.back_to(wanted.length, reach, gcd(wanted.apart, dilation))


def union(first: Steps, second: Steps) -> Steps:
    """Return steps among which those of both are.

    Example:
        >>> union(Steps(240, 3, 4), Steps(240, 2, 6))
        Steps(length=240, count=5, apart=2)
    """
    reach = max(first.reach, second.reach)
    return Steps.back_to(first.length, reach, gcd(first.apart, second.apart))


def ratio(wanted: Steps, given: Steps) -> int:
    """Return how far apart the wanted steps are, counted in those given."""
    return wanted.apart // given.apart if wanted.apart else 1


def select(x: jax.Array, given: Steps, wanted: Steps) -> jax.Array:
    """Return the wanted steps of an array that holds the given ones.

    Args:
        x: `(batch, given.count, features)`.
        given: what `x` holds of a sequence.
        wanted: steps of that sequence, all among those given.

    Returns:
        `(batch, wanted.count, features)`.
    """
    stride = ratio(wanted, given)
    return x[:, x.shape[1] - 1 - (wanted.count - 1) * stride :: stride]
