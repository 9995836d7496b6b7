"""Files that older versions of Keras wrote."""

import h5py
import jax
import jax.numpy as jnp
import numpy as np
import oracles
import pytest
from interop import keras_files
from interop.keras_files import (
    evaluate,
    gru_file,
    gru_weights,
    save,
    save_weights,
)
from numerics import assert_close, assert_same_bits, normal

from seqconv_jax import models
from seqconv_jax.interop import (
    load_keras,
    load_keras_weights,
)


# What Keras 2 wrote, which Keras 3 reads with another meaning of hard_sigmoid.
@pytest.mark.parametrize(
    "version, gates", [("2.1.6", "hard_sigmoid"), ("2.15.0", "sigmoid")]
)
@pytest.mark.parametrize("reset_after", [None, False, True])
def test_files_of_keras_2(version, gates, reset_after, tmp_path):
    options = {"units": 2, "recurrent_activation": gates, "implementation": 1}
    if reset_after is not None:  # the first versions did not know the option
        options["reset_after"] = reset_after
    weights = gru_weights(reset_after=bool(reset_after))
    path = gru_file(
        tmp_path / "old.h5", version, options, weights, listed=reset_after is None
    )
    x = normal(2, 5, 3, seed=9)
    state = oracles.gru(
        x,
        *(weights["gru_1", name] for name in ("kernel", "recurrent_kernel", "bias")),
        reset_after=bool(reset_after),
        gate_activation="hard_sigmoid_keras2" if gates == "hard_sigmoid" else gates,
    )
    expected = state @ weights["dense_1", "kernel"] + weights["dense_1", "bias"]
    assert_close(evaluate(load_keras(path), x), expected.astype(np.float32))


def test_older_weights_alone(tmp_path):
    weights = gru_weights()
    path = gru_file(tmp_path / "weights.h5", None, {}, weights, root="")
    net = models.GRURegressor(2)
    params = load_keras_weights(path, net, normal(1, 5, 3))
    for name in ("kernel", "recurrent_kernel", "bias"):
        assert_same_bits(params["GRU_0"][name], weights["gru_1", name])
    assert_same_bits(params["Dense_0"]["kernel"], weights["dense_1", "kernel"])


def test_names_cut_into_several_attributes(tmp_path):
    path = gru_file(tmp_path / "weights.h5", None, {}, gru_weights(), root="")
    expected = load_keras_weights(path, models.GRURegressor(2), normal(1, 5, 3))
    with h5py.File(path, "a") as file:
        first, second = np.ravel(np.asarray(file.attrs["layer_names"]))
        del file.attrs["layer_names"]
        file.attrs["layer_names0"], file.attrs["layer_names1"] = [first], [second]
    params = load_keras_weights(path, models.GRURegressor(2), normal(1, 5, 3))
    jax.tree.map(assert_same_bits, params, expected)


def test_the_name_that_tensorflow_first_gave_the_layers(tmp_path):
    built, path = keras_files.small(), tmp_path / "a.weights.h5"
    save_weights(built, path)
    loaded = load_keras(save(built, tmp_path / "a.keras"))
    with h5py.File(path, "a") as file:
        file.move("layers", "_layer_checkpoint_dependencies")
    params = load_keras_weights(path, loaded.model, jnp.zeros((1, 9), int))
    jax.tree.map(assert_same_bits, params, loaded.params)


def test_names_that_windows_divided(tmp_path):
    built, path = keras_files.small(), tmp_path / "a.weights.h5"
    loaded = load_keras(save(built, tmp_path / "a.keras"))
    save_weights(built, path)
    with h5py.File(path) as old, h5py.File(tmp_path / "windows.h5", "w") as new:

        def copy(name, item):
            *folders, last = name.split("/")
            if last.isdigit():
                new["\\".join(folders[:-1]) + "/vars/" + last] = item[()]

        old.visititems(copy)
        assert {"layers\\gru\\cell", "layers\\conv1d"} <= set(new)
    example = jnp.zeros((1, 9), int)
    params = load_keras_weights(tmp_path / "windows.h5", loaded.model, example)
    jax.tree.map(assert_same_bits, params, loaded.params)
