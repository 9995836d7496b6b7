"""Models and weights from Keras, and weights for Keras."""

import os
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
from flax import linen as nn

from seqconv_jax import _checks
from seqconv_jax._checks import UserError
from seqconv_jax._checks import path as check_path
from seqconv_jax._files import replace_file
from seqconv_jax.interop.keras_architecture import (
    Architecture,
    Described,
    architecture_beside,
    read_architecture,
)
from seqconv_jax.interop.keras_config import describe
from seqconv_jax.interop.keras_file import KerasFile, open_keras
from seqconv_jax.interop.keras_weights import read_weights, weights_file
from seqconv_jax.interop.layers import layers_of
from seqconv_jax.interop.variables import (
    as_variables,
    checked_variables,
    expected_variables,
    of_collection,
)
from seqconv_jax.nn import Embedding, Parallel, Residual, Sequential
from seqconv_jax.nn.calls import abstract
from seqconv_jax.nn.final_activation import final_activation, without_probabilities

# Shapes are inferred from it where a model leaves its length open; nothing is computed.
_OPEN_LENGTH = 1 << 20
_SUFFIX = ".weights.h5"

PathLike = str | os.PathLike[str]


class Loaded(NamedTuple):
    """A model from a file.

    Attributes:
        model: a Flax module.
        params: its parameters: `model.apply({"params": params}, x)`.
        input_shape: of one example, with None for a length that is left open.
        batch_stats: the moving averages of its `BatchNorm` layers, which then are to be
            given as well: `{"params": params, "batch_stats": batch_stats}`.
    """

    model: nn.Module
    params: Any
    input_shape: tuple[int | None, ...]
    batch_stats: Any = {}

    @property
    def final_activation(self) -> str | None:
        """What the model's outputs come from: `"sigmoid"`, `"linear"`, ...

        After a sigmoid or a softmax they are probabilities, not the logits that
        `losses` takes by default. None where the model's layers do not say.
        """
        return final_activation(self.model)


def load_keras(
    path: PathLike,
    *,
    architecture: Architecture | None = None,
    logits: bool = False,
) -> Loaded:
    """Load a whole model that Keras saved: `.keras`, or the older HDF5 file.

    Where the file holds weights alone, `architecture` says what Keras's
    `model.to_json()` wrote; `NAME.json` beside `NAME.h5` or `NAME.weights.h5` is found,
    with a warning that names it.

    Nothing in the file is executed. Dropout layers and rates come along, what acts in
    training alone (regularizers, the optimiser) does not. A Functional model may have
    branches that nest: a sum of two becomes `nn.Residual`, with the layers of its first
    input and the shortcut of its second (the other way round if the first is the input
    itself), any other merge `nn.Parallel`. Masks end where Keras forgets them.

    A model that ends in a sigmoid or a softmax returns probabilities, as in Keras,
    while `losses` take logits: training and evaluation raise unless the losses are told
    `from_probabilities`, or the model is loaded with `logits=True`.

    Args:
        path: the file; what it is is read from its content, not from its suffix.
        architecture: of a file of weights alone: a JSON file that Keras's
            `model.to_json()` wrote, its text, or the mapping in it.
        logits: whether to leave the sigmoid or softmax at the end out, so that the
            model returns what `losses` take.

    Returns:
        An `nn.Sequential`, its parameters, the shape of its input, and its moving
        averages if it has any. Ids are integers.

    Raises:
        UserError: naming the first layer, option or array that cannot be taken over;
            if there is no sigmoid or softmax for `logits` to leave out.

    Example:
        After `model.save("model.keras")` in Keras::

            loaded = load_keras("model.keras")
            variables = {"params": loaded.params, "batch_stats": loaded.batch_stats}
            y = loaded.model.apply(variables, x)
    """
    check_path("path", path)
    path = Path(path)
    with open_keras(path) as file:
        described = describe(*_architecture(file, path, architecture))
        sizes = [_OPEN_LENGTH if n is None else n for n in described.input_shape]
        dtype = jnp.int32 if _takes_ids(described.model.layers) else jnp.float32
        layers = layers_of(described.model, abstract((1, *sizes), dtype))
        arrays = read_weights(file, layers, described.places)
        model = _of_logits(described.model) if logits else described.model
    read = as_variables(arrays)
    return Loaded(model, read["params"], described.input_shape, read["batch_stats"])


def _architecture(
    file: KerasFile, path: Path, architecture: Architecture | None
) -> Described:
    """Return the architecture that a file holds, that is given, or lies beside it."""
    if file.config is not None:
        if architecture is not None:
            raise UserError(
                "`architecture` must be None for a file that holds its own, as it does"
            )
        return Described(file.config, file.version)
    if architecture is None:
        architecture = architecture_beside(path)
        if architecture is None:
            raise UserError(
                "it holds weights alone: give the `architecture` that Keras's "
                "model.to_json() wrote, or build the model and call load_keras_weights"
            )
        warnings.warn(
            f"{path}: the architecture is read from {architecture.name} beside it",
            stacklevel=3,
        )
    described = read_architecture(architecture)
    return Described(described.config, described.version or file.version)


def _takes_ids(layers: Any) -> bool:
    """Say whether the first of the layers, in any branch, looks vectors up."""
    first = layers[0] if layers else None
    if isinstance(first, Residual):
        return _takes_ids(first.layers) or _takes_ids(first.shortcut)
    if isinstance(first, Parallel):
        return any(map(_takes_ids, first.branches))
    if isinstance(first, Sequential):
        return _takes_ids(first.layers)
    return isinstance(first, Embedding)


def _of_logits(model: Sequential) -> Sequential:
    try:
        return without_probabilities(model)
    except ValueError as error:
        raise UserError(
            "`logits` must be False for a model that does not end in a sigmoid or a "
            f"softmax, got True, and it ends in {str(error)!r}"
        ) from None


def load_keras_weights(path: PathLike, model: nn.Module, example: Any) -> Any:
    """Load weights that Keras saved into a model of ours.

    A `.weights.h5` file counts layers class by class, and other weights alone come
    layer by layer, both in the order of `model.layers` in Keras. For layers one after
    another that is their order. Where there are branches, Keras puts those layers first
    that are farthest from the output, counted in layers on the longest way, and those
    equally far in the order of the branches; `model` is then to have the same layers,
    those without weights included.

    Args:
        path: a `.weights.h5` file, or any that `load_keras` takes.
        model: the same layers in the same order; its options are not compared with
            Keras's, as such a file does not say them.
        example: a batch of inputs; only its shape and dtype matter.

    Returns:
        The parameters of `model`.

    Raises:
        UserError: if layers, weights or shapes are not those of the model, or it has
            moving averages, which `load_keras_variables` returns as well.

    Example:
        >>> import tempfile
        >>> from seqconv_jax.nn import Dense
        >>> x = jnp.ones((2, 3))
        >>> params = {"kernel": jnp.ones((3, 1)), "bias": jnp.zeros(1)}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "a.weights.h5")
        ...     save_keras_weights(path, Dense(1), params, x)
        ...     loaded = load_keras_weights(path, Dense(1), x)
        >>> loaded["kernel"].tolist()
        [[1.0], [1.0], [1.0]]
    """
    if of_collection("batch_stats", expected_variables(model, example)):
        raise UserError(
            "`model` has moving averages besides its parameters: call "
            "load_keras_variables, which returns both"
        )
    return load_keras_variables(path, model, example)["params"]


def load_keras_variables(
    path: PathLike, model: nn.Module, example: Any
) -> dict[str, Any]:
    """Load weights that Keras saved, moving averages included.

    Args:
        path: as for `load_keras_weights`.
        model: as for `load_keras_weights`.
        example: as for `load_keras_weights`.

    Returns:
        `{"params": ..., "batch_stats": ...}`, to be given to `model.apply`.

    Raises:
        UserError: if layers, weights or shapes are not those of the model.

    Example:
        >>> import tempfile
        >>> import jax
        >>> from seqconv_jax.nn import BatchNorm
        >>> x = jnp.ones((2, 9, 3))
        >>> variables = BatchNorm().init(jax.random.key(0), x)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "a.weights.h5")
        ...     save_keras_weights(path, BatchNorm(), **variables, example=x)
        ...     loaded = load_keras_variables(path, BatchNorm(), x)
        >>> loaded["batch_stats"]["var"].tolist()
        [1.0, 1.0, 1.0]
    """
    layers = layers_of(model, example)
    check_path("path", path)
    with open_keras(Path(path)) as file:
        return as_variables(read_weights(file, layers))


def save_keras_weights(
    path: PathLike,
    model: nn.Module,
    params: Any,
    example: Any,
    batch_stats: Any = None,
) -> None:
    """Write the weights of a model of ours as Keras's `load_weights` reads them.

    In Keras, build the same layers in the same order and call `load_weights`. How
    Keras orders those of branches, `load_keras_weights` says.

    Args:
        path: a name that ends in `.weights.h5`, as Keras wants it; replaced at once
            and whole if it exists.
        model: a module whose layers Keras has.
        params: its parameters, in float32.
        example: a batch of inputs; only its shape and dtype matter.
        batch_stats: the moving averages of a model with `BatchNorm` layers.

    Raises:
        UserError: if the model has a layer that Keras has not, `params` or
            `batch_stats` are not its own, or the file cannot be written.

    Example:
        See `load_keras_weights`.
    """
    check_path("path", path)
    path = Path(path)
    fits = path.name.endswith(_SUFFIX)
    _checks.expect(fits, "path", f"a {_SUFFIX} file", str(path))
    layers = layers_of(model, example)
    expected = expected_variables(model, example)
    arrays = checked_variables(params, batch_stats, expected)
    replace_file(path, weights_file(layers, arrays))
