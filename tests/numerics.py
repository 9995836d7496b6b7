"""Random arrays and comparisons shared by the tests of the numeric layers."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

# XLA rewrites the program as ever, LLVM saves its pains: compiling takes half as long.
quick_jit = functools.partial(
    jax.jit,
    compiler_options={
        "xla_backend_optimization_level": 0,
        "xla_llvm_disable_expensive_passes": True,
    },
)

# What two correct computations of the same sum may differ by.
TOLERANCE = {"float32": 1e-5, "float64": 1e-10, "bfloat16": 3e-2, "float16": 4e-3}


def normal(*shape: int, seed: int = 0, dtype: str = "float32") -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def drawn(module, *inputs, scale=1.0) -> Any:
    """Return variables of a Flax module's shapes with no zero in them."""
    shapes = jax.eval_shape(module.init, jax.random.key(0), *inputs)
    leaves, tree = jax.tree.flatten(shapes)
    values = [scale * normal(*leaf.shape, seed=i) for i, leaf in enumerate(leaves)]
    return jax.device_put(jax.tree.unflatten(tree, values))


def apply(module, variables, *inputs, **options) -> Any:
    """Apply a Flax module that returns no variables."""
    return module.apply(variables, *inputs, **options)


def assert_close(got, expected, tolerance=None):
    """Compare trees of arrays within the tolerance of the type that came."""
    assert jax.tree.structure(got) == jax.tree.structure(expected)
    for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        limit = tolerance or TOLERANCE[str(np.asarray(a).dtype)]
        assert np.shape(a) == np.shape(b)
        np.testing.assert_allclose(
            np.asarray(a, np.float64), np.asarray(b, np.float64), limit, limit
        )


def assert_same_bits(got, expected):
    """Compare arrays bit for bit."""
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.dtype == expected.dtype and got.shape == expected.shape
    assert got.tobytes() == expected.tobytes()


def weighted_sum(y):
    """Reduce to a scalar whose gradient differs from element to element."""
    return jnp.sum(
        y * jnp.sin(1.0 + jnp.arange(y.size, dtype=y.dtype)).reshape(y.shape)
    )


def with_gradients(function):
    """Return a function to the output, and the gradients of its `weighted_sum`.

    The gradients are taken in all arguments.
    """

    def loss(*arguments):
        y = function(*arguments)
        return weighted_sum(y), y

    def run(*arguments):
        places = tuple(range(len(arguments)))
        (_, y), gradients = jax.value_and_grad(loss, places, has_aux=True)(*arguments)
        return y, gradients

    return run


def value_and_gradients(function, *arguments):
    """Return the output, and the gradients of its `weighted_sum` in all arguments."""
    return jax.device_get(quick_jit(with_gradients(function))(*arguments))


def values_and_gradients(functions, arguments):
    """Do the same for many functions, each with its arguments, in one program."""

    def run(arguments):
        return [
            with_gradients(function)(*each)
            for function, each in zip(functions, arguments, strict=True)
        ]

    return jax.device_get(quick_jit(run)(arguments))
