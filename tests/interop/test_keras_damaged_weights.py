"""Weights that are not those of the model, or not in the file."""

import h5py
import jax.numpy as jnp
import numpy as np
import pytest
from interop.keras_files import gru_file, gru_weights, load_small, message_of
from numerics import normal

from seqconv_jax import models, nn
from seqconv_jax.interop import load_keras_weights

KERNEL = "layers/gru/cell/vars/0"


def replace(path, name, make):
    with h5py.File(path, "a") as file:
        del file[name]
        make(file)
    return path


def external_storage(file):
    file.create_dataset(
        KERNEL, (2, 9), "f4", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)]
    )


def virtual(file):
    layout = h5py.VirtualLayout((2, 9), "f4")
    layout[:] = h5py.VirtualSource("elsewhere.h5", "x", (2, 9))
    file.create_virtual_dataset(KERNEL, layout)


def never_stored(file):
    file.create_dataset(KERNEL, (2, 9), "f4", chunks=(1, 9))


def compressed(file):
    file.create_dataset(KERNEL, data=normal(2, 9), compression="gzip")


def huge(file):
    file.create_dataset(KERNEL, (50_000_000, 50_000_000), "f4", chunks=(1, 1024))


PLANTED = {
    "an external link": (
        lambda file: file.__setitem__(
            KERNEL, h5py.ExternalLink("/etc/passwd", "/secret")
        ),
        "is a link to somewhere else (ExternalLink), which is never followed",
    ),
    "a soft link": (
        lambda file: file.__setitem__(KERNEL, h5py.SoftLink("/layers/dense/vars/0")),
        "is a link to somewhere else (SoftLink)",
    ),
    "external storage": (external_storage, "lies outside the file, in '/etc/passwd'"),
    "a virtual dataset": (virtual, "is a virtual dataset, made of other files"),
    "nothing stored": (never_stored, "must be stored whole and uncompressed"),
    "compression": (compressed, "must be stored whole and uncompressed"),
    "50M x 50M": (huge, "must have shape (2, 9), got (50000000, 50000000)"),
    "another shape": (
        lambda file: file.__setitem__(KERNEL, normal(9, 2)),
        "'/layers/gru/cell/vars/0' must have shape (2, 9), got (9, 2)",
    ),
    "another type": (
        lambda file: file.__setitem__(KERNEL, normal(2, 9, dtype="float16")),
        "must hold float32, got float16",
    ),
    "a group": (lambda file: file.create_group(KERNEL), "is no dataset"),
    "nothing": (lambda file: None, "must hold 3 weights"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_arrays_that_are_not_what_they_seem(name, weights):
    plant, message = PLANTED[name]
    got = message_of(load_small, replace(weights, KERNEL, plant))
    assert message in got and str(weights) in got


def test_a_group_behind_an_external_link(weights):
    link = h5py.ExternalLink("/etc/passwd", "/gru")
    replace(weights, "layers/gru", lambda file: file["layers"].__setitem__("gru", link))
    assert "'/layers/gru' is a link to somewhere else" in message_of(
        load_small, weights
    )


def test_layers_missing_and_unexpected(weights):
    with h5py.File(weights, "a") as file:
        file.move("layers/dense", "layers/lstm")
    message = message_of(load_small, weights)
    assert "missing dense; unexpected lstm" in message


def test_layers_without_weights_may_be_there_or_not(weights):
    before = load_small(weights)
    with h5py.File(weights, "a") as file:
        file.create_group("layers/dropout/vars")
        file["layers/dropout/seed_generator/vars/0"] = np.zeros(2, np.uint32)
    after = load_small(weights)
    assert jnp.array_equal(before["GRU_0"]["kernel"], after["GRU_0"]["kernel"])


def test_missing_bias(weights):
    with h5py.File(weights, "a") as file:
        del file["layers/dense/vars/1"]
    message = message_of(load_small, weights)
    assert "'dense/vars' must hold 2 weights (kernel, bias), got 1" in message
    assert "use_bias=False" in message


@pytest.mark.parametrize("reset_after", [False, True])
def test_the_other_reset_convention(reset_after, tmp_path):
    weights = gru_weights(reset_after=not reset_after)
    path = gru_file(tmp_path / "a.h5", None, {}, weights, root="")
    net = models.GRURegressor(2, reset_after=reset_after)
    message = message_of(load_keras_weights, path, net, normal(1, 5, 3))
    assert "bias:0' must have shape" in message and "set reset_after" in message


def test_older_files_whose_lists_are_wrong(tmp_path):
    path = gru_file(tmp_path / "a.h5", None, {}, gru_weights(), root="")
    net, x = models.GRURegressor(2), normal(1, 5, 3)

    def changed(where, name, value):
        with h5py.File(path, "a") as file:
            before = file[where].attrs[name]
            file[where].attrs[name] = value
        message = message_of(load_keras_weights, path, net, x)
        with h5py.File(path, "a") as file:
            file[where].attrs[name] = before
        return message

    twice = changed("/", "layer_names", [b"gru_1", b"gru_1"])
    assert "names ['gru_1'] more than once" in twice
    one = changed("/", "layer_names", [b"gru_1"])
    assert "expected 2 layers with weights (gru, dense), got 1 (gru_1)" in one
    gone = changed("/", "layer_names", [b"gru_1", b"dense_9"])
    assert "'/dense_9' is missing" in gone
    paths = [f"gru_1/{name}:0".encode() for name in ("recurrent_kernel", "kernel")]
    order = changed("gru_1", "weight_names", [*paths, b"gru_1/bias:0"])
    assert "the kernel of layer 'gru_1' was expected, got 'gru_1/recurrent_k" in order
    fewer = changed("gru_1", "weight_names", [b"gru_1/kernel:0"])
    assert "'gru_1' must hold 3 weights (kernel, recurrent_kernel, bias)" in fewer
    outside = changed("gru_1", "weight_names", [b"../x", b"a", b"b"])
    assert "was expected, got '../x'" in outside


def test_paths_that_climb(tmp_path):
    path = gru_file(tmp_path / "a.h5", None, {}, gru_weights(), root="")
    with h5py.File(path, "a") as file:
        names = [b"../gru_1/kernel:0", b"gru_1/recurrent_kernel:0", b"gru_1/bias:0"]
        file["gru_1"].attrs["weight_names"] = names
    message = message_of(
        load_keras_weights, path, models.GRURegressor(2), normal(1, 5, 3)
    )
    assert "'/gru_1/..' is missing" in message


def test_a_model_of_another_kind(weights):
    net = nn.Sequential((nn.Dense(3), nn.GRU(3), nn.Dense(1)))
    message = message_of(load_keras_weights, weights, net, normal(1, 6, 2))
    assert "missing dense_1; unexpected none" in message
