"""Two classifiers on the same examples: those that only one of them gets right."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from seqconv_jax._checks import UserError, expect

__all__ = ["McNemar", "mcnemar"]


@dataclass(frozen=True)
class McNemar:
    """McNemar's test of each pair of runs, and of all of them.

    Attributes:
        only_a: for each pair, how many examples only a's run gets right.
        only_b: how many only b's.
        p_values: of each pair.
        p_value: of all: twice the median of them, at most 1; of one pair its own.
    """

    only_a: tuple[int, ...]
    only_b: tuple[int, ...]
    p_values: tuple[float, ...]
    p_value: float


def mcnemar(a: np.ndarray, b: np.ndarray, *, paired: bool = False) -> McNemar:
    r"""Test whether two classifiers are right equally often on the same examples.

    Where one is right and the other wrong, either is as likely if they are as good:
    the p-value is the binomial one, $2 P(X \le \min(c_a, c_b))$ of $c_a + c_b$ throws
    of a fair coin, exact for few and many.

    With several runs a side each pair of them is tested, not a vote over each side's:
    a vote is another classifier, better than the runs whose scores are told. Twice the
    median of p-values is a p-value, however much the pairs depend on each other.

    Args:
        a: `(runs, n)` or `(n,)`, 1 where an example is right and 0 where it is wrong.
        b: likewise, of the same examples.
        paired: whether run i of a is tested against run i of b only; else each against
            each.

    Raises:
        UserError: for other numbers than 0 and 1, and for sides that do not fit.

    Reference:
        Q. McNemar, "Note on the sampling error of the difference between correlated
        proportions", Psychometrika 12 (1947). N. Meinshausen, L. Meier and P. Buhlmann,
        "P-values for high-dimensional regression", arXiv 0811.2177, on the median.

    Example:
        >>> a, b = np.array([1, 1, 1, 1, 1, 1, 0]), np.array([1, 0, 0, 0, 0, 0, 0])
        >>> test = mcnemar(a, b)
        >>> test.only_a, test.only_b, test.p_value
        ((5,), (0,), 0.0625)
    """
    right = [np.atleast_2d(np.asarray(side, np.float64)) for side in (a, b)]
    for name, side in zip("ab", right, strict=True):
        expect(bool(np.isin(side, (0, 1)).all()), name, "0 or 1 for each example", side)
    if right[0].shape[1] != right[1].shape[1]:
        shapes = " and ".join(str(side.shape) for side in right)
        raise UserError(f"`a` and `b` must have the same examples, got {shapes}")
    first, second = right
    if paired:
        expect(len(first) == len(second), "paired", "False for other sizes", True)
        only_a = (first * (1 - second)).sum(axis=1)
        only_b = (second * (1 - first)).sum(axis=1)
    else:
        only_a = (first @ (1 - second).T).ravel()
        only_b = ((1 - first) @ second.T).ravel()
    less, both = np.minimum(only_a, only_b), only_a + only_b
    p_values = np.minimum(1.0, 2 * special.bdtr(less, both.astype(int), 0.5))
    joint = p_values[0] if len(p_values) == 1 else min(1, 2 * np.median(p_values))
    return McNemar(
        only_a=tuple(only_a.astype(int).tolist()),
        only_b=tuple(only_b.astype(int).tolist()),
        p_values=tuple(p_values.tolist()),
        p_value=float(joint),
    )
