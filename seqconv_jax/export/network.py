"""A predictor's networks as one function, in operations that every runtime has."""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from seqconv_jax.data import Classes
from seqconv_jax.export.program import Array, Program
from seqconv_jax.train.forward import forward
from seqconv_jax.train.precision import matmul_precision

if TYPE_CHECKING:
    from seqconv_jax.runs import Predictor

__all__ = ["Network", "of_arrays", "plain_model", "probabilities"]


class Network:
    """What a predictor's networks say about inputs as they were trained on.

    Args:
        predictor: the predictor; an ensemble's networks are averaged.
        **plain: as of `plain_model`.
    """

    def __init__(self, predictor: "Predictor", **plain: Any):
        """Make the networks plain; nothing is traced yet."""
        self._networks = [
            (each, plain_model(each.model, **plain))
            for each in (predictor, *predictor.members)
        ]

    def outputs(
        self, x: jax.Array, read: Callable[[jax.Array], jax.Array] = jnp.asarray
    ) -> jax.Array:
        """Return the mean over the networks of what `read` makes of their outputs."""
        each = [read(self._of(one, model, x)) for one, model in self._networks]
        return each[0] if len(each) == 1 else sum(each[1:], each[0]) / len(each)

    def _of(self, one: "Predictor", model: Any, x: jax.Array) -> jax.Array:
        with matmul_precision(one.precision):
            return forward(model, one.params, one.batch_stats, x, train=False)[0]


def plain_model(model: nn.Module, *, rewrites: bool = True) -> nn.Module:
    """Return a model that has the same parameters and no kernel of one device.

    Args:
        model: the model, or a layer of it.
        rewrites: whether neighbouring layers may be computed as one; else each is
            computed as it stands.

    Example:
        >>> from seqconv_jax.nn import GRU, Sequential
        >>> made = plain_model(Sequential((GRU(8),)), rewrites=False)
        >>> made.layers[0].implementation, made.rewrites
        ('xla', ())
    """
    changed: dict[str, Any] = {}
    for each in dataclasses.fields(model):
        if each.name in ("parent", "name") or not each.init:
            continue
        value = getattr(model, each.name)
        if each.name == "implementation":
            changed[each.name] = "xla"
        elif each.name == "rewrites" and not rewrites:
            changed[each.name] = ()
        elif (made := _plain(value, rewrites)) is not value:
            changed[each.name] = made
    return model.clone(parent=None, **changed) if changed else model


def _plain(value: Any, rewrites: bool) -> Any:
    if isinstance(value, nn.Module):
        return plain_model(value, rewrites=rewrites)
    if isinstance(value, tuple) and any(isinstance(v, nn.Module) for v in value):
        return tuple(_plain(each, rewrites) for each in value)
    return value


def probabilities(classes: Classes, logits: jax.Array) -> jax.Array:
    """Return the probability of each class: `Classes.probabilities`, in JAX.

    Args:
        classes: the classes.
        logits: `(batch, outputs)`.
    """
    if classes.several:
        return jax.nn.sigmoid(logits)
    if classes.outputs == 1:
        logits = jnp.concatenate([jnp.zeros_like(logits), logits], axis=1)
    return jax.nn.softmax(logits, axis=1)


def of_arrays(network: Network, predictor: "Predictor") -> Program:
    """Return the program of a run on plain arrays: its outputs as they are."""
    example = predictor.example
    dtype = "int32" if example.dtype.kind in "iu" else "float32"
    given = Array("x", example.shape[1:], dtype)
    shape = jax.eval_shape(network.outputs, given.spec(1)).shape
    return Program(
        network.outputs, (given,), Array("outputs", shape[1:]), {"kind": "arrays"}
    )
