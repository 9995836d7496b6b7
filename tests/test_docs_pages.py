"""Pages for newcomers are followed to their end, each in a folder of its own."""

import importlib
import re
import shlex
from dataclasses import fields
from pathlib import Path
from typing import Any

import jax
import numpy as np
import optax
import pytest
from book_data import write_book_data
from numerics import normal
from test_docs import ROOT, blocks, check_what_is_printed, run

import seqconv_jax as sc
from seqconv_jax.cli.main import main

OF_KERAS = pytest.mark.filterwarnings("ignore:__array__ :DeprecationWarning:keras")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEQCONV_CACHE", str(tmp_path / "cache"))


def test_five_minutes(capsys):
    names = check_what_is_printed("docs/start.md", {"epochs=12": "epochs=1"})
    assert len(names["errors"]) == 6
    text = (ROOT / "docs/start.md").read_text()
    for line in re.findall(r"^python -m seqconv_jax (.*)$", text, re.MULTILINE):
        main(shlex.split(line))
    assert len(Path("forecast.csv").read_text().splitlines()) == 7


@OF_KERAS
def test_from_keras():
    with jax.numpy_rank_promotion("allow"):
        names = check_what_is_printed("docs/from_keras.md")
    layers = names["ours"].layers, names["loaded"].model.layers
    assert all(type(a) is type(b) for a, b in zip(*layers, strict=True))


def test_from_pytorch():
    pytest.importorskip("torch")
    names = check_what_is_printed("docs/from_pytorch.md")
    assert names["result"].best.val_loss < 1


def test_the_book(tmp_path, monkeypatch):
    write_book_data(tmp_path)
    monkeypatch.setenv("SEQCONV_DATA", str(tmp_path))
    less = {'"epochs": 10': '"epochs": 2', "epochs=20": "epochs=1"}
    less |= {"steps_per_epoch=500": "steps_per_epoch=2"}
    check_what_is_printed("docs/book.md", less)
    assert Path("accuracy.png").exists() and Path("loss.png").exists()


class TorchGRU:
    """What a module of PyTorch's shows of itself."""

    def state_dict(self):
        shapes = {"weight_ih_l0": (6, 4), "weight_hh_l0": (6, 2)}
        return {name: np.zeros(shape) for name, shape in shapes.items()}


def small_names() -> dict[str, Any]:
    """What pages for those who know their way take for given."""
    x = normal(16, 60, 4)
    task = sc.data.arrays_task(x, (x[:, 0, 0] > 0).astype("float32"), validation=0.5)
    optimizer, loss = optax.sgd(0.1), sc.losses.binary_cross_entropy
    options = {"optimizer": optimizer, "loss": loss, "epochs": 1, "batch_size": 8}
    model = sc.nn.Sequential((sc.nn.Flatten(), sc.nn.Dense(1)))
    given = {"x": x, "task": task, "model": model, "options": options}
    return given | {"sc": sc, "optimizer": optimizer, "loss": loss}


@OF_KERAS
def test_keras_files():
    names = {**small_names(), "torch_gru": TorchGRU()}
    example = names["task"].example
    conv_gru = sc.models.ConvGRU()
    params = jax.jit(conv_gru.init)(jax.random.key(0), example)["params"]
    sc.interop.save_keras_weights("jena.weights.h5", conv_gru, params, example)
    with jax.numpy_rank_promotion("allow"):
        write_keras_files()
    names = run("docs/keras.md", **names)
    assert names["scores"]["accuracy"].keywords and Path("ours.safetensors").exists()


def write_keras_files():
    import keras

    k = keras.layers
    layers = [keras.Input((60, 4)), k.Flatten(), k.Dense(1, "sigmoid")]
    model = keras.Sequential(layers)
    model.save("model.keras")
    model.save_weights("model.weights.h5")
    Path("model.weights.h5").rename("weights.h5")
    Path("model.json").write_text(model.to_json())


def test_resuming():
    less = {"epochs=20": "epochs=2"}
    names = check_what_is_printed("docs/resuming.md", less, **small_names())
    assert len(names["result"].history) == 2
    assert names["params"]["layers_1"]["kernel"].shape == (240, 1)


def test_training():
    ids = np.random.default_rng(0).integers(0, 1000, (20, 60))
    names = {"x": ids, "y": (ids[:, 0] < 500).astype("float32")}
    exec(blocks("docs/training.md")[0].replace("epochs=20", "epochs=2"), names)
    assert len(names["result"].history) == 2


@pytest.mark.parametrize("page", ["adding_a_layer", "faq"])
def test_small_pages(page):
    check_what_is_printed(f"docs/{page}.md")


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXPERIMENT = r"python\s+experiments/(\w+\.py[^`#\n]*)"
COMMANDS = sorted(
    {line for page in PAGES for line in re.findall(EXPERIMENT, page.read_text())}
)


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_on_the_pages_have_flags_that_exist(line):
    name, *words = shlex.split(line)
    settings = importlib.import_module(name.removesuffix(".py")).Settings
    known = {field.name.replace("_", "-") for field in fields(settings)}
    given = {word.removeprefix("--") for word in words if word.startswith("--")}
    assert given <= known


def test_every_page_is_in_the_contents():
    lines = (ROOT / "docs/index.md").read_text().splitlines()
    assert {page.stem for page in PAGES[1:]} - {"index"} <= set(lines)
