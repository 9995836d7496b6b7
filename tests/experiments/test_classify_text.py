"""The text experiment on made-up files: two classes, four, and several labels."""

import json
from pathlib import Path
from typing import Any

import classify_text
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_texts import made, write_csv, write_folder, write_jsonl

import seqconv_jax as sc

TINY: dict[str, Any] = {
    **{"epochs": 2, "steps_per_epoch": 2, "batch_size": 8, "maxlen": 16},
    **{"features": 4, "embedding": 4, "units": 2, "max_words": 20},
}


def run(path, out, **options):
    settings = classify_text.Settings(data=path, out=out, **(TINY | options))
    summary = classify_text.main(settings)
    written = json.loads((out / "summary.json").read_text())
    assert written.items() >= json.loads(json.dumps(summary)).items()
    assert written["data_source"] == "file" and written["parameters"] > 0
    for name in ("best_epoch", "best_val_loss", "best_val_accuracy", "test_loss"):
        assert written[name] is not None
    return written


@pytest.fixture
def no_figures(monkeypatch):
    """Draw nothing, which takes as long as the training."""
    monkeypatch.setattr(classify_text, "draw_classes", lambda *arguments: None)


def test_two_classes_of_a_file(tmp_path, capsys):
    out = tmp_path / "run"
    summary = run(write_csv(tmp_path / "a.csv", *made()), out, calibrate=True)
    assert summary["classes"] == ["bad", "good"]
    kept: Any = sc.runs.load(out).calibration
    assert summary["temperature"] == kept.temperature.value
    rates = ("test_calibration_error_width", "calibrated_test_calibration_error_mass")
    assert all(0 <= summary[name] <= 1 for name in rates)
    assert summary["baseline_test_accuracy"] == 0.5
    assert summary["baseline_majority_test_accuracy"] == 0.5
    assert summary["baseline_nb_svm_test_accuracy"] > 0.5
    table = np.array(summary["test_confusion"])
    assert table.sum() == sum(e["examples"] for e in summary["test_classes"].values())
    assert np.trace(table) / table.sum() == pytest.approx(summary["test_accuracy"])
    for name in ("loss.png", "accuracy.png", "confusion.png", "reliability.png"):
        assert (out / name).stat().st_size > 5_000
    config = json.loads((out / "config.json").read_text())
    assert config["reading"]["text"] == "review" and config["data_sha256"]
    printed = capsys.readouterr().out
    assert "calibration error, bins of equal mass" in printed
    for words in ("text column found: 'review'", "class", "precision", "baseline"):
        assert words in printed


def test_four_classes_of_a_folder(no_figures, tmp_path):
    texts, labels = made(80, 4)
    for part in ("train", "test"):
        write_folder(tmp_path / "data" / part, texts, labels)
    summary = run(tmp_path / "data", tmp_path / "run", validation="0.2")
    assert len(summary["test_confusion"]) == 4
    assert summary["baseline_test_accuracy"] == 0.25


def test_several_labels(no_figures, tmp_path):
    texts, _ = made(40)
    labels = [["a", "b"], ["b"], []] * 13 + [["a"]]
    path = write_jsonl(tmp_path / "a.jsonl.gz", texts, labels)
    summary = run(path, tmp_path / "run", several=True)
    assert "test_confusion" not in summary and 0 <= summary["test_exact_match"] <= 1
    assert set(summary["test_classes"]) == {"a", "b"}


def test_padding_never_changes_what_the_hybrid_says():
    settings = classify_text.Settings(data=Path(), model="hybrid", **TINY)
    task = sc.data.text_task(*made(), maxlen=24)
    model = classify_text.model_of(settings, task)
    ids = np.zeros((3, 3, 24), task.inputs.dtype)
    for at, text in enumerate(task.inputs[[0, 20]]):
        bare = text[text > 0]
        for placed, first in enumerate((0, 5, 24 - len(bare))):
            ids[at, placed, first : first + len(bare)] = bare
    rows = jnp.asarray(ids.reshape(9, 24))
    variables = jax.jit(model.init)(jax.random.key(0), rows)
    logits = np.asarray(jax.jit(model.apply)(variables, rows)).reshape(3, 3)
    np.testing.assert_allclose(logits, logits[:, :1].repeat(3, 1), rtol=1e-5, atol=1e-6)
    assert len(set(logits[:, 0].round(5))) == 3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"test": "none.csv"}, "must exist, got 'none.csv'"),
        ({"test": "0"}, "leave texts to test on"),
        ({"label": ("mood", "review")}, "several=True"),
    ],
)
def test_a_wrong_setting_leaves_nothing(tmp_path, options, words):
    path = write_csv(tmp_path / "a.csv", *made())
    out = tmp_path / "run"
    settings = classify_text.Settings(data=path, out=out, **(TINY | options))
    with pytest.raises(sc.UserError, match=words):
        classify_text.main(settings)
    assert not out.exists()
