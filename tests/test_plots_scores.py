"""Several models on one task, side by side."""

import numpy as np
import pytest

from seqconv_jax import UserError, plots

GROUPS = {
    "networks": {"GRU": [0.25, 0.26, 0.27], "convnet": [0.38]},
    "published": {"the book": [0.262]},
}


def test_the_best_is_on_top(tmp_path, figures):
    path = tmp_path / "scores.png"
    plots.scores(GROUPS, path, title="Jena", xlabel="MAE", lower_is_better=True)
    axes = figures[0].axes[0]
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert names == ["GRU", "the book", "convnet"]
    legend = axes.get_legend().get_texts()
    assert [text.get_text() for text in legend] == ["networks", "published"]
    assert axes.get_ylim() == (2.5, -0.5)
    (low, high), _ = next(
        line.get_data() for line in axes.lines if len(line.get_xdata()) == 2
    )
    half = 4.302652729911275 * 0.01 / np.sqrt(3)  # t(0.975, 2) s / sqrt(n)
    np.testing.assert_allclose([low, high], [0.26 - half, 0.26 + half])


@pytest.mark.parametrize("groups", [{}, {"a": {}}, {"a": {"b": [np.nan]}}])
def test_errors(tmp_path, groups):
    with pytest.raises(UserError, match="`groups` must"):
        plots.scores(groups, tmp_path / "s.png", title="t", xlabel="x")
    assert not list(tmp_path.iterdir())
