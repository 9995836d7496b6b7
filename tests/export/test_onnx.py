"""ONNX files answer in onnxruntime as the models do, on batches of 1 and of 128."""

import json
import re
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from export.networks import networks
from export.predictors import of_forecasts, of_texts, series, untrained

import seqconv_jax as sc
from seqconv_jax import UserError
from seqconv_jax.data import arrays_task

pytest.importorskip("jax2onnx")
onnxruntime = pytest.importorskip("onnxruntime")
PAGE = Path(__file__).parents[2] / "docs" / "export.md"
NOT = {"LeakyReLU", "NGramLinear", "TextConvNet, masked and not same"}


def session(file):
    """Load a file in onnxruntime, quietly, on one thread."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    return onnxruntime.InferenceSession(file, options)


def goes_through(model, x, file):
    """Say whether a model is exported to what it is; False where it cannot be."""
    y = np.zeros((len(x), 1), np.float32)
    predictor = untrained(arrays_task(x, y), model)
    try:
        sc.export.onnx(predictor, file)
    except UserError as error:
        assert "jax2onnx cannot write this model as ONNX" in str(error)
        assert not file.exists()
        return False
    run = session(file).run
    variables = {"params": predictor.params, "batch_stats": predictor.batch_stats}
    want = np.asarray(jax.jit(model.apply)(variables, x))
    for count in (1, 128):
        [got] = run(None, {"x": x[:count]})
        np.testing.assert_allclose(got, want[:count], rtol=1e-5, atol=1e-5)
    return True


def test_the_table_of_the_page_says_which_networks_go_through(tmp_path):
    found = {
        name: goes_through(model, x, tmp_path / f"{name}.onnx")
        for name, model, x in networks()
    }
    rows = re.findall(r"^\| ([^|]+) \| (yes|no)", PAGE.read_text(), re.MULTILINE)
    table = {name: said == "yes" for names, said in rows for name in _listed(names)}
    assert found == table and len(found) == len(table)


def _listed(names):
    return [name.strip().strip("`") for name in names.split(";")]


def test_scaling_words_and_what_is_told(tmp_path):
    """A forecaster with units; a text model that takes ids, or words."""
    before = {name: id(value) for name, value in vars(jax.numpy).items()}
    predictor = of_forecasts(series(), target="load (MW)", horizon=2)
    sc.export.onnx(predictor, tmp_path / "load.onnx")
    new = series(30, shift=2.0)
    want = predictor.predict(new, windows="all")["load (MW)"].to_numpy()
    at = np.arange(len(want) // 2)[:, None] + np.arange(12)
    made = session(tmp_path / "load.onnx")
    [got] = made.run(["forecast"], {"values": new.values[at].astype(np.float32)})
    np.testing.assert_allclose(got.reshape(-1), want, rtol=1e-5)
    told = json.loads(made.get_modelmeta().custom_metadata_map["seqconv_jax"])
    assert told["outputs"][0]["units"] == ["MW"]
    assert made.get_inputs()[0].shape == ["batch", 12, 2]

    predictor, texts = of_texts()
    want = predictor.predict(texts).filter(like="p(").to_numpy()
    sc.export.onnx(predictor, tmp_path / "ids.onnx")
    ids = predictor.preprocessor.task(texts).inputs.astype(np.int32)
    [got] = session(tmp_path / "ids.onnx").run(None, {"ids": ids})
    np.testing.assert_allclose(got, want, atol=1e-5)
    sc.export.onnx(predictor, tmp_path / "words.onnx", words=True)
    words = np.full((3, 5), "", object)
    made: Any = predictor.preprocessor
    for row, text in zip(words, texts, strict=True):
        tokens = made.tokenizer.tokens(text)
        row[: len(tokens)] = tokens
    [got] = session(tmp_path / "words.onnx").run(None, {"words": words})
    np.testing.assert_allclose(got, want, atol=1e-5)
    assert {name: id(value) for name, value in vars(jax.numpy).items()} == before


def test_words_of_what_has_none(tmp_path):
    predictor = of_forecasts(series(), target="load (MW)", horizon=2)
    with pytest.raises(UserError, match="`words` is for runs on texts, got a run"):
        sc.export.onnx(predictor, tmp_path / "x", words=True)
    assert not (tmp_path / "x").exists()
