"""Damage to an HDF5 file that h5py itself writes: links, shapes, types, attributes."""

import io
from contextlib import suppress
from random import Random
from typing import Any

from soaking.json_edits import edit_json
from soaking.mutate import mutate


def edit_hdf5(rng: Random, data: bytes) -> bytes:
    """Change a group, an array or an attribute of an HDF5 file."""
    import h5py

    content = io.BytesIO(data)
    with h5py.File(content, "r+") as file:
        names: list[str] = []
        file.visit(names.append)
        for _ in range(rng.choice((1, 1, 2, 4))):
            # An edit that HDF5 itself refuses leaves the file as it is.
            with suppress(ValueError, TypeError, KeyError, OSError, RuntimeError):
                name = rng.choice([name for name in names if name in file] or ["/"])
                if rng.random() < 0.4:
                    _edit_attribute(rng, file[rng.choice((name, "/"))])
                elif name != "/":
                    _edit_object(rng, file, name)
    return content.getvalue()


def _edit_object(rng: Random, file: Any, name: str) -> None:
    import h5py
    import numpy as np

    item = file[name]
    small = isinstance(item, h5py.Dataset) and item.size and item.size < 1000
    shape = item.shape if small else (2,)
    arrays = (
        np.zeros(shape, np.float64),
        np.zeros(shape, np.int32),
        np.full(shape, np.nan, np.float32),
        np.zeros((*shape, 1), np.float32),
        np.zeros(shape[:-1], np.float32),
        np.zeros(0, np.float32),
        np.array(b"text"),
        np.zeros(shape, [("a", "f4"), ("b", "i2")]),
    )
    links = (
        h5py.SoftLink("/"),
        h5py.SoftLink("/nowhere"),
        h5py.SoftLink(f"/{name}"),
        h5py.ExternalLink("/etc/hostname", "/"),
        h5py.ExternalLink("other.h5", f"/{name}"),
    )
    choice = rng.random()
    if choice < 0.2:
        file.copy(name, f"{name}_copy")
        return
    del file[name]
    if choice < 0.4:
        file[name] = rng.choice(links)
    elif choice < 0.5:
        file.create_group(name)
    elif choice < 0.6:
        huge = rng.choice(((10**6,) * 3, (2**40,), (2, 2**50)))
        file.create_dataset(name, huge, "f4", chunks=(1,) * len(huge))
    elif choice < 0.65:
        outside = [("/etc/hostname", 0, 4)]
        file.create_dataset(name, (1,), "f4", external=outside)
    elif choice < 0.9:
        file[name] = rng.choice(arrays)


def _edit_attribute(rng: Random, item: Any) -> None:
    import numpy as np

    names = list(item.attrs)
    if not names:
        item.attrs[rng.choice(("layer_names", "model_config", "x"))] = b"x"
        return
    name = rng.choice(names)
    value = item.attrs[name]
    if isinstance(value, (bytes, np.bytes_, str)) and rng.random() < 0.7:
        text = value.encode() if isinstance(value, str) else bytes(value)
        text = edit_json(rng, text) if text[:1] == b"{" else mutate(rng, text)[0]
        item.attrs[name] = np.bytes_(text[:50_000] or b"x")
        return
    odd = (0, -1, 1.5, b"", b"\xff\xfe", "ü", [b"a", b"b"], [b"dense"] * 3, [1, 2])
    value = rng.choice((*odd, np.zeros((2, 2)), None))
    if value is None:
        del item.attrs[name]
    else:
        item.attrs[name] = value
