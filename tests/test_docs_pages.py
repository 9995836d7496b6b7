"""Each page can be followed to its end with nothing but what stands there."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from book_data import write_book_data
from numerics import normal
from pages import follow

from seqconv_jax.cli import commands

OF_KERAS = pytest.mark.filterwarnings("ignore:__array__ :DeprecationWarning:keras")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEQCONV_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(commands, "keep_compiled", lambda chosen: None)


def test_the_readme_trains_on_arrays():
    names = follow("README.md", shell=False)
    assert names["outputs"].shape == (1000, 1)
    assert names["forecasts"].shape == (100, 1)
    losses = [record["val_loss"] for record in names["result"].history]
    assert losses[-1] < losses[0]


def test_from_data_to_predictions_and_a_report(monkeypatch):
    """In the order in which they are read, in one folder: some use others' runs."""
    names = follow("docs/start.md", {"epochs=12": "epochs=1"})
    assert len(names["errors"]) == 6
    assert len(Path("ahead.csv").read_text().splitlines()) == 7
    for page in ("data", "forecasting", "classes", "predict", "explain"):
        follow(f"docs/{page}.md")
    assert Path("forecast.csv").read_text().startswith("time,step,ahead,load (MW)\n")
    assert all(Path(file).exists() for file in ("why.png", "why.html", "ngrams.csv"))
    logged = with_fakes(monkeypatch)
    follow("docs/report.md")
    assert [step for _, step in logged["wandb"]] == [1, 2]
    assert logged["mlflow"][1][0]["loss"] == logged["wandb"][1][0]["loss"]
    assert "An awful" not in Path("load.html").read_text()


def with_fakes(monkeypatch):
    """Put services that are not installed in place; return what each is told."""
    logged = {"wandb": [], "mlflow": []}

    def wandb_log(record, step):
        logged["wandb"].append((record, step))

    def log_metrics(metrics, step):
        logged["mlflow"].append((metrics, step))

    wandb = SimpleNamespace(init=lambda project: SimpleNamespace(log=wandb_log))
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    mlflow = SimpleNamespace(log_metrics=log_metrics)
    monkeypatch.setitem(sys.modules, "mlflow", mlflow)
    return logged


@OF_KERAS
def test_from_keras():
    with jax.numpy_rank_promotion("allow"):
        names = follow("docs/from_keras.md")
    layers = names["ours"].layers, names["loaded"].model.layers
    assert all(type(a) is type(b) for a, b in zip(*layers, strict=True))


@OF_KERAS
def test_keras_files():
    with jax.numpy_rank_promotion("allow"):
        names = follow("docs/keras.md")
    assert names["scores"]["accuracy"].keywords
    assert names["loaded"].input_shape == (60, 4)


def test_from_pytorch():
    pytest.importorskip("torch")
    names = follow("docs/from_pytorch.md")
    assert names["result"].best.val_loss < 1


def test_the_book(tmp_path, monkeypatch):
    write_book_data(tmp_path)
    monkeypatch.setenv("SEQCONV_DATA", str(tmp_path))
    less = {'"epochs": 10': '"epochs": 2', "epochs=20": "epochs=1"}
    less |= {"steps_per_epoch=500": "steps_per_epoch=2"}
    follow("docs/book.md", less)
    assert Path("accuracy.png").exists() and Path("loss.png").exists()


def test_training():
    names = follow("docs/training.md", {"epochs=20": "epochs=2"})
    assert len(names["result"].history) == 2
    assert sorted(names["found"].results) == [0, 1]
    assert list(names["tried"].scores()) == [1e-3, 3e-3, 1e-2]
    check_losses(names)


def check_losses(names: dict[str, Any]):
    y, guess = jnp.ones((4, 2)), jnp.repeat(jnp.arange(3.0)[None], 4, axis=0)
    assert names["huber"](y - 1, y).tolist() == [0.375] * 4
    assert names["metrics"]["inside"](jnp.tile(guess, 2), y).tolist() == [1] * 4
    assert names["metrics"]["median_mae"](jnp.tile(guess, 2), y).tolist() == [0] * 4
    assert names["pinball"](jnp.tile(guess, 2), y).shape == (4,)
    assert names["softmax"].keywords == {"from_probabilities": True}


def test_resuming():
    names = follow("docs/resuming.md", {"epochs=20": "epochs=2"})
    assert len(names["result"].history) == 2
    assert names["params"]["Conv1D_0"]["kernel"].shape == (5, 1, 8)


def test_layers():
    names = follow("docs/layers.md")
    x, key = jnp.asarray(normal(4, 60, 4)), jax.random.key(0)
    mask = jnp.arange(60)[None] < jnp.array([[60], [20], [7], [0]])
    models = names["ConvLSTM"](8), names["model"], names["network"]
    for model, shape in zip(models, [(4, 1), (4, 1), (4, 60, 128)], strict=True):
        y = model.apply(model.init(key, x), x, mask=mask)
        assert y.shape == shape and jnp.all(jnp.isfinite(y))
    for name, shape in [("beside", (4, 1)), ("day_ahead", (4, 24, 4))]:
        y, _ = jax.eval_shape(names[name].init_with_output, key, x)
        assert y.shape == shape
    deep = names["Deep"]()
    x = jnp.asarray(normal(4, 60, 8))
    variables = deep.init(key, x)
    trained = deep.apply(variables, x, train=True, rngs={"dropout": key})
    assert jnp.any(trained != deep.apply(variables, x))
    assert names["outputs"].dtype == names["exported"].out_avals[0].dtype == "bfloat16"


def test_uncertainty():
    assert follow("docs/uncertainty.md")["fitted"].value == pytest.approx(2.5, abs=0.2)


def test_devices():
    assert int(follow("docs/distributed.md")["result"].state.step) == 4


@pytest.mark.parametrize("page", ["adding_a_layer", "big_data", "compare", "faq"])
def test_others(page):
    follow(f"docs/{page}.md")


def test_export():
    for extra in ("jax2onnx", "onnxruntime", "sklearn"):
        pytest.importorskip(extra)
    names = follow("docs/export.md")
    assert names["outputs"].shape == (1, 3, 1) and min(names["scores"]) >= 0.5
    assert Path("small.stablehlo").exists()
