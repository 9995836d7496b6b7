"""Figures of how sure a model may be: reliability, and coverage of intervals."""

import numpy as np
import pytest

from seqconv_jax import UserError, calibration, plots

RNG = np.random.default_rng(0)


def inside(figure):
    """Whether the legend of the first axes lies in the figure."""
    box = figure.axes[0].get_legend().get_window_extent()
    return box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1


@pytest.mark.parametrize("binning", ["width", "mass"])
def test_reliability(figures, tmp_path, binning):
    sure = RNG.uniform(0.5, 1, 2000)
    right = RNG.uniform(size=2000) < sure - 0.1
    found = {
        name: calibration.reliability(values, right, binning=binning)
        for name, values in (("as trained", sure), ("with temperature", sure - 0.1))
    }
    path = plots.reliability(found, tmp_path / "a.png", title="reviews, test")
    [figure] = figures
    above, below = figure.axes
    assert path.stat().st_size > 5_000 and inside(figure)
    names = [text.get_text() for text in above.get_legend().get_texts()]
    assert names[0] == f"as trained (calibration error {found['as trained'].error:.1%})"
    line = above.lines[1]
    assert line.get_ydata().tolist() == found["as trained"].accuracy.tolist()
    assert above.get_xlim()[0] < found["with temperature"].edges.min()
    assert len(below.collections) == 2
    with pytest.raises(UserError, match="`found` must be at least one reliability"):
        plots.reliability({}, tmp_path / "b.png", title="")


@pytest.mark.parametrize("steps", [1, 24])
def test_coverage(figures, tmp_path, steps):
    rates, widths = np.linspace(0.93, 0.85, steps), np.linspace(1, 9, steps)
    plots.coverage(
        {"split": (rates, widths), "adaptive": (rates * 0 + 0.9, widths + 1)},
        tmp_path / "a.png",
        ahead=[f"{step + 1}h" for step in range(steps)],
        level=0.9,
        unit="degC",
        title="T (degC), intervals of 90% on test",
    )
    [figure] = figures
    above, below = figure.axes
    assert inside(figure) and len(above.get_xticks()) <= 9
    names = [text.get_text() for text in above.get_legend().get_texts()]
    assert names == [f"split (mean {rates.mean():.1%})", "adaptive (mean 90.0%)"]
    assert above.get_ylim()[0] <= 0.85 and below.get_ylim()[0] == 0


def test_coverage_of_other_steps(tmp_path):
    options = {"ahead": ["1h", "2h"], "level": 0.9, "unit": "", "title": ""}
    with pytest.raises(UserError, match=r"`split` must have shape \(2,\), got \(3,\)"):
        found = {"split": (np.ones(2), np.ones(3))}
        plots.coverage(found, tmp_path / "a.png", **options)
    with pytest.raises(UserError, match="`found` must be coverage and width by name"):
        plots.coverage({}, tmp_path / "a.png", **options)
    assert not list(tmp_path.iterdir())
