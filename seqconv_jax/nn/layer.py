"""What every layer is: how it is called, and what it does to a mask.

A layer is called `layer(x, *, mask=None, train=False)` and returns an array. `mask` is
`(batch, time)` bool, true where a step is real; None where all are. What is left of the
mask behind the layer is the layer's `mask_after`. Any Flax module can stand among the
layers: it is handed what its `__call__` takes, under Flax's lifts (`nn.remat`,
`nn.vmap`, `nn.scan`) too, and what becomes of the mask is read off its output where it
does not say so itself.
"""

import dataclasses
import functools
import inspect
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from seqconv_jax import _checks, ops
from seqconv_jax._checks import UserError

_LIFTS = nn.transforms.__name__  # the module that makes classes such as `nn.remat(GRU)`


class Layer(nn.Module):
    """The base of the layers here: one that maps each step by itself.

    A layer of one's own needs no base class. Deriving from this one says that masked
    steps stay masked, and hides nothing: a layer that mixes steps must not let masked
    ones take part.

    Example:
        >>> import jax.numpy as jnp
        >>> from flax import linen as nn
        >>> class Scale(Layer):
        ...     @nn.compact
        ...     def __call__(self, x, *, mask=None, train=False):
        ...         shape = (1, 1, x.shape[-1])
        ...         return x * self.param("scale", nn.initializers.ones, shape)
        >>> params = Scale().init(jax.random.key(0), jnp.ones((2, 9, 3)))["params"]
        >>> params["scale"].shape
        (1, 1, 3)
    """

    def __post_init__(self):
        """Look at the flags once: a text such as "no" would count as true."""
        for name in _flags(type(self)):
            _checks.flag(name, getattr(self, name))
        super().__post_init__()

    @property
    def makes_mask(self) -> bool:
        """Whether the layer masks steps that were not masked before."""
        return False

    @property
    def windows(self) -> tuple[tuple[int, int, int], ...] | None:
        """The windows that an output sees, `(size, stride, dilation)` each, in order.

        None for a layer that sees all steps.
        """
        return ()

    def output_length(self, length: int) -> int | None:
        """Return how many steps are left of so many; None if it is no sequence."""
        return length

    def mask_after(
        self, mask: jax.Array | None, x: jax.Array | None
    ) -> jax.Array | None:
        """Return the mask of the layer's output.

        Args:
            mask: `(batch, time)` bool, of the input; None where all steps are real.
            x: the input; None where only the mask is known.

        Returns:
            `(batch, new_time)` bool, or None where nothing is masked any more;
            `NotImplemented` to have it read off the output.
        """
        return mask


@functools.cache
def _flags(kind: type) -> tuple[str, ...]:
    """Return the names of a class's fields that are True or False."""
    fields = dataclasses.fields(kind)
    return tuple(field.name for field in fields if field.type in (bool, "bool"))


def check_layers(name: str, layers: Any) -> tuple[Any, ...]:
    """Return layers as a tuple, if they are Flax modules.

    Raises:
        UserError: for a layer without its tuple, a class, a function, or anything else.
    """
    what = "Flax modules in a tuple"
    if not isinstance(layers, tuple | list):
        raise UserError(f"`{name}` must be {what}, got {_kind(layers)}")
    for layer in layers:
        if not isinstance(layer, nn.Module):
            raise UserError(f"`{name}` must be {what}, got {_kind(layer)} in it")
    return tuple(layers)


def _kind(value: Any) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return type(value).__name__


class WholeSequence(Layer):
    """The base of layers that leave no sequence: one result for all real steps."""

    @property
    def windows(self) -> tuple[tuple[int, int, int], ...] | None:
        """None: it sees all steps."""
        return None

    def output_length(self, length: int) -> int | None:
        """Return None: no sequence is left."""
        return None

    def mask_after(self, mask, x):
        """Return None: no step is left to be masked."""
        return None


def call(layer: nn.Module, *inputs: Any, **options: Any) -> Any:
    """Call a module with those of the options, `mask` and `train`, that it takes.

    Flax's lifts trace keywords (`nn.remat`) or drop them (`nn.vmap`, `nn.scan`), so a
    lifted module is called without, and its inside is handed them as they are: `train`
    stays a Python bool, a mask is the same for all that is mapped or scanned over.

    Args:
        layer: a module that is bound: a submodule, or the one that `apply` was called
            on.
        *inputs: what it maps.
        **options: what it may be interested in.

    Raises:
        UserError: for `nn.jit`, which would keep the first `train` that it sees.

    Example:
        >>> import jax.numpy as jnp
        >>> from flax import linen as nn
        >>> from seqconv_jax.nn import Dropout
        >>> model, x = nn.remat(Dropout)(0.5), jnp.ones((1, 64))
        >>> rngs = {"dropout": jax.random.key(0)}
        >>> y = model.apply({}, x, method=call, train=True, rngs=rngs)
        >>> sorted(set(y[0].tolist()))
        [0.0, 2.0]
    """
    given = {name: options[name] for name in options if takes(layer, name)}
    lifts = [kind for kind in type(layer).__mro__ if kind.__module__ == _LIFTS]
    if not lifts or not given:
        return layer(*inputs, **given)  # pyright: ignore[reportCallIssue]
    if any(kind.__name__.startswith("Jit") for kind in lifts):
        raise UserError(
            f"{type(layer).__name__} keeps what it was traced with, `train` included: "
            "leave `nn.jit` out and jit the whole step"
        )
    path = layer.path

    def hand_on(method, arguments, keywords, context):
        inside = context.module
        if inside.path == path and type(inside).__module__ != _LIFTS:
            if context.method_name == "__call__":
                keywords = {**keywords, **given}
        return method(*arguments, **keywords)

    with nn.intercept_methods(hand_on):
        return layer(*inputs)  # pyright: ignore[reportCallIssue]


def takes(layer: nn.Module, name: str) -> bool:
    """Say whether a module's `__call__` has an argument of that name, or takes any."""
    arguments = inspect.signature(type(layer).__call__).parameters
    return name in arguments or any(
        each.kind is each.VAR_KEYWORD for each in arguments.values()
    )


def call_with_mask(
    layer: Any, x: jax.Array, mask: jax.Array | None, train: bool
) -> tuple[jax.Array, jax.Array | None]:
    """Return what a layer makes of `x`, and of the mask.

    Raises:
        UserError: if a mask meets a module that takes none, or does not say what
            becomes of it.
    """
    after = getattr(layer, "mask_after", None)
    if mask is not None:
        ops.check_mask(mask, x)
        if after is None and not takes(layer, "mask"):
            raise UserError(
                f"layer {type(layer).__name__} takes no `mask`, so masked steps would "
                "count in its result; expected one that takes it, got "
                f"{inspect.signature(type(layer).__call__)}"
            )
    y = call(layer, x, mask=mask, train=train)
    if y.ndim == 2 and jnp.issubdtype(y.dtype, jnp.inexact):
        return y, None  # features without time: no step is left to be masked
    left = NotImplemented if after is None else after(mask, x)
    if left is not NotImplemented:
        return y, left
    if mask is None or y.shape[:2] == mask.shape:
        return y, mask
    raise UserError(
        f"layer {type(layer).__name__} must have a method `mask_after(mask, x)` that "
        f"says what becomes of the mask: it maps {x.shape[1]} steps to shape {y.shape}"
    )
