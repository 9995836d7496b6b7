"""Small valid files of every kind that the library reads; equal in every process."""

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from soaking.containers import zip_of

IMAGES = (1, 9, 2)  # the shape of the example that the models below are given


def csv_of(rows: int = 30, columns: int = 2, times: bool = True) -> bytes:
    """Return a table of days and levels."""
    values = np.random.default_rng(rows + columns).normal(size=(rows, columns))
    days = np.arange("2020-01-01", rows, dtype="datetime64[D]")
    names = [f"level {i}" for i in range(columns)]
    lines = [",".join([*(["day"] if times else []), *names])]
    for day, row in zip(days, values, strict=True):
        cells = [f"{value:.3f}" for value in row]
        lines.append(",".join([*([str(day)] if times else []), *cells]))
    return "\n".join(lines).encode() + b"\n"


def gz_of(content: bytes) -> bytes:
    """Return the content compressed, without a time stamp."""
    return gzip.compress(content, mtime=0)


def npz_of(**arrays: np.ndarray) -> bytes:
    """Return an `.npz` file."""
    content = io.BytesIO()
    np.savez(content, **arrays)  # pyright: ignore[reportArgumentType]
    return content.getvalue()


def numbers() -> bytes:
    """Return an `.npz` of plain arrays `a` and `b`."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=(5, 3)).astype(np.float32)
    return npz_of(a=a, b=np.asfortranarray(rng.integers(0, 99, (4, 2))))


def reviews(train: int = 12, test: int = 6, words: int = 8) -> bytes:
    """Return a file in the form of Keras's `imdb.npz`, its first word the label."""
    rng = np.random.default_rng(0)
    arrays = {}
    for name, count in (("train", train), ("test", test)):
        labels = np.arange(count) % 2
        rows = np.empty(count, object)
        for i, label in enumerate(labels):
            rows[i] = [int(label) + 5] * 2 + rng.integers(10, 90, words).tolist()
        arrays |= {f"x_{name}": rows, f"y_{name}": labels}
    return npz_of(**arrays)


def word_index() -> bytes:
    """Return a table of words and ranks."""
    words = ["the", "a", "film", "good", "née", "don't"]
    return json.dumps({word: rank for rank, word in enumerate(words, 1)}).encode()


def parquet_files() -> list[bytes]:
    """Return tables of floats, of other numbers, and of what is no number."""
    import pyarrow as pa
    from pyarrow import parquet

    days = np.arange("2020-01-01", 20, dtype="datetime64[D]").astype("datetime64[us]")
    steps = np.arange(20)
    level = np.sin(steps)
    tables: list[dict[str, Any]] = [
        {"day": days, "level": level, "flow": level.astype(np.float32)},
        {"day": days, "level": steps, "count": steps.astype(np.uint8)},
        {"day": days, "level": [None if i == 3 else float(i) for i in range(20)]},
        {"day": days.astype(str), "level": level, "place": ["x"] * 20},
    ]
    files = []
    for table in tables:
        content = io.BytesIO()
        parquet.write_table(pa.table(table), content)
        files.append(content.getvalue())
    return files


def network() -> tuple[Any, np.ndarray]:
    """Return a model with several kinds of layers, and an example."""
    from seqconv_jax import nn

    layers = (nn.Conv1D(3, 2), nn.GRU(2), nn.Dense(1))
    return nn.Sequential(layers), np.zeros(IMAGES, np.float32)


def variables() -> tuple[Any, Any, np.ndarray]:
    """Return the model, its parameters and the example."""
    import jax

    model, example = network()
    shapes = jax.eval_shape(model.init, jax.random.key(0), example)["params"]
    rng = np.random.default_rng(0)
    params = jax.tree.map(lambda x: rng.normal(size=x.shape).astype(x.dtype), shapes)
    return model, params, example


def safetensors(folder: Path) -> bytes:
    """Return the model as one safetensors file."""
    from seqconv_jax import interop

    model, params, example = variables()
    path = folder / "sample.safetensors"
    interop.save_safetensors(path, model, params, example)
    return path.read_bytes()


def keras_weights(folder: Path) -> bytes:
    """Return its weights as Keras's `.weights.h5`."""
    from seqconv_jax import interop

    model, params, example = variables()
    path = folder / "sample.weights.h5"
    interop.save_keras_weights(path, model, params, example)
    return path.read_bytes()


def keras_archive(folder: Path) -> bytes:
    """Return the whole model as Keras 3 saves it."""
    shape = list(IMAGES[1:])
    input_layer = {"batch_shape": [None, *shape], "dtype": "float32", "name": "input"}
    conv = {"filters": 3, "kernel_size": [2], "activation": "linear"}
    conv |= {"strides": [1], "padding": "valid", "dilation_rate": [1], "use_bias": True}
    gru = {"units": 2, "reset_after": False, "activation": "tanh"}
    gru |= {"recurrent_activation": "sigmoid", "use_bias": True, "dropout": 0.0}
    gru |= {"recurrent_dropout": 0.0, "return_sequences": False, "go_backwards": False}
    dense = {"units": 1, "activation": "linear", "use_bias": True}
    layers = [
        ("InputLayer", input_layer),
        ("Conv1D", {"name": "conv1d", **conv}),
        ("GRU", {"name": "gru", **gru}),
        ("Dense", {"name": "dense", **dense}),
    ]
    config = {
        "module": "keras",
        "class_name": "Sequential",
        "config": {
            "name": "sequential",
            "layers": [
                {"module": "keras.layers", "class_name": name, "config": settings}
                for name, settings in layers
            ],
        },
    }
    members = {
        "metadata.json": json.dumps({"keras_version": "3.11.0"}).encode(),
        "config.json": json.dumps(config).encode(),
        "model.weights.h5": keras_weights(folder),
    }
    return zip_of(members, zipfile.ZIP_STORED)


def keras_h5(folder: Path) -> bytes:
    """Return a whole model in HDF5, as Keras 2 saved it."""
    import h5py

    _, params, _ = variables()
    shape = [None, *IMAGES[1:]]
    dense = {"name": "dense", "units": 1, "activation": "linear"}
    conv = {"name": "conv1d", "filters": 3, "kernel_size": [2]}
    conv |= {"batch_input_shape": shape, "activation": "linear"}
    gru = {"name": "gru", "units": 2, "reset_after": False}
    gru |= {"activation": "tanh", "recurrent_activation": "sigmoid"}
    layers = [
        {"class_name": name, "config": settings}
        for name, settings in (("Conv1D", conv), ("GRU", gru), ("Dense", dense))
    ]
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": layers}}
    path = folder / "sample.h5"
    with h5py.File(path, "w", track_order=False) as file:
        file.attrs["keras_version"] = np.bytes_("2.15.0")
        file.attrs["model_config"] = np.bytes_(json.dumps(config))
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = [b"conv1d", b"gru", b"dense"]
        for i, name in enumerate(("conv1d", "gru", "dense")):
            arrays = params[f"layers_{i}"]
            order = ("kernel", "recurrent_kernel", "bias")
            held = [one for one in order if one in arrays]
            group = root.create_group(name)
            paths = [f"{name}/{one}:0" for one in held]
            group.attrs["weight_names"] = [one.encode() for one in paths]
            for one, where in zip(held, paths, strict=True):
                group.create_dataset(where, data=np.asarray(arrays[one]))
    return path.read_bytes()
