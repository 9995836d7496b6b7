"""The weights of a model of ours, layer by layer, in Keras's order."""

from collections import Counter
from typing import Any, NamedTuple

import jax
from flax import linen as nn
from flax.traverse_util import flatten_dict

from seqconv_jax._checks import UserError
from seqconv_jax.nn import GRU, Bidirectional, Conv1D, Dense, Embedding
from seqconv_jax.nn.calls import abstract, layer_calls


class Weight(NamedTuple):
    """One array of a layer.

    Attributes:
        part: `"forward"` or `"backward"` in a bidirectional layer, else `""`.
        name: `"kernel"`, `"recurrent_kernel"`, `"bias"` or `"embedding"`.
        path: its place in the tree of parameters.
        shape: its shape.
    """

    part: str
    name: str
    path: tuple[str, ...]
    shape: tuple[int, ...]


class Layer(NamedTuple):
    """One layer of a model: Keras's name for it, itself, its weights in order.

    Keras names a layer in a file of weights after its class, and counts: `gru`,
    `gru_1`. Our layers that have weights are called as Keras's are.
    """

    name: str
    module: nn.Module
    weights: tuple[Weight, ...]


def layers_of(model: nn.Module, example: Any) -> list[Layer]:
    """Return the layers of a model, those without weights included.

    Nothing is computed or allocated, however large the model.

    Args:
        model: a Flax module that applies its layers one after another.
        example: a batch, or anything with its shape and dtype.

    Raises:
        UserError: if the model holds weights that none of Keras's layers here has.
    """
    batch = abstract(example.shape, example.dtype)
    called: list[tuple[str, nn.Module]] = []

    def trace(x):
        called.extend((call.name, call.layer) for call in layer_calls(model, None, x))

    jax.eval_shape(trace, batch)
    shapes = expected_params(model, batch)
    seen: Counter[str] = Counter()
    layers = []
    for name, module in called:
        keras = type(module).__name__.lower()
        number, seen[keras] = seen[keras], seen[keras] + 1
        weights = tuple(
            Weight(part, leaf, path, shapes[path].shape)
            for part, leaf in _names(module)
            for path in [(name, part, leaf) if part else (name, leaf)]
        )
        layers.append(Layer(f"{keras}_{number}" if number else keras, module, weights))
    held = {weight.path for layer in layers for weight in layer.weights}
    if odd := sorted(set(shapes) - held):
        kinds = {name: type(module).__name__ for name, module in called}
        raise UserError(
            f"`model` must be made of layers that Keras has, got "
            f"{kinds.get(odd[0][0], odd[0][0])!r} with weights {'/'.join(odd[0])!r}"
        )
    return layers


def expected_params(model: nn.Module, example: Any) -> dict[tuple[str, ...], Any]:
    """Return the shape and dtype of each of a model's parameters, by its path."""
    batch = abstract(example.shape, example.dtype)
    variables = jax.eval_shape(model.init, jax.random.key(0), batch)
    return dict(flatten_dict(variables.get("params", {})))


def _names(module: nn.Module) -> list[tuple[str, str]]:
    """Return part and name of each weight of a layer, as Keras orders them."""
    match module:
        case Embedding():
            return [("", "embedding")]
        case Conv1D() | Dense():
            names = ["kernel"] + ["bias"] * module.use_bias
        case GRU():
            names = ["kernel", "recurrent_kernel"] + ["bias"] * module.use_bias
        case Bidirectional():
            of_one = _names(module.layer)
            return [(p, name) for p in ("forward", "backward") for _, name in of_one]
        case _:
            names = []
    return [("", name) for name in names]
