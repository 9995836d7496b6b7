"""One safetensors file for a model: its parameters and, in the header, what it is.

The header's metadata holds `seqconv_jax`, a JSON object with the model's classes and
settings and the shape and type of its input, so that the file is enough to use it.
Other programs read the tensors as they read any such file.
"""

import os
from pathlib import Path
from typing import Any, BinaryIO

from flax import linen as nn

from seqconv_jax import _checks
from seqconv_jax._checks import UserError
from seqconv_jax._files import replace_file
from seqconv_jax._json import parse_object, to_json
from seqconv_jax.interop.extra import import_extra
from seqconv_jax.interop.keras import Loaded
from seqconv_jax.interop.model_config import decode, encode
from seqconv_jax.interop.untrusted import REMEDY, open_untrusted
from seqconv_jax.interop.variables import (
    as_variables,
    checked_variables,
    expected_variables,
)
from seqconv_jax.nn.calls import abstract

_FORMAT = 1
_KEY = "seqconv_jax"
_LIBRARY = "safetensors.numpy"
# A header with thousands of tensors has less; the format itself allows 100 MB.
_LARGEST_HEADER = 10_000_000
_TYPES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}


def save_safetensors(
    path: str | os.PathLike[str],
    model: nn.Module,
    params: Any,
    example: Any,
    batch_stats: Any = None,
) -> None:
    """Write a model of ours, settings and parameters, into one safetensors file.

    Parameters are named by their path, `Dense_0/kernel`, moving averages by
    `batch_stats/` and theirs.

    Args:
        path: the file; replaced at once and whole if it exists.
        model: a model of `models`, or one made of layers of `nn`.
        params: its parameters.
        example: a batch of inputs; only its shape and dtype matter.
        batch_stats: the moving averages of a model with `BatchNorm` layers.

    Raises:
        UserError: if `params` or `batch_stats` are not the model's, the model has
            classes of somebody else's, or the file cannot be written.

    Example:
        >>> import tempfile
        >>> import jax.numpy as jnp
        >>> from seqconv_jax.nn import Dense
        >>> x, params = jnp.ones((2, 3)), {"kernel": jnp.ones((3, 1))}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "a.safetensors")
        ...     save_safetensors(path, Dense(1, use_bias=False), params, x)
        ...     loaded = load_safetensors(path)
        >>> loaded.model.apply({"params": loaded.params}, x).tolist()
        [[3.0], [3.0]]
    """
    expected = expected_variables(model, example)
    arrays = checked_variables(params, batch_stats, expected)
    about = {
        "format": _FORMAT,
        "model": encode(model),
        "input": {"shape": example.shape[1:], "dtype": str(example.dtype)},
    }
    named = {_tensor(name): array for name, array in arrays.items()}
    metadata = {_KEY: to_json(about).strip()}
    content = import_extra(_LIBRARY).save(named, metadata=metadata)
    replace_file(Path(path), content)


def load_safetensors(path: str | os.PathLike[str]) -> Loaded:
    """Load a model that `save_safetensors` wrote, bit for bit.

    Returns:
        The model, its parameters, the shape of its input, and its moving averages.

    Raises:
        UserError: if the file is damaged, or is not what its header says.

    Example:
        See `save_safetensors`.
    """
    _checks.path("path", path)
    path, library = Path(path), import_extra(_LIBRARY)
    with open_untrusted(path) as file:
        header = _read_header(file)
        metadata = header.pop("__metadata__", {})
        described = metadata.get(_KEY) if isinstance(metadata, dict) else None
        if described is None:
            raise UserError(
                "it does not say which model it belongs to: expected a file that "
                "save_safetensors wrote"
            )
        about = parse_object(described, "the model's configuration", remedy=REMEDY)
        _checks.expect(
            about["format"] == _FORMAT, "format", str(_FORMAT), about["format"]
        )
        model, shape = decode(about["model"]), _shape(about["input"]["shape"])
        example = abstract((1, *shape), about["input"]["dtype"])
        expected = expected_variables(model, example)
        _compare(header, {_tensor(name): want for name, want in expected.items()})
        try:
            arrays = library.load_file(path)
        except import_extra("safetensors").SafetensorError as error:
            raise UserError(f"it is damaged: {error}") from error
    read = as_variables({name: arrays[_tensor(name)] for name in expected})
    return Loaded(model, read["params"], shape, read["batch_stats"])


def _shape(sizes: Any) -> tuple[int, ...]:
    """Return the shape of one example of the input."""
    valid = isinstance(sizes, list) and all(type(size) is int for size in sizes)
    _checks.expect(valid and all(s > 0 for s in sizes), "shape", "sizes", sizes)
    return tuple(sizes)


def _tensor(name: str) -> str:
    """Return what the file calls a variable: parameters by their path alone."""
    return name.removeprefix("params/")


def _read_header(file: BinaryIO) -> dict[str, Any]:
    """Return the header of a safetensors file, whose names are all different.

    The library would take the last of several tensors of one name without a word.
    """
    length = int.from_bytes(file.read(8), "little")
    largest = min(_LARGEST_HEADER, os.fstat(file.fileno()).st_size - 8)
    if not 0 < length <= largest:
        most = f"at most {largest:,} bytes" if largest > 0 else "bytes"
        raise UserError(f"its header must have {most}, got {length:,}")
    return parse_object(file.read(length), "its header", remedy=REMEDY)


def _compare(header: dict[str, Any], expected: dict[str, Any]) -> None:
    """Raise unless the header announces just the tensors that the model has."""
    missing, odd = (
        sorted(expected.keys() - header.keys()),
        sorted(header.keys() - expected),
    )
    if missing or odd:
        raise UserError(
            f"the tensors are not those of the model: missing "
            f"{', '.join(missing) or 'none'}; unexpected {', '.join(odd) or 'none'}"
        )
    for name, want in expected.items():
        have = _TYPES.get(header[name]["dtype"]), tuple(header[name]["shape"])
        if have != (str(want.dtype), want.shape):
            raise UserError(
                f"{name!r} must be {want.dtype}{want.shape}, got "
                f"{header[name]['dtype']}{have[1]}"
            )
