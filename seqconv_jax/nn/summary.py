"""The table of a model's layers: name, output shape, parameters."""

import math
from typing import Any, NamedTuple

import jax
import numpy as np

from seqconv_jax import _checks
from seqconv_jax.nn.calls import abstract, layer_calls


class Row(NamedTuple):
    """One layer: its name, output shape without the batch axis, and parameters."""

    layer: str
    shape: tuple[int, ...]
    parameters: int


def layers(model: Any, example: Any) -> list[Row]:
    """Return the model's layers in the order in which they are called.

    Nothing is computed: shapes are inferred abstractly. A layer made of layers counts
    as one, and one that is called twice has its parameters in its first row.

    Args:
        model: a Flax module that maps a batch of sequences to an output.
        example: a batch, or anything with its shape and dtype.

    Example:
        >>> from seqconv_jax.nn import Dense, GlobalMaxPool1D, Sequential
        >>> model = Sequential((GlobalMaxPool1D(), Dense(1)))
        >>> layers(model, np.zeros((1, 9, 2), np.float32))[1]
        Row(layer='layers_1', shape=(1,), parameters=3)
    """
    return [row for row, _ in _rows_and_kinds(model, example)]


def _rows_and_kinds(model: Any, example: Any) -> list[tuple[Row, str]]:
    """Return each row, and the class of its layer."""
    _checks.array_like("example", example)
    batch = abstract(np.shape(example), example.dtype)
    variables = jax.eval_shape(model.init, jax.random.key(0), batch)
    params = dict(variables.get("params", {}))
    seen: list[tuple[str, str]] = []

    def outputs(x):
        calls = layer_calls(model, None, x)
        seen.extend((call.name, type(call.layer).__name__) for call in calls)
        return [call.output for call in calls]

    shapes = [y.shape[1:] for y in jax.eval_shape(outputs, batch)]
    return [
        (Row(name, shape, count_parameters(params.pop(name, {}))), kind)
        for (name, kind), shape in zip(seen, shapes, strict=True)
    ]


def count_parameters(params: Any) -> int:
    """Return how many numbers a tree of parameters holds.

    Example:
        >>> count_parameters({"kernel": np.zeros((3, 2)), "bias": np.zeros(2)})
        8
    """
    leaves = jax.tree.leaves(params)
    for leaf in leaves:
        _checks.array_like("params", leaf)
    return sum(math.prod(leaf.shape) for leaf in leaves)


def summary(model: Any, example: Any) -> str:
    """Return the table of layers as text.

    Args:
        model: a Flax module that maps a batch of sequences to an output.
        example: a batch, or anything with its shape and dtype.

    Example:
        >>> from seqconv_jax.nn import GRU, Dense, Sequential
        >>> model = Sequential((GRU(4), Dense(1)))
        >>> print(summary(model, np.zeros((1, 9, 2), np.float32)))
        Sequential, input (9, 2)
        Layer           Output shape  Parameters
        ----------------------------------------
        layers_0 GRU    (4,)                  84
        layers_1 Dense  (1,)                   5
        ----------------------------------------
        Total                                 89
    """
    rows = _rows_and_kinds(model, example)
    total = f"{sum(row.parameters for row, _ in rows):,}"
    lines = [
        ("Layer", "Output shape", "Parameters"),
        *(
            (_label(row.layer, kind), str(row.shape), f"{row.parameters:,}")
            for row, kind in rows
        ),
        ("Total", "", total),
    ]
    widths = [max(len(line[i]) for line in lines) for i in range(3)]
    rule = "-" * (sum(widths) + 4)
    head, *body, last = (
        f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}" for a, b, c in lines
    )
    title = f"{type(model).__name__}, input {tuple(np.shape(example)[1:])}"
    return "\n".join([title, head, rule, *body, rule, last])


def _label(name: str, kind: str) -> str:
    """Return a layer's name, with its class where the name does not tell."""
    return name if name.startswith(kind) else f"{name} {kind}"
