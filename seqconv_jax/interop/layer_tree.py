"""Which layers a model calls, as a tree, and the order in which Keras lists them.

A model here is a chain of layers, some of which hold chains side by side. Keras knows
a graph, and lists its layers by their distance from the output, the farthest first;
those equally far in the order in which the output's inputs lead to them.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
from flax import linen as nn

from seqconv_jax.nn import MatchWidth, Parallel, Residual
from seqconv_jax.nn.calls import abstract


class Called(NamedTuple):
    """A module that a model called, and the modules that it called itself."""

    module: nn.Module
    path: tuple[str, ...]
    inner: list["Called"]


class Placed(NamedTuple):
    """A layer, and how many others are between it and the output at most."""

    called: Called
    depth: int


def call_tree(model: nn.Module, example: Any) -> Called:
    """Return the modules that a model calls; nothing is computed or allocated.

    Args:
        model: a Flax module that maps a batch to an output.
        example: a batch, or anything with its shape and dtype.
    """
    root = Called(model, (), [])
    stack = [root]

    def record(method, arguments, keywords, context):
        if context.method_name != "__call__":
            return method(*arguments, **keywords)
        module = context.module
        called = Called(module, module.path, [])
        stack.append(called)
        y = method(*arguments, **keywords)
        stack.pop()
        if not _does_nothing(module):
            stack[-1].inner.append(called)
        return y

    def trace(x):
        with nn.intercept_methods(record):
            model.init(jax.random.key(0), x)

    jax.eval_shape(trace, abstract(example.shape, example.dtype))
    return root.inner[0]


def placed(root: Called, is_layer: Callable[[nn.Module], bool]) -> list[Placed]:
    """Return the layers of a tree of calls, in the order of the calls.

    Args:
        root: the model.
        is_layer: whether a module is one layer for Keras, whatever is in it.
    """
    return _place([root], 0, is_layer)[0]


def _place(chain: Sequence[Called], depth: int, is_layer) -> tuple[list[Placed], int]:
    """Return the layers of a chain, and the depth of what comes before it."""
    found: list[Placed] = []
    for called in reversed(chain):
        if is_layer(called.module) or not called.inner:
            found.insert(0, Placed(called, depth))
            depth += 1
            continue
        branches = _branches(called)
        if len(branches) > 1:  # Keras merges them by a layer of its own
            depth += 1 + (getattr(called.module, "activation", "linear") != "linear")
        ends = [_place(branch, depth, is_layer) for branch in branches]
        found = [layer for layers, _ in ends for layer in layers] + found
        depth = max(end for _, end in ends)
    return found, depth


def _branches(called: Called) -> list[list[Called]]:
    """Return the chains that lie side by side in a module; one for most."""
    module = called.module
    if isinstance(module, Residual):
        branches = (module.layers, module.shortcut)
    elif isinstance(module, Parallel):
        branches = module.branches
    else:
        return [called.inner]
    places = [{layer.path for layer in branch} for branch in branches]
    return [[c for c in called.inner if c.path in place] for place in places]


def _does_nothing(module: nn.Module) -> bool:
    """Say whether a layer is the identity here, and Keras has none in its place."""
    is_identity = not module.has_variable("params", "kernel")
    return isinstance(module, MatchWidth) and is_identity
