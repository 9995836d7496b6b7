"""Every stratum gives its share, and keeps what it must."""

import numpy as np
import pytest

from seqconv_jax import UserError
from seqconv_jax.data.split import stratified


def test_the_share_of_a_stratum_is_exact_to_one():
    strata = np.repeat([0, 1, 2], [70, 25, 5])
    for rate in (0.1, 0.15, 0.33):
        drawn = stratified(strata, rate, 0, "test")
        for stratum, size in enumerate((70, 25, 5)):
            assert abs(drawn[strata == stratum].sum() - rate * size) <= 1
    few = stratified(np.repeat([0, 1], [99, 2]), 0.1, 0, "test")
    assert few[-2:].sum() == 1


def test_a_stratum_keeps_its_last_example_on_request():
    drawn = stratified(np.array([0, 0, 1]), 0.5, 0, "test", keep_last=True)
    assert drawn.sum() == 1 and not drawn[2]
    with pytest.raises(UserError, match="`test` must be 0 where no class has two"):
        stratified(np.array([0, 1]), 0.5, 0, "test", keep_last=True)
