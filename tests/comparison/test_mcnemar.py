"""McNemar's test against SciPy's binomial one."""

import numpy as np
import pytest
from scipy import stats

from seqconv_jax import UserError
from seqconv_jax.comparison import mcnemar


def right(runs, examples, rate, seed):
    rng = np.random.default_rng(seed)
    return (rng.random((runs, examples)) < rate).astype(float)


@pytest.mark.parametrize(
    ("examples", "paired"), [(12, False), (900, False), (60, True)]
)
def test_each_pair_is_scipys(examples, paired):
    a, b = right(3, examples, 0.8, 0), right(3, examples, 0.7, 1)
    found = mcnemar(a, b, paired=paired)
    every = [(i, i) for i in range(3)] if paired else list(np.ndindex(3, 3))
    want = []
    for k, (i, j) in enumerate(every):
        only_a = int(((a[i] == 1) & (b[j] == 0)).sum())
        only_b = int(((a[i] == 0) & (b[j] == 1)).sum())
        assert (found.only_a[k], found.only_b[k]) == (only_a, only_b)
        want.append(stats.binomtest(only_a, only_a + only_b).pvalue)
    np.testing.assert_allclose(found.p_values, want)
    assert found.p_value == pytest.approx(min(1.0, 2 * np.median(want)))


def test_swapped_sides_and_no_difference():
    a, b = right(1, 50, 0.8, 0)[0], right(1, 50, 0.7, 1)[0]
    there, back = mcnemar(a, b), mcnemar(b, a)
    assert (there.only_a, there.p_value) == (back.only_b, back.p_value)
    assert mcnemar(a, a).p_value == 1.0


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([0.5, 1.0], [0, 1], "`a` must be 0 or 1 for each example"),
        ([0, 1, 1], [0, 1], "must have the same examples"),
    ],
)
def test_what_is_no_answer(a, b, message):
    with pytest.raises(UserError, match=message):
        mcnemar(np.array(a), np.array(b))
