"""The confusion figure: counts where they can be read, and whatever names."""

import numpy as np
import pytest

from seqconv_jax import UserError, plots


@pytest.mark.parametrize("size", [2, 20, 70])
def test_any_number_of_classes(tmp_path, size):
    names = [f"class {i} of $some$ {'long ' * 9}" for i in range(size)]
    path = plots.confusion(
        np.eye(size, dtype=int), names, tmp_path / "c.png", title="t", note="MADE UP"
    )
    assert path.stat().st_size > 5_000


def test_a_table_of_another_shape(tmp_path):
    with pytest.raises(UserError, match=r"of shape \(3, 3\), got shape \(2, 2\)"):
        plots.confusion([[1, 0], [0, 1]], "abc", tmp_path / "c.png", title="t")
    assert list(tmp_path.iterdir()) == []
