"""The experiment on series of several classes and lengths, and of two of one length."""

import json
from pathlib import Path
from typing import Any

import classify_series
import numpy as np
import pytest

import seqconv_jax as sc

TINY: dict[str, Any] = {"epochs": 2, "steps_per_epoch": 2, "batch_size": 8}


@pytest.fixture
def small(monkeypatch):
    """A tiny network in place of the paper's."""
    made = {"inception": lambda **more: sc.models.FCN((4,), (3,), **more)}

    def model_of(settings, task):
        fields = {"outputs": task.classes.outputs, "mask_value": task.mask_value}
        return made["inception"](**fields)

    monkeypatch.setattr(classify_series, "model_of", model_of)


def test_an_ensemble_on_series_of_several_lengths(waves, small, tmp_path, capsys):
    out = tmp_path / "run"
    settings = classify_series.Settings(data=waves, out=out, ensemble=2, **TINY)
    summary = classify_series.main(settings)
    assert json.loads((out / "summary.json").read_text()).items() >= summary.items()
    history = (out / "history.jsonl").read_text().splitlines()
    assert len(history) == 2 and (out / "network-2" / "history.jsonl").exists()
    assert_answers_as_the_ensemble(out, tmp_path / "waves_TEST.ts", summary)
    assert summary["baseline_mini_rocket_test_accuracy"] > 0.6
    assert summary["baseline_mini_rocket_val_accuracy"] is None
    assert np.sum(summary["test_confusion"]) == 9 and summary["best_val_loss"] is None
    config = json.loads((out / "config.json").read_text())
    assert config["test_file"].endswith("waves_TEST.ts") and config["data_sha256"]
    for name in ("loss.png", "accuracy.png", "confusion.png"):
        assert (out / name).stat().st_size > 5_000
    printed = capsys.readouterr().out
    for text in ("9 to 14 steps", "nearest neighbour", "ensemble of 2", "recall"):
        assert text in printed


@pytest.mark.parametrize("series", [2, 36, 64, 67, 100, 200, 1600])
@pytest.mark.parametrize("model", ["inception", "fcn"])
def test_an_epoch_has_25_updates_of_whole_batches(series, model):
    x = np.random.default_rng(0).normal(size=(series + 2, 5))
    kinds = np.arange(series + 2) % 2
    task = sc.data.classification_task(x[2:], kinds[2:], test=(x[:2], kinds[:2]))
    settings = classify_series.Settings(data=Path(), model=model)
    settings = classify_series.resolved(settings, task)
    assert settings.batch_size is not None
    rows = classify_series.repeat(settings, task).train
    assert 1 <= settings.batch_size <= 64
    assert len(rows) // settings.batch_size >= 25
    assert np.ptp(np.unique(rows, return_counts=True)[1]) == 0


def assert_answers_as_the_ensemble(out, file, summary):
    predictor = sc.runs.load(out)
    networks = [*predictor.members, sc.runs.load(out / "network-2")]
    assert len(networks) == 2 and networks[1].members == ()
    scores = predictor.evaluate(file)
    assert scores == {name: summary[f"test_{name}"] for name in ("loss", "accuracy")}
    assert len(summary["network_test_accuracies"]) == 2


def test_a_temperature_is_found_and_kept(waves, small, tmp_path, capsys):
    out = tmp_path / "run"
    settings = classify_series.Settings(
        data=waves,
        out=out,
        validation=0.4,
        calibrate=True,
        no_baselines=True,
        **TINY | {"epochs": 20, "learning_rate": 0.1},
    )
    summary = classify_series.main(settings)
    kept: Any = sc.runs.load(out).calibration
    assert summary["temperature"] == kept.temperature.value > 0
    assert (out / "reliability.png").stat().st_size > 5_000
    assert "calibration error, bins of equal mass" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "message"),
    [({}, "needs validation rows"), ({"ensemble": 2}, "`ensemble` must be 1 with")],
)
def test_a_temperature_needs_validation_and_one_network(
    waves, tmp_path, changes, message
):
    settings = classify_series.Settings(
        data=waves, out=tmp_path / "run", calibrate=True, **changes
    )
    with pytest.raises(sc.UserError, match=message):
        classify_series.main(settings)
    assert not settings.out.exists()


def test_a_test_file_that_is_not_there_leaves_nothing(waves, tmp_path):
    settings = classify_series.Settings(
        data=waves, out=tmp_path / "run", test=Path("nowhere.ts")
    )
    with pytest.raises(sc.UserError, match="nowhere.ts"):
        classify_series.main(settings)
    assert not (tmp_path / "run").exists()
