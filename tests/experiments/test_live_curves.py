"""--tensorboard, and the page of what an experiment has left."""

import classify_text
import pytest
from made_texts import made, write_csv

import seqconv_jax as sc
from seqconv_jax.train import tensorboard

TINY = {
    **{"epochs": 2, "steps_per_epoch": 1, "batch_size": 8, "maxlen": 16},
    **{"features": 2, "embedding": 2, "max_words": 20, "tensorboard": True},
}


def run(tmp_path):
    data, out = write_csv(tmp_path / "a.csv", *made()), tmp_path / "run"
    classify_text.main(classify_text.Settings(data=data, out=out, **TINY))
    return out


def test_without_the_extra_nothing_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr(tensorboard.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(sc.UserError, match="need tensorboardX, which is not installed"):
        run(tmp_path)
    assert not (tmp_path / "run").exists()


def test_event_files_and_the_page(tmp_path, monkeypatch):
    pytest.importorskip("tensorboardX")
    monkeypatch.setattr(classify_text, "draw_classes", lambda *arguments: None)
    out = run(tmp_path)
    [file] = (out / "tensorboard").iterdir()
    content = file.read_bytes()
    for tag in (b"loss/training", b"accuracy/validation", b"epoch/seconds"):
        assert content.count(tag) == 2
    text = sc.report.write_report(out, tmp_path / "a.html").read_text()
    for words in ("NB-SVM on words and pairs", "Surest and wrong", "In words"):
        assert words in text
