"""Weights alone, with the architecture that `model.to_json()` wrote."""

import json
from typing import Any

import h5py
import jax
import numpy as np
import pytest
from interop import keras_files
from interop.keras_files import evaluate, gru_file, gru_weights, message_of, predict
from keras import layers as k
from numerics import assert_close, assert_same_bits

from seqconv_jax.interop import load_keras


@pytest.fixture(scope="module")
def built():
    stack = [k.Embedding(7, 4), k.Conv1D(5, 2), k.GlobalMaxPooling1D(), k.Dense(1)]
    return keras_files.model((9,), stack)


@pytest.fixture
def weights(built, tmp_path):
    return keras_files.save_weights(built, tmp_path / "model.weights.h5")


def test_weights_of_keras_3(built, weights, tmp_path):
    x = np.arange(18).reshape(2, 9) % 7
    expected, text = predict(built, x), built.to_json()
    assert_close(evaluate(load_keras(weights, architecture=text), x), expected)
    path = tmp_path / "other.json"
    path.write_text(json.dumps(text))  # a text within JSON, as some write it
    mapping = json.loads(text)
    for architecture in (path, str(path), mapping):
        loaded = load_keras(weights, architecture=architecture)
        assert_same_bits(loaded.params["layers_3"]["bias"], built.layers[-1].bias.value)


def test_it_is_found_beside_the_weights_and_named(built, weights, tmp_path):
    (tmp_path / "model.json").write_text(built.to_json())
    with pytest.warns(
        UserWarning, match=r"weights.h5: .* is read from model.json besi"
    ):
        loaded = load_keras(weights)
    assert loaded.input_shape == (9,)


def older(tmp_path, name="model.h5", version="2.2.4"):
    """Write a model of Keras 2 as two files, and as one."""
    options = {"units": 2, "recurrent_activation": "hard_sigmoid"}
    stored = gru_weights()
    whole = gru_file(tmp_path / "whole.h5", version, options, stored)
    alone = gru_file(tmp_path / name, None, {}, stored, root="")
    with h5py.File(whole) as file:
        content: Any = file.attrs["model_config"]
        config = json.loads(content)
    return whole, alone, config


def test_weights_of_keras_2(tmp_path):
    whole, alone, config = older(tmp_path)
    config["keras_version"], config["backend"] = "2.2.4", "tensorflow"
    loaded = load_keras(alone, architecture=json.dumps(config))
    expected = load_keras(whole)
    assert loaded.model == expected.model
    assert loaded.model.layers[0].gate_activation == "hard_sigmoid_keras2"
    jax.tree.map(assert_same_bits, loaded.params, expected.params)


def test_an_architecture_of_an_unknown_version(tmp_path):
    _, alone, config = older(tmp_path)
    (tmp_path / "a.json").write_text(json.dumps(config))
    message = message_of(
        lambda: load_keras(alone, architecture=tmp_path / "a.json"),
    )
    assert "does not say which version of Keras wrote it" in message


WRONG = {
    "YAML": ("backend: tensorflow\nclass_name: Sequential\n", "is YAML, which is not"),
    "no model": ('{"a": 1}', "must be an architecture with class_name and config"),
    "a list": ("[1]", "a.json: it"),
    "damage": ('{"class_name": ', "a.json: it"),
    "damaged text": ('"{', "is damaged JSON"),
    "a number": (
        '{"class_name": "Sequential", "config": [], "keras_version": 2}',
        "must say keras_version as text",
    ),
    "other layers": (
        '{"class_name": "Sequential", "config": [{"class_name": "Lambda", "config": '
        '{"name": "mine", "batch_input_shape": [null, 9]}}]}',
        "layer 'mine' (Lambda) holds code, which is never run",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_architectures_that_are_none(name, weights, tmp_path):
    text, message = WRONG[name]
    path = tmp_path / "a.json"
    path.write_text(text)
    assert message in message_of(lambda: load_keras(weights, architecture=path))


def test_arguments(whole, weights, tmp_path):
    for architecture, message in [
        (3, "`architecture` must be a JSON file of Keras's `model.to_json()`"),
        (tmp_path / "none.json", "none.json"),
    ]:

        def load(architecture=architecture):
            return load_keras(weights, architecture=architecture)

        assert message in message_of(load)
    both = message_of(lambda: load_keras(whole, architecture="{}"))
    assert "must be None for a file that holds its own" in both
