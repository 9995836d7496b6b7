"""Files that are damaged, or lack a part: one line that names the file, nothing run."""

import os
import sys
import zipfile

import h5py
import numpy as np
import pytest
from interop.keras_files import load_small, message_of, rewritten, with_config

from seqconv_jax import UserError
from seqconv_jax.interop import load_keras


def test_a_file_that_is_none(tmp_path):
    path = tmp_path / "a.keras"
    missing = f"cannot read {path}: No such file or directory"
    assert message_of(load_keras, path) == missing
    path.write_bytes(b"")
    assert "expected a file of Keras's" in message_of(load_keras, path)
    path.write_bytes(b"\x80\x04\x95pickle")
    assert "it is a Python pickle, which may run code" in message_of(load_keras, path)


def test_what_is_no_regular_file_is_never_waited_for(tmp_path):
    assert "directory" in message_of(load_keras, tmp_path).lower()
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert "is not a regular file" in message_of(load_keras, tmp_path / "pipe")


def test_a_link_to_a_file_is_followed(whole, tmp_path):
    (tmp_path / "link.keras").symlink_to(whole)
    assert load_keras(tmp_path / "link.keras").input_shape == (6, 2)


def test_long_values_are_cut_in_messages(whole, tmp_path):
    def change(config):
        config["config"]["layers"][1]["config"]["peephole"] = "x" * 9000

    message = message_of(load_keras, with_config(whole, tmp_path, change))
    assert "has an unknown option 'peephole'" in message and len(message) < 900


def test_weights_without_a_model(weights):
    assert "holds weights alone: give the `architecture`" in message_of(
        load_keras, weights
    )


@pytest.mark.parametrize("keep", [12, 300, 0.5, 0.99])
@pytest.mark.parametrize("kind", ["keras", "weights"])
def test_a_file_cut_short(kind, keep, whole, weights, tmp_path):
    content = (whole if kind == "keras" else weights).read_bytes()
    path = tmp_path / "cut.keras"
    path.write_bytes(content[: int(keep if keep > 1 else keep * len(content))])
    message_of(load_keras if kind == "keras" else load_small, path)


def test_bytes_flipped_at_random_never_end_in_anything_else(weights, tmp_path):
    content, path = weights.read_bytes(), tmp_path / "flipped.weights.h5"
    random, met = np.random.default_rng(0), 0
    for _ in range(10):
        damaged = bytearray(content)
        for place in random.integers(0, len(content), 5):
            damaged[place] ^= int(random.integers(1, 256))
        path.write_bytes(damaged)
        try:
            load_small(path)
        except UserError:
            met += 1
    assert met > 0


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"config.json": None}, "expected 'config.json' once, got only"),
        ({"config.json": [b"{}", b"{}"]}, "expected 'config.json' once, got 2 times"),
        ({"model.weights.h5": None}, "expected 'model.weights.h5' once"),
        ({"metadata.json": b"[]"}, "metadata.json is damaged: expected a JSON object"),
        ({"config.json": b"[" * 99_999}, "config.json is damaged"),
        (
            {"config.json": b'{"a": 1, "a": 2}'},
            "damaged: the key 'a' is there twice",
        ),
        ({"metadata.json": b'{"keras_version": 3}'}, "keras_version as text, got 3"),
        ({"metadata.json": b'{"keras_version": "4.0"}'}, "by Keras 1, 2 or 3, got ve"),
        ({"metadata.json": b'{"keras_version": "x"}'}, "by Keras 1, 2 or 3, got ve"),
        ({"config.json": b"{}"}, "must be a Sequential"),
        ({"config.json": b'{"class_name": "Sequential"}'}, "is damaged"),
        ({"model.weights.h5": b"no"}, "expected a whole file of Keras's"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_zip_members(changes, message, whole, tmp_path):
    path = rewritten(whole, tmp_path / "changed.keras", changes)
    assert message in message_of(load_keras, path)


def test_a_member_that_unpacks_to_far_too_much(whole, tmp_path):
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(whole) as old:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
            new.writestr("metadata.json", old.read("metadata.json"))
            new.writestr("model.weights.h5", old.read("model.weights.h5"))
            new.writestr("config.json", b" " * 50_000_000)
    assert "to 50,000,000 bytes, which no model does" in message_of(load_keras, path)


def test_names_that_climb_out_are_never_touched(whole, tmp_path):
    path = tmp_path / "inner" / "a.keras"
    path.parent.mkdir()
    path.write_bytes(whole.read_bytes())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../escaped.txt", "x")
        archive.writestr("assets/evil.pkl", "x")
    assert load_keras(path).input_shape == (6, 2)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a.keras", "inner"]


def test_a_header_that_is_no_text(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = 7
    assert "attribute 'model_config' is no text" in message_of(load_keras, path)
    with h5py.File(path, "w") as file:
        file["x"] = 1
    assert "got no group 'layers'" in message_of(load_keras, path)


def test_h5py_is_asked_for_by_name(whole, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    assert "pip install 'seqconv-jax[interop]'" in message_of(load_keras, whole)
