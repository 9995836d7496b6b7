"""What a model declares before it is trained: its variables, and the ids it knows."""

import contextlib
import inspect
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
from flax import errors
from flax import linen as nn

from seqconv_jax._checks import UserError, first_line, kind_of
from seqconv_jax.nn.calls import abstract
from seqconv_jax.nn.embed import Embedding
from seqconv_jax.nn.layer import call, takes
from seqconv_jax.nn.one_hot import OneHotConv1D

STATE = ("params", "batch_stats")
_PASSING = ("intermediates", "perturbations")  # what is looked at, never kept
# How others call what is `train` here, or not `train`.
_OTHER_NAMES = ("deterministic", "training", "is_training", "use_running_average")


class Ids(NamedTuple):
    """The ids that an embedding knows: those in `[0, vocabulary)`, and of padding.

    Attributes:
        vocabulary: how many there are.
        mask_id: the id of padding, which is masked, whichever it is; None for none.
    """

    vocabulary: int
    mask_id: int | None

    def unknown(self, ids: Any) -> Any:
        """Return for each id whether it is none of them, in the shape of `ids`."""
        unknown = (ids < 0) | (ids >= self.vocabulary)
        return unknown if self.mask_id is None else unknown & (ids != self.mask_id)


class Declared(NamedTuple):
    """What a model would be initialised to, without any number drawn.

    Attributes:
        variables: `jax.ShapeDtypeStruct`s of its `params` and `batch_stats`.
        ids: those that the smallest embedding of the input knows; None where no
            embedding is given the input as it is.
    """

    variables: dict[str, Any]
    ids: Ids | None


def declared(model: Any, x: Any) -> Declared:
    """Return what a model declares for a batch of inputs; nothing is computed.

    Args:
        model: a Flax module that maps a batch of sequences to an output.
        x: `(batch, time)` ids or `(batch, time, features)`; only shape and dtype count.

    Raises:
        UserError: if it is no module, or cannot be called or kept.

    Example:
        >>> import numpy as np
        >>> from seqconv_jax.models import TextConvNet
        >>> ids = np.zeros((1, 90), np.int32)
        >>> declared(TextConvNet(vocabulary=50), ids).ids
        Ids(vocabulary=50, mask_id=None)
    """
    check_model(model)
    known: list[Ids] = []

    def initial(key, x):
        def record(method, args, kwargs, context):
            given = any(value is x for value in (*args, *kwargs.values()))
            if given and context.method_name == "__call__":
                known.extend(_ids_of(context.module))
            return method(*args, **kwargs)

        with nn.intercept_methods(record):
            return initial_variables(model, key, x)

    key = jax.eval_shape(jax.random.key, 0)
    variables = jax.eval_shape(initial, key, abstract(x.shape, x.dtype))
    return Declared(variables, min(known, key=lambda ids: ids.vocabulary, default=None))


def initial_variables(model: Any, key: jax.Array, x: Any) -> dict[str, Any]:
    """Return a model's first `params` and `batch_stats`; `{}` where it has none.

    Raises:
        UserError: if the model has variables of another collection, which training
            would not keep.
    """
    with wording_flax_errors():
        variables = model.init(key, x, method=call, train=False)
    others = [name for name in variables if name not in (*STATE, *_PASSING)]
    if others:
        raise UserError(
            "`model` must keep its state in the collections params and batch_stats, "
            f"got {', '.join(others)}, which training would lose"
        )
    return {name: variables.get(name, {}) for name in STATE}


def check_model(model: Any) -> None:
    """Raise unless `model` is a Flax module that can be told of training.

    Raises:
        UserError: for a class, for anything else, and for a module, or one of its
            `layers`, whose `__call__` has `deterministic=True`, `training=False` or the
            like in place of `train`: its dropout would never be on.
    """
    if isinstance(model, type):
        raise UserError(
            f"`model` must be a Flax module, got the class {model.__name__}; an "
            f"instance is {model.__name__}(...)"
        )
    if not isinstance(model, nn.Module):
        raise UserError(f"`model` must be a Flax Linen module, got {kind_of(model)}")
    _expect_call_with_x(model)
    for layer in _with_layers(model):
        if isinstance(layer, nn.Module) and not takes(layer, "train"):
            _expect_train(layer)


@contextlib.contextmanager
def wording_flax_errors() -> Iterator[None]:
    """Word Flax's errors of a model that cannot be called as one with `train`.

    Raises:
        UserError: where Flax says that a random stream, a parameter or a mutable
            collection is missing, in its words behind ours.
    """
    try:
        yield
    except errors.InvalidRngError as error:
        raise UserError(
            "`model` must draw random numbers from the stream 'dropout' and only where "
            f"it is called with train=True, got {_flax_words(error)}"
        ) from error
    except errors.FlaxError as error:
        if isinstance(error, errors.TransformTargetError | errors.NameInUseError):
            raise
        raise UserError(
            "`model` must run with its `params` and `batch_stats` alone, got "
            f"{_flax_words(error)}"
        ) from error


def _ids_of(module: nn.Module) -> list[Ids]:
    if isinstance(module, Embedding | OneHotConv1D):
        return [Ids(module.vocabulary, module.mask_id)]
    return [Ids(module.num_embeddings, None)] if isinstance(module, nn.Embed) else []


def _with_layers(model: Any) -> Iterator[Any]:
    yield model
    layers = getattr(model, "layers", ())
    for layer in layers if isinstance(layers, tuple | list) else ():
        yield from _with_layers(layer)


def _expect_call_with_x(model: nn.Module) -> None:
    """Raise if a model cannot be called `model(x)`, or `model(x, train=...)`."""
    signature = inspect.signature(type(model).__call__)
    arguments = list(signature.parameters.values())[1:]
    needed = [
        each.name
        for each in arguments[1:]
        if each.default is each.empty
        and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
        and each.name != "train"
    ]
    if needed or not arguments:
        raise UserError(
            "`model` must be called with a batch, and with `train` where it takes it, "
            f"got {type(model).__name__}.__call__{signature}"
        )


def _expect_train(layer: nn.Module) -> None:
    signature = inspect.signature(type(layer).__call__)
    for name in _OTHER_NAMES:
        if name not in signature.parameters or getattr(layer, name, None) is not None:
            continue  # it has none, or was told when it was made
        default = signature.parameters[name].default
        if isinstance(default, bool) or isinstance(layer, nn.Dropout | nn.BatchNorm):
            raise UserError(
                f"`model` must have layers with `train`, got {type(layer).__name__} "
                f"with `{name}` in its place, which would never be told of training"
            )


def _flax_words(error: Exception) -> str:
    """Return what Flax says, without its link and for a model without a name."""
    said = first_line(error).partition(" (https://")[0][:300]
    return said.replace("None needs", "it needs")
