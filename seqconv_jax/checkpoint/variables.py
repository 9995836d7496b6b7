"""What a model is called with, beside Orbax's files, for whoever only uses it.

`variables.bin` holds the bytes of those leaves one after the other, little-endian, by
name; names, shapes and types are in the manifest, and so is its hash. Reading it takes
no library, which halves the time until a first answer.
"""

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from seqconv_jax.checkpoint.manifest import NAME, DamagedError, verify

FILE = "variables.bin"
PARAMS, AVERAGE = "state/params", "state/ema_params"
BATCH_STATS = "state/batch_stats"
_PARTS = (f"{PARAMS}/", f"{AVERAGE}/", f"{BATCH_STATS}/")


def write_variables(where: Path, leaves: Mapping[str, np.ndarray]) -> None:
    """Save those of the leaves that a model is called with, if there are any."""
    if not (names := _names(leaves)):
        return
    with (where / FILE).open("xb") as file:
        for name in names:
            leaf = np.ascontiguousarray(leaves[name]).reshape(-1)
            file.write(leaf.view(np.uint8).data)
        file.flush()
        os.fsync(file.fileno())


def read_variables(
    where: Path, manifest: Mapping[str, Any]
) -> dict[str, np.ndarray] | None:
    """Return those leaves by name, once every file has been checked.

    They are None where the step was saved by a version that kept no such file.
    """
    if FILE not in manifest["files"]:
        return None
    verify(where, dict(manifest))
    content = memoryview((where / FILE).read_bytes())
    found, start = {}, 0
    for name in _names(manifest["leaves"]):
        described = manifest["leaves"][name]
        try:
            dtype, shape = np.dtype(described["dtype"]), described["shape"]
            end = start + math.prod(shape) * dtype.itemsize
            found[name] = np.frombuffer(content[start:end], dtype).reshape(shape)
        except (TypeError, ValueError) as error:
            raise DamagedError(where, f"{FILE} holds no {name}: {error}") from None
        start = end
    if start != len(content):
        raise DamagedError(where, f"{FILE} holds more than {NAME} says")
    return found


def has_part(part: str) -> bool:
    """Return whether a part of a saved tree lies in the file, as a whole."""
    return f"{part}/".startswith(_PARTS)


def _names(leaves: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in leaves if name.startswith(_PARTS))
