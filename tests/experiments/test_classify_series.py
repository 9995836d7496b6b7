"""The experiment on series of several classes and lengths, and of two of one length."""

import json
from typing import Any

import classify_series
import numpy as np
import pytest

import seqconv_jax as sc

TINY: dict[str, Any] = {"epochs": 2, "steps_per_epoch": 2, "batch_size": 8}


@pytest.fixture
def series(tmp_path):
    """Waves of three classes, of 9 to 14 steps, in the archive's form."""
    rng = np.random.default_rng(0)
    for part, cases in [("TRAIN", 18), ("TEST", 9)]:
        lines = ["@problemName waves", "@classLabel true slow mid fast", "@data"]
        for case in range(cases):
            time = np.arange(9 + case % 6)
            wave = np.sin(time * (1 + case % 3) / 2) + rng.normal(0, 0.1, len(time))
            values = ",".join(f"{value:.4f}" for value in wave)
            lines.append(f"{values}:{('slow', 'mid', 'fast')[case % 3]}")
        (tmp_path / f"waves_{part}.ts").write_text("\n".join(lines) + "\n")
    return tmp_path / "waves_TRAIN.ts"


@pytest.fixture
def small(monkeypatch):
    """A tiny network in place of the paper's."""
    made = {"inception": lambda **more: sc.models.FCN((4, 4), (5, 3), **more)}

    def model_of(settings, task):
        fields = {"outputs": task.classes.outputs, "mask_value": task.mask_value}
        return made["inception"](**fields)

    monkeypatch.setattr(classify_series, "model_of", model_of)


def test_an_ensemble_on_series_of_several_lengths(series, small, tmp_path, capsys):
    out = tmp_path / "run"
    settings = classify_series.Settings(data=series, out=out, ensemble=2, **TINY)
    summary = classify_series.main(settings)
    assert json.loads((out / "summary.json").read_text()).items() >= summary.items()
    history = (out / "history.jsonl").read_text().splitlines()
    assert len(history) == 2 and (out / "network-2" / "history.jsonl").exists()
    assert_answers_as_the_ensemble(out, tmp_path / "waves_TEST.ts", summary)
    assert np.sum(summary["test_confusion"]) == 9 and summary["best_val_loss"] is None
    config = json.loads((out / "config.json").read_text())
    assert config["test_file"].endswith("waves_TEST.ts") and config["data_sha256"]
    for name in ("loss.png", "accuracy.png", "confusion.png"):
        assert (out / name).stat().st_size > 5_000
    printed = capsys.readouterr().out
    for text in ("9 to 14 steps", "nearest neighbour", "ensemble of 2", "recall"):
        assert text in printed


def assert_answers_as_the_ensemble(out, file, summary):
    predictor = sc.runs.load(out)
    networks = [*predictor.members, sc.runs.load(out / "network-2")]
    assert len(networks) == 2 and networks[1].members == ()
    scores = predictor.evaluate(file)
    assert scores == {name: summary[f"test_{name}"] for name in ("loss", "accuracy")}
    assert len(summary["network_test_accuracies"]) == 2


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"ensemble": 0}, "`ensemble` must be from 1"),
        ({"seed": -1}, "`seed` must be"),
        ({"validation": 1.0}, "`validation` must be"),
        ({"batch_size": 0}, "`batch_size`"),
        ({"steps_per_epoch": 0}, "`steps_per_epoch`"),
        ({"epochs": 0}, "`epochs`"),
        ({"learning_rate": -1.0}, "`learning_rate`"),
        ({"test": "nowhere.ts"}, "nowhere.ts"),
    ],
)
def test_a_wrong_setting_leaves_nothing(series, small, tmp_path, wrong, message):
    options = {**TINY, **wrong}
    settings = classify_series.Settings(data=series, out=tmp_path / "run", **options)
    with pytest.raises(sc.UserError, match=message):
        classify_series.main(settings)
    assert not (tmp_path / "run").exists()
