"""Names and numbers of a series put together by hand."""

import numpy as np
import pytest

from seqconv_jax import UserError
from seqconv_jax.data import Series


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (("a", "a "), "`columns` must name each column once"),
        (("a", " "), "`columns` must be texts to print"),
        (("a", "b\nc"), "`columns` must be texts to print"),
    ],
)
def test_names_can_be_told_apart(columns, says):
    with pytest.raises(UserError, match=says):
        Series(values=np.ones((3, 2)), columns=columns)


@pytest.mark.parametrize("kind", [np.int64, np.uint64])
def test_integers_that_float64_would_round_raise(kind):
    values = np.full((3, 1), 2**62 + 1, kind)
    with pytest.raises(UserError, match=r"integers beyond 2\*\*53"):
        Series(values=values, columns=("a",))
