"""A model in a file, to be damaged."""

import zipfile

import pytest
from interop.keras_files import model, save
from keras import layers as k


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A `.keras` file whose configuration is easy to change."""
    built = model((6, 2), [k.GRU(3), k.Dense(1)])
    return save(built, tmp_path_factory.mktemp("whole") / "model.keras")


@pytest.fixture
def weights(whole, tmp_path):
    """The `.weights.h5` file inside it."""
    path = tmp_path / "a.weights.h5"
    with zipfile.ZipFile(whole) as archive:
        path.write_bytes(archive.read("model.weights.h5"))
    return path
