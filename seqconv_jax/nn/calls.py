"""Which layers a model calls and what each returns, in the order of the calls."""

from typing import Any, NamedTuple

import jax
from flax import linen as nn

from seqconv_jax.nn.layer import call


class Call(NamedTuple):
    """One layer at the top level of a model: its name, itself, what it returned."""

    name: str
    layer: nn.Module
    output: jax.Array


def abstract(shape: tuple[int, ...], dtype: Any) -> jax.ShapeDtypeStruct:
    """Return what stands for an array of that shape, in the type that JAX will give it.

    NumPy's 64 bits become 32 unless `jax_enable_x64` is set.
    """
    return jax.ShapeDtypeStruct(shape, jax.dtypes.canonicalize_dtype(dtype))


def layer_calls(
    model: nn.Module,
    variables: Any,
    x: Any,
    *,
    train: bool = False,
    rngs: Any = None,
) -> list[Call]:
    """Apply a model and return what each layer at its top level did.

    Args:
        model: a module that maps a batch of sequences to an output.
        variables: its variables; None to initialise them from a fixed key.
        x: a batch.
        train: whether layers behave as in training.
        rngs: random keys by name.
    """
    calls: list[Call] = []

    def record(method, args, kwargs, context):
        y = method(*args, **kwargs)
        if len(context.module.path) == 1 and context.method_name == "__call__":
            calls.append(Call(context.module.path[0], context.module, y))
        return y

    with nn.intercept_methods(record):
        if variables is None:
            model.init(jax.random.key(0), x, method=call, train=train)
        else:
            # Whoever asks for intermediate results sees every layer called.
            model.apply(
                variables,
                x,
                train=train,
                rngs=rngs,
                method=call,
                mutable=["intermediates", "batch_stats"],
            )
    return calls
