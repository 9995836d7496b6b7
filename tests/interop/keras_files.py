"""Keras models to save, and files as older versions wrote them."""

import json
import warnings
import zipfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import h5py
import jax
import keras
import keras_reference
import numpy as np
import pytest
from keras import layers as k
from numerics import normal, quick_jit

from seqconv_jax import UserError, models
from seqconv_jax.interop import load_keras_weights

IDS = np.array([[1, 2, 3, 0, 0, 4, 4], [0, 0, 4, 5, 6, 0, 0]], np.int32)


def model(shape, layers, *, dtype=None, seed=0):
    """Build a Keras Sequential with no zero among its weights."""
    dtype = dtype or ("int32" if len(shape) == 1 else "float32")
    built = keras_reference.sequential(shape, layers, dtype)
    randomise(built, seed)
    return built


def functional(shape, function):
    """Build a Keras Functional with no zero among its weights."""
    with keras_reference.exact():
        x = keras.Input(shape, dtype="int32" if len(shape) == 1 else "float32")
        built = keras.Model(x, function(x))
    randomise(built)
    return built


def randomise(built, seed=0):
    with keras_reference.exact():
        for i, variable in enumerate(built.trainable_variables):
            value = 0.5 * normal(*variable.shape, seed=seed + i)
            variable.assign(jax.device_put(value))
        for i, variable in enumerate(built.non_trainable_variables):
            value = normal(*variable.shape, seed=seed - i + 99)
            if variable.name == "moving_mean":
                variable.assign(jax.device_put(value))
            if variable.name == "moving_variance":
                variable.assign(jax.device_put(value**2 + np.float32(0.1)))


def predict(built, x):
    weights = [variable.value for variable in built.trainable_variables]
    return np.asarray(keras_reference.apply(built, weights, x))


@contextmanager
def undisturbed():
    """Let Keras warn of the older format, and of NumPy's newer arguments."""
    with keras_reference.exact(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def save(built, path):
    with undisturbed():
        built.save(path)
    return path


def save_weights(built, path):
    with undisturbed():
        built.save_weights(path)
    return path


def load_weights(built, path):
    with undisturbed():
        built.load_weights(path)


def small():
    """A model with every kind of weight, quick to compile."""
    return model(
        (9,),
        [
            k.Embedding(7, 4),
            k.Conv1D(5, 2, activation="relu"),
            k.Bidirectional(k.GRU(3, return_sequences=True)),
            k.GRU(2, reset_after=False),
            k.Dense(1),
        ],
    )


def gru_file(
    path,
    version,
    options,
    weights,
    *,
    listed=False,
    root="model_weights",
    kind="GRU",
):
    """Write an HDF5 file as Keras 2 did: a GRU and a dense layer on (5, 3)."""
    layers = [
        {
            "class_name": kind,
            "config": {"name": "gru_1", "batch_input_shape": [None, 5, 3], **options},
        },
        {"class_name": "Dense", "config": {"name": "dense_1", "units": 1}},
    ]
    inner = layers if listed else {"name": "sequential_1", "layers": layers}
    config = {"class_name": "Sequential", "config": inner}
    with h5py.File(path, "w") as file:
        group = file
        if root:
            if version:
                file.attrs["keras_version"] = np.bytes_(version)
            file.attrs["model_config"] = np.bytes_(json.dumps(config))
            group = file.create_group(root)
        group.attrs["layer_names"] = [b"gru_1", b"dense_1"]
        for layer, names in (
            ("gru_1", ["kernel", "recurrent_kernel", "bias"]),
            ("dense_1", ["kernel", "bias"]),
        ):
            paths = [f"{layer}/{name}:0" for name in names]
            its = group.create_group(layer)
            its.attrs["weight_names"] = [p.encode() for p in paths]
            for name, p in zip(names, paths, strict=True):
                its[p] = weights[layer, name]
    return path


def gru_weights(units=2, *, reset_after=False):
    bias = (2, 3 * units) if reset_after else (3 * units,)
    shapes = {
        ("gru_1", "kernel"): (3, 3 * units),
        ("gru_1", "recurrent_kernel"): (units, 3 * units),
        ("gru_1", "bias"): bias,
        ("dense_1", "kernel"): (units, 1),
        ("dense_1", "bias"): (1,),
    }
    return {
        name: normal(*shape, seed=i) for i, (name, shape) in enumerate(shapes.items())
    }


def rewritten(path: Path, target: Path, changes) -> Path:
    """Copy a `.keras` file with members replaced; None drops one, a list repeats."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = changes.get(name, old.read(name))
            for part in content if isinstance(content, list) else [content]:
                if part is not None:
                    new.writestr(name, part)
    return target


@partial(quick_jit, static_argnums=0)
def applied(model, variables, x):
    return model.apply(variables, x)


def evaluate(loaded, x):
    variables = {"params": loaded.params, "batch_stats": loaded.batch_stats}
    return np.asarray(applied(loaded.model, variables, x))


def message_of(load, *arguments):
    """Return the message of the error that loading ends in, which is one line."""
    with pytest.raises(UserError) as error:
        load(*arguments)
    assert "\n" not in str(error.value)
    return str(error.value)


def load_small(path):
    return load_keras_weights(
        path, models.GRURegressor(3, reset_after=True), normal(1, 6, 2)
    )


def with_config(whole, tmp_path, change):
    with zipfile.ZipFile(whole) as archive:
        config = json.loads(archive.read("config.json"))
    change(config)
    return rewritten(
        whole, tmp_path / "changed.keras", {"config.json": json.dumps(config)}
    )
