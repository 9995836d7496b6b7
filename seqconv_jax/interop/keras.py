"""Models and weights from Keras, and weights for Keras."""

import os
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from flax.traverse_util import flatten_dict, unflatten_dict

from seqconv_jax import _checks
from seqconv_jax._checks import UserError
from seqconv_jax._files import replace_file
from seqconv_jax.interop.keras_config import describe
from seqconv_jax.interop.keras_file import open_keras
from seqconv_jax.interop.keras_weights import read_weights, weights_file
from seqconv_jax.interop.layers import expected_params, layers_of
from seqconv_jax.nn.calls import abstract

# Shapes are inferred from it where a model leaves its length open; nothing is computed.
_OPEN_LENGTH = 1 << 20

PathLike = str | os.PathLike[str]


class Loaded(NamedTuple):
    """A model from a file.

    Attributes:
        model: a Flax module.
        params: its parameters: `model.apply({"params": params}, x)`.
        input_shape: of one example, with None for a length that is left open.
    """

    model: nn.Module
    params: Any
    input_shape: tuple[int | None, ...]


def load_keras(path: PathLike) -> Loaded:
    """Load a whole model that Keras saved: `.keras`, or the older HDF5 file.

    Nothing in the file is executed. Dropout layers and rates come along, what acts in
    training alone (regularizers, the optimiser) does not.

    Args:
        path: the file; what it is is read from its content, not from its suffix.

    Returns:
        An `nn.Sequential`, its parameters and the shape of its input. Ids are integers.

    Raises:
        UserError: naming the first layer, option or array that cannot be taken over.
    """
    path = Path(path)
    with open_keras(path) as file:
        if file.config is None:
            raise UserError(
                f"{path} holds weights alone: build the model and call "
                "load_keras_weights"
            )
        described = describe(file.config, file.version)
        sizes = [_OPEN_LENGTH if n is None else n for n in described.input_shape]
        dtype = jnp.float32 if len(sizes) > 1 else jnp.int32
        example = abstract((1, *sizes), dtype)
        layers = layers_of(described.model, example)
        arrays = read_weights(file, layers, described.names)
    return Loaded(described.model, _params(arrays), described.input_shape)


def load_keras_weights(path: PathLike, model: nn.Module, example: Any) -> Any:
    """Load weights that Keras saved into a model of ours.

    Args:
        path: a `.weights.h5` file, or any that `load_keras` takes.
        model: the same layers in the same order; its options are not compared with
            Keras's, as such a file does not say them.
        example: a batch of inputs; only its shape and dtype matter.

    Returns:
        The parameters of `model`.

    Raises:
        UserError: if layers, weights or shapes are not those of the model.
    """
    layers = layers_of(model, example)
    with open_keras(Path(path)) as file:
        return _params(read_weights(file, layers))


def save_keras_weights(
    path: PathLike, model: nn.Module, params: Any, example: Any
) -> None:
    """Write the weights of a model of ours as Keras's `load_weights` reads them.

    In Keras, build the same layers in the same order and call `load_weights`.

    Args:
        path: a name that ends in `.weights.h5`, as Keras wants it; replaced at once
            and whole if it exists.
        model: a module whose layers Keras has.
        params: its parameters, in float32.
        example: a batch of inputs; only its shape and dtype matter.

    Raises:
        UserError: if the model has a layer that Keras has not, `params` are not its
            parameters, or the file cannot be written.
    """
    path = Path(path)
    ending = ".weights.h5"
    _checks.expect(path.name.endswith(ending), "path", f"a {ending} file", str(path))
    layers = layers_of(model, example)
    arrays = checked_params(params, expected_params(model, example))
    replace_file(path, weights_file(layers, arrays))


def checked_params(
    params: Any, expected: dict[tuple[str, ...], Any]
) -> dict[tuple[str, ...], np.ndarray]:
    """Return host copies of parameters by path, if they are those expected.

    Raises:
        UserError: if a parameter is missing, unexpected, or of another shape or type.
    """
    flat: dict[Any, Any] = dict(flatten_dict(params))
    arrays = {path: np.asarray(value) for path, value in flat.items()}
    if missing := sorted("/".join(path) for path in set(expected) - set(arrays)):
        raise UserError(f"`params` lacks {', '.join(missing)}")
    if unexpected := sorted("/".join(path) for path in set(arrays) - set(expected)):
        raise UserError(f"`params` has {', '.join(unexpected)}, which `model` has not")
    for path, want in expected.items():
        have = arrays[path]
        if (have.shape, have.dtype) != (want.shape, want.dtype):
            raise UserError(
                f"`params` must have {'/'.join(path)} as {want.dtype}{want.shape}, "
                f"got {have.dtype}{have.shape}"
            )
    return arrays


def _params(arrays: dict[tuple[str, ...], np.ndarray]) -> Any:
    return unflatten_dict({path: jnp.asarray(array) for path, array in arrays.items()})
