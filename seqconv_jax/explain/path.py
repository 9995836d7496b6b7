"""Integrated gradients: a network's output, shared by the cells of its input."""

from typing import NamedTuple

import numpy as np

from seqconv_jax._checks import positive_int
from seqconv_jax.explain.subject import Subject
from seqconv_jax.explain.value import gradients, values

__all__ = ["Path", "integrate"]

_AT_ONCE = 16  # points of the path


class Path(NamedTuple):
    """Integrated gradients from a baseline to an input.

    Attributes:
        parts: of the input's shape, float64; their sum is nearly `end - start`.
        start: the value at the baseline.
        end: the value at the input.
    """

    parts: np.ndarray
    start: float
    end: float


def integrate(
    subject: Subject,
    x: np.ndarray,
    baseline: np.ndarray,
    ids: np.ndarray | None,
    direction: np.ndarray,
    points: int,
) -> Path:
    r"""Return $(x - x_0) \int_0^1 \nabla f(x_0 + a (x - x_0)) \, da$.

    The integral is Gauss and Legendre's.

    Args:
        subject: the network.
        x: `(1, time, features)`: the input or, with ids, what the embedding gives.
        baseline: likewise, $x_0$.
        ids: `(1, time)`, or None.
        direction: of which `f` is `outputs @ direction`.
        points: how many points of the path are looked at.
    """
    nodes, weights = np.polynomial.legendre.leggauss(positive_int("points", points))
    nodes, weights = (nodes + 1) / 2, weights / 2
    x, baseline = np.asarray(x, np.float32), np.asarray(baseline, np.float32)
    total = np.zeros(x.shape[1:])
    for first in range(0, points, _AT_ONCE):
        # The last call is filled up, so that all have one shape.
        part = np.zeros((2, _AT_ONCE))
        some = slice(first, first + _AT_ONCE)
        part[:, : len(nodes[some])] = nodes[some], weights[some]
        at = part[0, :, None, None].astype(np.float32)
        slopes = gradients(subject, baseline + at * (x - baseline), ids, direction)
        total += np.einsum("n,ntf->tf", part[1], slopes)
    ends = values(subject, np.concatenate([baseline, x]), ids, direction)
    moved = np.where(x == baseline, 0.0, (x - baseline).astype(np.float64) * total)
    return Path(moved[0], float(ends[0]), float(ends[1]))
