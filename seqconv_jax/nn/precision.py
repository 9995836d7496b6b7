"""In which types layers keep their parameters, and compute."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from seqconv_jax import _checks
from seqconv_jax.nn.layer import Layer


class Parameterised(Layer, kw_only=True):
    """The base of the layers with parameters.

    Attributes:
        dtype: the type to compute in, and of the output: inputs and parameters are cast
            to it. None for the one that holds the values of both, so that inputs in
            half precision meet parameters in float32, in float32.
        param_dtype: the type of the parameters, whatever the inputs' and whether or not
            `jax_enable_x64` is set.

    Example:
        >>> from seqconv_jax.nn import Dense
        >>> layer, x = Dense(1, dtype="bfloat16"), jnp.ones((2, 32))
        >>> y, variables = layer.init_with_output(jax.random.key(0), x)
        >>> y.dtype.name, variables["params"]["kernel"].dtype.name
        ('bfloat16', 'float32')
    """

    dtype: Any = None
    param_dtype: Any = "float32"


def parameter(
    layer: Any, name: str, initialiser: Any, shape: tuple[int, ...]
) -> jax.Array:
    """Declare a parameter in the layer's type for them; return it as is computed with.

    Raises:
        UserError: if one of the layer's types is not one of floats that JAX has.
    """
    return computed(layer, stored(layer, name, initialiser, shape))


def stored(
    layer: Any, name: str, initialiser: Any, shape: tuple[int, ...]
) -> jax.Array:
    """Declare a parameter as `parameter` does; return it as it is kept."""
    kept = float_type("param_dtype", layer.param_dtype)
    if 0 in shape:
        raise _checks.UserError(f"`x` must have features, got none for {name} {shape}")
    return layer.param(name, initialiser, shape, kept)


def computed(layer: Any, array: jax.Array) -> jax.Array:
    """Return an array in the type that a layer computes in, if it says which.

    Raises:
        UserError: if that is not a type of floats that JAX has.
    """
    if layer.dtype is None:
        return array
    _checks.floats("x", array)
    return array.astype(float_type("dtype", layer.dtype))


def float_type(name: str, value: Any) -> jnp.dtype:
    """Return a type of floats, by its name or itself.

    Raises:
        UserError: for any other, and for float64 without `jax_enable_x64`.

    Example:
        >>> float_type("dtype", jnp.bfloat16).name
        'bfloat16'
    """
    try:
        dtype = jnp.dtype(value)
    except TypeError:
        dtype = None
    expected = "a type of floats, such as 'float32' or 'bfloat16'"
    is_float = dtype is not None and jnp.issubdtype(dtype, jnp.floating)
    _checks.expect(value is not None and is_float, name, expected, value)
    assert dtype is not None
    is_there = jax.dtypes.canonicalize_dtype(dtype) == dtype
    _checks.expect(is_there, name, "float32 unless jax_enable_x64 is set", str(dtype))
    return dtype


def with_types(layer: nn.Module, dtype: Any, param_dtype: Any) -> nn.Module:
    """Return a layer with types, those that it says itself excepted.

    Example:
        >>> from seqconv_jax.nn import GRU
        >>> with_types(GRU(8), "bfloat16", "float32").dtype
        'bfloat16'
    """
    said = {"dtype": None, "param_dtype": Parameterised.param_dtype}
    types = {"dtype": dtype, "param_dtype": param_dtype}
    if types == said:
        return layer
    changed = {
        field: types[field]
        for field, usual in said.items()
        if hasattr(layer, field) and getattr(layer, field) == usual
    }
    inner = getattr(layer, "layer", None)  # of `Bidirectional`
    if isinstance(inner, nn.Module):
        changed["layer"] = with_types(inner, dtype, param_dtype)
    return layer.clone(parent=None, **changed) if changed else layer
