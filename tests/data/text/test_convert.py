"""The task of texts in files is the task of the same texts in memory."""

import json

import numpy as np
import pytest

import seqconv_jax as sc
from seqconv_jax.data import convert_texts, open_texts, text_task
from seqconv_jax.data.text import corpus

WORDS = np.array("good bad film plot so very it was the a".split())


def written(folder, name="x.jsonl", rows=60):
    rng = np.random.default_rng(0)
    path = folder / name
    with path.open("w") as file:
        for row in range(rows):
            words = rng.choice(WORDS, rng.integers(0 if row > 9 else 1, 12))
            file.write(json.dumps({"text": " ".join(words), "label": row % 2}) + "\n")
    return path


@pytest.mark.parametrize(
    "options", [{}, {"maxlen": 5, "truncating": "pre", "seed": 3}, {"characters": 2}]
)
def test_is_the_task_in_memory(tmp_path, monkeypatch, options):
    path = written(tmp_path)
    whole = text_task(path, **options)
    monkeypatch.setattr(corpus, "_BLOCK", 40)  # several blocks
    out = tmp_path / "x"
    task = convert_texts(path, out, **options)
    for opened in (task, open_texts(out, verify=True), text_task(out)):
        for name in ("inputs", "targets", "train", "validation", "test"):
            array, expected = getattr(opened, name), getattr(whole, name)
            assert isinstance(array, np.memmap) and array.dtype == expected.dtype
            np.testing.assert_array_equal(array, expected)
        for name in ("vocabulary", "classes", "counts", "report", "origin"):
            assert getattr(opened, name) == getattr(whole, name), name
        assert opened.preprocessor == whole.preprocessor
    files = sorted(each.name for each in out.iterdir())
    assert files == [
        *("inputs.npy", "targets.npy", "test.npy", "texts.json", "train.npy"),
        "validation.npy",
    ]


def test_what_is_wrong_leaves_nothing(tmp_path):
    path = written(tmp_path)
    with pytest.raises(sc.UserError, match="`min_count` must leave tokens"):
        convert_texts(path, tmp_path / "x", min_count=1000)
    with pytest.raises(sc.UserError, match="`options` must be one of .* got 'maxlne'"):
        convert_texts(path, tmp_path / "x", maxlne=3)
    with pytest.raises(sc.UserError, match="`path` must be a file or folder"):
        convert_texts(["a", "b"], tmp_path / "x")  # pyright: ignore
    assert [each.name for each in tmp_path.iterdir()] == ["x.jsonl"]
    convert_texts(path, tmp_path / "x")
    with pytest.raises(sc.UserError, match="x exists; pass overwrite=True"):
        convert_texts(path, tmp_path / "x")
