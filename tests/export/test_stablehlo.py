"""A StableHLO file answers as the run, here and where there is no seqconv_jax."""

import json
import re
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from export.predictors import of_forecasts, of_texts, series
from runs.trained import arrays_task, train

import seqconv_jax as sc
from seqconv_jax import UserError

pytest.importorskip("flatbuffers")
PAGE = Path(__file__).parents[2] / "docs" / "export.md"


@pytest.fixture(scope="module")
def forecaster(tmp_path_factory):
    """A forecaster with a GRU, its file, and a batch of its windows."""
    predictor = of_forecasts(series(), target="load (MW)", horizon=2)
    model = sc.models.ConvGRU(4, 3, 2, 4, outputs=2)
    x = np.zeros((1, 12, 2), np.float32)
    predictor.model = model
    predictor.params = model.init(jax.random.key(0), x)["params"]
    predictor._outputs = type(predictor._outputs)(model)
    file = tmp_path_factory.mktemp("export") / "load.stablehlo"
    sc.export.stablehlo(predictor, file)
    return predictor, file


def changed(file, folder, body=None, **header):
    """Write a file with another header or body; return its path."""
    line, whole = file.read_bytes().split(b"\n", 1)
    line = json.dumps({**json.loads(line), **header}).encode()
    path = folder / "changed"
    path.write_bytes(line + b"\n" + (whole if body is None else body))
    return path


def test_a_file_answers_batches_of_any_size(forecaster):
    predictor, file = forecaster
    loaded = sc.export.load_stablehlo(file)
    new = series(30, shift=2.0)
    want = predictor.predict(new, windows="all")["load (MW)"].to_numpy()
    at = np.arange(len(want) // 2)[:, None] + np.arange(12)
    raw = new.values[at]
    for count in (1, len(raw)):
        got = np.asarray(loaded(raw[:count])).reshape(-1)
        np.testing.assert_allclose(got, want[: 2 * count], rtol=1e-5)
    assert set(loaded.exported.platforms) == {"cpu", "cuda"}
    assert loaded.header["inputs"][0]["columns"] == ["load (MW)", "temp (degC)"]
    assert loaded.header["outputs"][0]["units"] == ["MW"]


def test_the_page_tells_how_to_do_without_this_library(forecaster, tmp_path):
    """In a process in which importing it fails."""
    _, file = forecaster
    [block] = [
        each
        for each in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
        if "deserialize" in each
    ]
    assert len([line for line in block.splitlines() if line.strip()]) <= 10
    x = series(30).values[None, -12:].astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    (tmp_path / "model.stablehlo").write_bytes(file.read_bytes())
    code = (
        "import sys; sys.modules['seqconv_jax'] = None\n"
        "import numpy as np\nx = np.load('x.npy')\n"
        f"{block}\nnp.save('y.npy', outputs)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    want = sc.export.load_stablehlo(file)(x)
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), want, rtol=1e-6)


def test_a_run_directory_is_exported_as_it_was_trained(tmp_path):
    train(tmp_path / "run")
    sc.export.stablehlo(tmp_path / "run", tmp_path / "run.stablehlo")
    x = arrays_task().inputs
    got = sc.export.load_stablehlo(tmp_path / "run.stablehlo")(x)
    np.testing.assert_allclose(got, sc.runs.load(tmp_path / "run").outputs(x), 1e-5)


def test_a_masked_text_model_with_everything_to_read_it(tmp_path):
    predictor, texts = of_texts()
    sc.export.stablehlo(predictor, tmp_path / "texts")
    loaded = sc.export.load_stablehlo(tmp_path / "texts")
    ids = predictor.preprocessor.task(texts).inputs
    want = predictor.predict(texts).filter(like="p(").to_numpy()
    np.testing.assert_allclose(loaded(ids), want, atol=1e-6)
    settings = predictor.preprocessor.settings()
    assert loaded.header["vocabulary"] == settings["vocabulary"]
    assert loaded.header["outputs"][0]["classes"] == settings["classes"]


def test_past_the_promise(forecaster, tmp_path):
    _, file = forecaster
    past = {"promised_until": "2020-01-31"}
    sc.export.load_stablehlo(changed(file, tmp_path, **past))  # by its own JAX
    old = changed(file, tmp_path, jax="0.9.0", **past)
    with pytest.raises(UserError, match="until 2020-01-31; export the run again, inst"):
        sc.export.load_stablehlo(old)
    assert sc.export.load_stablehlo(old, past_promise=True).header["jax"] == "0.9.0"


@pytest.mark.parametrize(
    ("header", "body", "message"),
    [
        ({"format": "other"}, None, "is no file that export.stablehlo wrote"),
        ({"version": 2}, None, "has version 2, expected at most 1.*upgrade"),
        ({"version": True}, None, "has version True"),
        ({}, b"cut", "is damaged: its content does not match"),
        ({"inputs": "x"}, None, "is damaged"),
        ({"promised_until": 3}, None, "is damaged"),
    ],
)
def test_other_and_damaged_files(forecaster, tmp_path, header, body, message):
    with pytest.raises(UserError, match=message):
        sc.export.load_stablehlo(changed(forecaster[1], tmp_path, body, **header))


def test_files_that_are_none(tmp_path):
    (tmp_path / "text").write_bytes(b"\xff\x00 no JSON")
    with pytest.raises(UserError, match="is no file that export.stablehlo wrote"):
        sc.export.load_stablehlo(tmp_path / "text")
    with pytest.raises(UserError, match="cannot read .*nowhere: No such file"):
        sc.export.load_stablehlo(tmp_path / "nowhere")


def test_what_jax_cannot_read(forecaster, tmp_path):
    import hashlib

    body = b"no flatbuffer, but with a checksum that is right" * 9
    damaged = changed(
        forecaster[1], tmp_path, body, sha256=hashlib.sha256(body).hexdigest()
    )
    with pytest.raises(UserError, match="cannot read .*changed, written by JAX"):
        sc.export.load_stablehlo(damaged)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ((), "`arrays` must be 1 arrays, got 0"),
        ((np.zeros((2, 11, 2)),), r"`values` must have shape \(any, 12, 2\)"),
        ((np.zeros((2, 12, 2), int),), "`values` must be floats"),
        ((np.zeros((0, 12, 2)),), "at least 1 example"),
    ],
)
def test_inputs_that_the_model_cannot_take(forecaster, arrays, message):
    with pytest.raises(UserError, match=message):
        sc.export.load_stablehlo(forecaster[1])(*arrays)


@pytest.mark.parametrize(
    ("run", "path", "message"),
    [
        (3, "x", "`run` must be a run directory or a Predictor, got 3"),
        ("nowhere", "x", "nowhere is no run directory"),
        ("nowhere", "no/x", "`path` must be in a folder that exists, got 'no/x'"),
        ("nowhere", ".", "`path` must be a file, no folder"),
    ],
)
def test_what_cannot_be_exported(tmp_path, monkeypatch, run, path, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=message):
        sc.export.stablehlo(run, path)
