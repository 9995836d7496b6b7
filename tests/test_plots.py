import struct
import sys
from typing import Any

import numpy as np
import pytest

from seqconv_jax import UserError, plots

HISTORY = [
    {
        "epoch": e,
        "step": 10 * e,
        "loss": 1 / e,
        "val_loss": 0.5 + 0.1 * abs(e - 3),
        "accuracy": 1 - 0.5 / e,
        "val_accuracy": 0.8,
        "seconds": 1.0,
    }
    for e in range(1, 8)
]
DATES = np.datetime64("2016-03-01") + np.arange(240) * np.timedelta64(1, "h")
WAVE = 10 + 5 * np.sin(np.arange(240) * 2 * np.pi / 24)


def png_size(path):
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n") and data.rstrip().endswith(
        b"IEND\xaeB`\x82"
    )
    return struct.unpack(">II", data[16:24])


def labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def lines(axes):
    """Label → x and y of every labelled line."""
    return {
        line.get_label(): (np.asarray(line.get_xdata()), np.asarray(line.get_ydata()))
        for line in axes.lines
        if not line.get_label().startswith("_")
    }


class TestCurves:
    def test_the_file(self, tmp_path):
        path = plots.curves(HISTORY, tmp_path / "loss.png", title="IMDB")
        assert png_size(path) == (960, 540)
        assert [p.name for p in tmp_path.iterdir()] == ["loss.png"]

    def test_what_is_drawn(self, tmp_path, figures):
        plots.curves(
            HISTORY,
            tmp_path / "loss.png",
            title="IMDB",
            ylabel="cross-entropy",
            best_epoch=3,
            baseline=0.6931,
        )
        (axes,) = figures[0].axes
        assert axes.get_title(loc="left") == "IMDB"
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "cross-entropy")
        assert labels(axes) == [
            "training",
            "validation",
            "best epoch, 3: 0.5",
            "baseline: 0.6931",
        ]
        drawn = lines(axes)
        np.testing.assert_array_equal(drawn["training"][0], range(1, 8))
        np.testing.assert_array_equal(
            drawn["training"][1], [r["loss"] for r in HISTORY]
        )
        np.testing.assert_array_equal(
            drawn["validation"][1], [r["val_loss"] for r in HISTORY]
        )
        assert drawn["best epoch, 3: 0.5"] == ([3], [0.5])

    @pytest.mark.parametrize("epochs", [1, 2, 3, 7])
    def test_epochs_are_whole_numbers(self, tmp_path, figures, epochs):
        plots.curves(HISTORY[:epochs], tmp_path / "a.png", title="t", best_epoch=1)
        ticks = figures[0].axes[0].get_xticks()
        assert len(ticks) >= 1
        np.testing.assert_array_equal(ticks, np.round(ticks))

    def test_gaps(self, tmp_path, figures):
        history = [dict(record) for record in HISTORY]
        history[1]["val_loss"] = None
        del history[2]["loss"]
        plots.curves(history, tmp_path / "a.png", title="t")
        drawn = lines(figures[0].axes[0])
        assert list(drawn) == ["training", "validation"]
        assert np.flatnonzero(np.isnan(drawn["validation"][1])).tolist() == [1]
        assert np.flatnonzero(np.isnan(drawn["training"][1])).tolist() == [2]

    @pytest.mark.parametrize(
        "change, message",
        [
            ({"loss": "0.5"}, "`loss` must be numbers or None, got '0.5'"),
            ({"val_loss": [1]}, r"`val_loss` must be numbers or None, got \[1\]"),
            ({"epoch": 1}, "`history` must be in the order of epochs"),
            ({"epoch": None}, "`history` must be in the order of epochs"),
        ],
    )
    def test_records_that_are_wrong(self, change, message, tmp_path):
        history = [HISTORY[0], {**HISTORY[1], **change}]
        with pytest.raises(UserError, match=message):
            plots.curves(history, tmp_path / "a.png", title="t")
        with pytest.raises(UserError, match="`best_epoch` must be an epoch of the his"):
            plots.curves(HISTORY, tmp_path / "a.png", title="t", best_epoch=99)
        assert not list(tmp_path.iterdir())

    def test_training_only(self, tmp_path, figures):
        history = [{"epoch": 1, "mae": 0.5}, {"epoch": 2, "mae": 0.25}]
        path = tmp_path / "mae.png"
        plots.curves(history, path, title="t", metric="mae", best_epoch=2)
        (axes,) = figures[0].axes
        assert labels(axes) == ["training", "best epoch, 2: 0.25"]
        assert axes.get_ylabel() == "MAE"

    def test_errors(self, tmp_path):
        with pytest.raises(UserError, match="`history` must be at least one epoch"):
            plots.curves([], tmp_path / "loss.png", title="t")
        with pytest.raises(
            UserError, match="`metric` must be in the history, got 'mae'"
        ):
            plots.curves(HISTORY, tmp_path / "mae.png", title="t", metric="mae")
        assert not list(tmp_path.iterdir())
        with pytest.raises(UserError, match="could not write .*none/loss.png: No such"):
            plots.curves(HISTORY, tmp_path / "none" / "loss.png", title="t")


def test_curves_of_several_runs_are_a_mean_in_a_band(tmp_path, figures):
    shorter = [{**record, "loss": 3.0} for record in HISTORY[:2]]
    plots.curves([HISTORY, shorter], tmp_path / "a.png", title="t", best_epoch=3)
    axes = figures[0].axes[0]
    loss = [(1 + 3) / 2, (0.5 + 3) / 2, *(1 / e for e in range(3, 8))]
    np.testing.assert_allclose(lines(axes)["training"][1], loss)
    assert len(axes.collections) == 2 and "of 2 seeds" in axes.get_ylabel()
    edge = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (edge.min(), edge.max()) == pytest.approx((1 / 7, 3))


class TestForecast:
    def test_what_is_drawn(self, tmp_path, figures):
        path = plots.forecast(
            DATES,
            WAVE,
            WAVE + 0.5,
            tmp_path / "forecast.png",
            unit="°C",
            title="Temperature",
            baseline=WAVE - 2,
        )
        assert png_size(path) == (960, 540)
        above, below = figures[0].axes
        assert labels(above) == [
            "what happened",
            "baseline (mean error 2 °C)",
            "forecast (mean error 0.5 °C)",
        ]
        assert (above.get_ylabel(), below.get_ylabel()) == ("°C", "error, °C")
        np.testing.assert_allclose(below.lines[0].get_ydata(), -2)
        np.testing.assert_allclose(below.lines[1].get_ydata(), 0.5)

    def test_rows_instead_of_dates(self, tmp_path, figures):
        plots.forecast(
            np.arange(240), WAVE, WAVE, tmp_path / "f.png", unit="points", title="t"
        )
        assert figures[0].axes[1].get_xlabel() == "row"

    def test_errors(self, tmp_path):
        options: Any = {"unit": "K", "title": "t"}
        path = tmp_path / "f.png"
        with pytest.raises(UserError, match=r"`forecast` .*\(240,\), got \(240, 1\)"):
            plots.forecast(DATES, WAVE, WAVE[:, None], path, **options)
        with pytest.raises(UserError, match=r"`actual` must have shape \(240,\)"):
            plots.forecast(DATES, WAVE[1:], WAVE, path, **options)
        with pytest.raises(
            UserError, match=r"`times` must have shape \(n,\), got \(0,"
        ):
            plots.forecast(DATES[:0], WAVE[:0], WAVE[:0], path, **options)
        gone = np.where(np.arange(240) == 5, np.datetime64("NaT", "h"), DATES)
        for times in (DATES[::-1], gone, np.full(240, np.nan)):
            with pytest.raises(UserError, match="`times` must be ascending"):
                plots.forecast(times, WAVE, WAVE, path, **options)
        with pytest.raises(UserError, match="`forecast` must be numbers, got '<U"):
            plots.forecast(DATES, WAVE, WAVE.astype(str), path, **options)
        with pytest.raises(UserError, match="`times` must be times or numbers"):
            plots.forecast(DATES.astype(str), WAVE, WAVE, path, **options)
        assert not path.exists()


class TestCompare:
    def test_mean_and_range_over_seeds(self, tmp_path, figures):
        histories = [
            [{"val_mae": 0.5}, {"val_mae": 0.25}, {"val_mae": None}],
            [{"val_mae": 0.25}, {"val_mae": 0.75}],
        ]
        path = plots.compare(
            {"GRU": histories, "TCN": [[{"val_mae": 1.0}]]},
            tmp_path / "compare.png",
            title="Jena",
            metric="val_mae",
            baselines={"tomorrow = today": 0.29},
        )
        assert png_size(path) == (960, 540)
        (axes,) = figures[0].axes
        assert labels(axes) == ["GRU", "TCN", "tomorrow = today: 0.29"]
        assert axes.get_ylabel() == "validation MAE (mean and range of 2 seeds)"
        np.testing.assert_array_equal(lines(axes)["GRU"][1], [0.375, 0.5, np.nan])
        band = axes.collections[0].get_paths()[0].vertices
        assert {tuple(point) for point in band} >= {(1, 0.25), (1, 0.5), (2, 0.75)}

    def test_errors(self, tmp_path):
        with pytest.raises(UserError, match="`runs` must be at least one model"):
            plots.compare({}, tmp_path / "c.png", title="t")
        with pytest.raises(
            UserError, match="'val_loss' for every model, got none: GRU"
        ):
            plots.compare({"GRU": [[{"loss": 1.0}]]}, tmp_path / "c.png", title="t")


def draw(kind, path, note):
    if kind == "curves":
        plots.curves(HISTORY, path / "loss.png", title="t", note=note)
    elif kind == "forecast":
        plots.forecast(
            DATES, WAVE, WAVE, path / "f.png", unit="K", title="t", note=note
        )
    else:
        plots.compare({"m": [HISTORY]}, path / "c.png", title="t", note=note)


@pytest.mark.parametrize("kind", ["curves", "forecast", "compare"])
class TestEveryFigure:
    def test_note_is_written_across_it(self, tmp_path, figures, kind):
        note = "GENERATED STAND-IN DATA"
        draw(kind, tmp_path, note)
        texts = [text for text in figures[0].texts if text.get_text() == note]
        assert [text.get_rotation() for text in texts] == [22, 0]
        for text in texts:  # whole, not cut off at an edge
            box = text.get_window_extent()
            assert 0 <= box.x0 < box.x1 <= 960 and 0 <= box.y0 < box.y1 <= 540

    def test_without_a_note(self, tmp_path, figures, kind):
        draw(kind, tmp_path, "")
        assert figures[0].texts == []

    def test_nothing_overlaps_the_title(self, tmp_path, figures, kind):
        draw(kind, tmp_path, "")
        axes = figures[0].axes[0]
        title = axes._left_title.get_window_extent()
        legend = axes.get_legend().get_window_extent()
        assert not title.overlaps(legend)
        assert title.y1 <= 540 and legend.x1 <= 960

    def test_without_matplotlib(self, tmp_path, monkeypatch, kind):
        monkeypatch.setitem(sys.modules, "matplotlib", None)
        with pytest.raises(
            UserError, match=r"not installed: pip install 'seqconv-jax\[experiments\]'"
        ):
            draw(kind, tmp_path, "")


def test_figures_keep_no_global_state(tmp_path):
    import matplotlib

    before = dict(matplotlib.rcParams)
    draw("curves", tmp_path, "")
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("hours", [2, 7, 30, 71, 73, 100, 112, 119, 125, 500, 5_000])
@pytest.mark.parametrize("years", [0, 2, 9])
def test_ticks_are_found_for_any_span(hours, years):
    from matplotlib.dates import date2num
    from matplotlib.figure import Figure

    from seqconv_jax.plots.canvas import finish_times

    start = np.datetime64("2012-02-27T07:10")
    times = start + np.array([0, hours + years * 8_766]).astype("timedelta64[h]")
    axes = Figure().subplots()
    axes.plot(times, [0, 1])
    finish_times(axes, times)
    low, high = date2num(times)
    ticks = [tick for tick in axes.get_xticks() if low <= tick <= high]
    assert 1 <= len(ticks) <= 10
