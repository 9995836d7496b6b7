"""Figures of forecasts with a band, and of errors against how far ahead."""

import numpy as np
import pytest

from seqconv_jax import UserError, plots

WAVE = 10 + 5 * np.sin(np.arange(48) * 2 * np.pi / 24)
ROWS = np.arange(48)


def inside(figure):
    """Whether the legend of the first axes lies in the figure."""
    box = figure.axes[0].get_legend().get_window_extent()
    return box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1


def labels(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_long_names_fit_and_are_no_mathematics(figures, tmp_path):
    name = "Daily minimum temperatures in Melbourne, Australia ($_$), 1981-1990"
    title = f"{name}, forecasts 1 business day to 5 business days ahead"
    baseline, path = np.roll(WAVE, 1), tmp_path / "a.png"
    plots.forecast(ROWS, WAVE, WAVE, path, unit=name, title=title, baseline=baseline)
    (figure,) = figures
    for text in (figure.axes[0]._left_title, figure.axes[0].yaxis.label):
        box = text.get_window_extent()
        assert 0 <= box.x0 and box.x1 <= figure.bbox.x1
        assert 0 <= box.y0 and box.y1 <= figure.bbox.y1
    assert inside(figure) and "$_$" in figure.axes[0].get_title("left")


def test_a_band_is_drawn_and_counted(figures, tmp_path):
    low = np.where(ROWS < 12, WAVE + 1, WAVE - 1)
    plots.forecast(
        *(ROWS, WAVE, WAVE + 0.5, tmp_path / "a.png"),
        unit="degC",
        title="T (degC), forecasts 1h to 1d ahead one after another, start of the test",
        baseline=np.roll(WAVE, 1),
        baseline_label="last value",
        band=(low, WAVE + 2),
        band_label="10% to 90%",
    )
    (figure,) = figures
    names = labels(figure)
    assert "10% to 90% (75% inside)" in names
    assert any(name.startswith("last value (mean error ") for name in names)
    assert inside(figure) and len(figure.axes[0].collections) == 1
    with pytest.raises(UserError, match=r"`band\[1\]` must have shape \(48,\), got"):
        plots.forecast(
            *(ROWS, WAVE, WAVE, tmp_path / "b.png"),
            unit="",
            title="",
            band=(low, WAVE[1:]),
        )


@pytest.mark.parametrize("steps", [1, 3, 24, 144])
def test_errors_by_step(figures, tmp_path, steps):
    model = np.linspace(0.5, 2.3, steps)
    errors = {"model": model, **dict.fromkeys(("last value", "drift"), model + 1)}
    errors["seasonal"] = np.full(steps, 2.5)
    path = plots.errors_by_step(
        errors,
        tmp_path / "a.png",
        ahead=[f"{step + 1}h" for step in range(steps)],
        ylabel="mean absolute error, degC",
        title="T (degC)",
    )
    (figure,) = figures
    axes = figure.axes[0]
    assert path.stat().st_size > 5_000 and inside(figure)
    assert labels(figure)[0] == f"model (mean {model.mean():.3g})"
    assert len(axes.get_xticks()) <= 9 and axes.get_ylim()[0] == 0
    for tick, label in zip(axes.get_xticks(), axes.get_xticklabels(), strict=True):
        assert label.get_text() == f"{tick:.0f}h"


def test_long_names_fit_in_the_legend(figures, tmp_path):
    unit = "kilowatt hours of the house"
    plots.forecast(
        *(ROWS, WAVE, WAVE + 0.5, tmp_path / "a.png"),
        unit=unit,
        title="load",
        baseline=WAVE,
    )
    assert inside(figures[0])


def test_errors_of_other_steps_raise(tmp_path):
    options = {"ahead": ["1h", "2h"], "ylabel": "", "title": ""}
    with pytest.raises(UserError, match=r"`drift` must have shape \(2,\), got \(3,\)"):
        errors = {"model": np.ones(2), "drift": np.ones(3)}
        plots.errors_by_step(errors, tmp_path / "a.png", **options)
    with pytest.raises(UserError, match="`errors` must be at least one row"):
        plots.errors_by_step({}, tmp_path / "a.png", **options)
