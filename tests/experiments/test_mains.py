"""Each experiment's `main` on a tiny configuration."""

import json
from typing import Any

import csi300_conv1d
import imdb_conv1d
import jax
import jena_conv1d
import jena_hybrid
import numpy as np
import pytest

import seqconv_jax as sc

HISTORY = {"epoch", "step", "loss", "val_loss", "seconds", "examples_per_second"}
SUMMARY = {
    *("data_source", "parameters", "seconds", "peak_memory_bytes", "best_epoch"),
    *("best_val_loss", "test_loss"),
}
FORECAST = {
    *("best_val_mae", "test_mae", "baseline_val_mae", "baseline_test_mae"),
    *("unit", "unit_scale", "horizon"),
}


def jena_options(weather, out) -> dict[str, Any]:
    return {
        "data": weather,
        "out": out,
        "lookback": "3d",
        "every": "1h",
        "split": ("0.6", "0.8"),
        "epochs": 2,
        "steps_per_epoch": 3,
        "batch_size": 8,
        "no_baselines": True,
    }


def check_run(out, metrics, figures):
    """Check that a run directory holds what the contract says."""
    summary = json.loads((out / "summary.json").read_text())
    config = json.loads((out / "config.json").read_text())
    history = [json.loads(s) for s in (out / "history.jsonl").read_text().splitlines()]
    assert summary.keys() >= SUMMARY and summary["data_source"] == "file"
    assert [record["epoch"] for record in history] == [1, 2]
    for record in history:
        assert record.keys() >= HISTORY | metrics | {f"val_{name}" for name in metrics}
    assert config["data_sha256"] and config["versions"]["jax"] and config["device"]
    for name in figures:
        assert (out / name).stat().st_size > 5_000
    assert any((out / "checkpoints").iterdir())
    kept = sc.comparison.ExampleScores.load(out / sc.runs.TEST_SCORES)
    for name in metrics:
        assert kept.values[name].mean() == pytest.approx(summary[f"test_{name}"])
    best = min if "mae" in metrics else max
    name = "val_mae" if "mae" in metrics else "val_accuracy"
    assert summary[f"best_{name}"] == best(record[name] for record in history)
    check_best(out, history[summary["best_epoch"] - 1]["step"])
    return summary


def check_best(out, step):
    """Check that a run's parameters are read from the checkpoint of its best epoch."""
    read, best = (
        sc.checkpoint.load_params(out),
        sc.checkpoint.load_params(out, step=step),
    )
    jax.tree.map(np.testing.assert_array_equal, read, best)


@pytest.mark.parametrize(
    "options", [{"blocks": 3}, {"blocks": 2}, {"model": "tcn", "lookback": "6d"}]
)
def test_jena_conv1d(weather, tmp_path, capsys, options):
    out = tmp_path / "run"
    settings = jena_conv1d.Settings(**(jena_options(weather, out) | options))
    jena_conv1d.main(settings)
    summary = check_run(out, {"mae"}, ["loss.png", "forecast.png"])
    assert summary.keys() >= FORECAST
    assert (summary["unit"], summary["horizon"]) == ("degC", "1d")
    printed = capsys.readouterr().out
    layer = "ResidualBlock_0" if "model" in options else "Conv1D_0"
    for text in (layer, "epoch  2", "baseline", "degC", "book"):
        assert text in printed


@pytest.mark.parametrize(
    "options", [{}, {"model": "gru", "bidirectional": True}, {"predict": "change"}]
)
def test_jena_hybrid(weather, tmp_path, options):
    out = tmp_path / "run"
    jena_hybrid.main(jena_hybrid.Settings(**jena_options(weather, out), **options))
    assert check_run(out, {"mae"}, ["loss.png", "forecast.png"]).keys() >= FORECAST


def test_csi300_conv1d(bars, tmp_path, capsys):
    out = tmp_path / "run"
    settings = csi300_conv1d.Settings(
        data=bars, out=out, split=("150", "220"), epochs=2, steps_per_epoch=3
    )
    csi300_conv1d.main(settings)
    summary = check_run(out, {"mae"}, ["loss.png", "forecast.png"])
    assert summary["parameters"] == 41_441
    assert 0 <= summary["test_hit_rate"] <= 1
    for name in ("last", "seasonal", "climatology", "ridge"):
        assert summary[f"baseline_{name}_test_mae"] > 0
    assert summary["baseline_last_val_mae"] == pytest.approx(
        summary["baseline_val_mae"], rel=1e-6
    )
    printed = capsys.readouterr().out
    assert "ridge on lags (penalty" in printed and "THIS NETWORK LOSES to" in printed


def test_csi300_rejects_the_window_that_the_book_crashed_on(bars, tmp_path):
    settings = csi300_conv1d.Settings(
        data=bars, out=tmp_path / "run", split=("150", "220"), every=5
    )
    with pytest.raises(sc.UserError, match="needs at least 7 steps, got 6 .*12 -> 6"):
        csi300_conv1d.main(settings)
    assert not (tmp_path / "run").exists()


def imdb_settings(reviews, out, **options):
    settings: dict[str, Any] = {
        "num_words": 100,
        "maxlen": 60,
        "epochs": 2,
        "batch_size": 16,
    }
    return imdb_conv1d.Settings(data=reviews, out=out, **(settings | options))


def test_imdb_conv1d_with_retraining(reviews, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SEQCONV_CACHE", str(tmp_path / "cache"))
    out = tmp_path / "run"
    imdb_conv1d.main(imdb_settings(reviews, out, retrain=True))
    summary = check_run(out, {"accuracy"}, ["loss.png", "accuracy.png"])
    assert summary.keys() >= {"best_val_accuracy", "test_accuracy"}
    assert 0 <= summary["retrain_test_accuracy"] <= 1
    lines = (out / "retrain" / "history.jsonl").read_text().splitlines()
    best = max(map(json.loads, lines), key=lambda record: record["accuracy"])
    check_best(out / "retrain", best["step"])
    printed = capsys.readouterr().out
    assert "0.8826" in printed and "NB-SVM on words and pairs (cost" in printed
    assert summary["baseline_nb_svm_test_accuracy"] == 1  # a word tells the label
    assert 0.3 < summary["baseline_majority_test_accuracy"] < 0.7


def test_settings_follow_the_book():
    default = imdb_conv1d.resolved(imdb_conv1d.Settings())
    slow = imdb_conv1d.resolved(imdb_conv1d.Settings(setting="slow"))
    assert (default.batch_size, default.learning_rate) == (32, 1e-3)
    assert (slow.batch_size, slow.learning_rate) == (128, 1e-4)
    hybrid = jena_hybrid.resolved(jena_hybrid.Settings())
    gru = jena_hybrid.resolved(jena_hybrid.Settings(model="gru"))
    assert (hybrid.lookback, hybrid.every, hybrid.epochs) == ("5d", "30min", 20)
    assert (gru.lookback, gru.every, gru.epochs) == ("10d", "1h", 40)


def test_the_stand_in_is_announced_and_marked(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQCONV_OFFLINE", "1")
    monkeypatch.setenv("SEQCONV_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SEQCONV_DATA", raising=False)
    settings = csi300_conv1d.Settings(
        out=tmp_path / "run", epochs=2, steps_per_epoch=2, no_baselines=True
    )
    with pytest.warns(sc.data.GeneratedDataWarning, match="NOT comparable"):
        summary = csi300_conv1d.main(settings)
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert summary["data_source"] == config["data_source"] == "generated"


def test_real_jena_baseline_is_that_of_a_few_lines_of_numpy(data_file, tmp_path):
    path = data_file("jena", "jena_climate_2009_2016_hourly_6col.csv.zip")
    settings = jena_hybrid.Settings(
        data=path,
        every="1h",
        out=tmp_path / "run",
        epochs=1,
        steps_per_epoch=1,
        no_baselines=True,
    )
    summary = jena_hybrid.main(settings)
    values = sc.data.read_series(path, time="Date Time").values[:, 1]
    first, second = 33_288, 49_968
    error = np.abs(values[24:] - values[:-24]) / values[:first].std()
    rows = np.arange(first + 1 + 120, second)
    assert summary["baseline_val_mae"] == pytest.approx(error[rows].mean(), rel=1e-5)
    assert summary["baseline_val_mae"] == pytest.approx(0.278, abs=5e-4)
