"""Functions whose reverse derivative is written by hand, and that have all others.

`jax.custom_vjp` would do for the reverse alone: it makes an error of every `jax.jvp`,
`jax.jacfwd`, `jax.linearize` and forward-over-reverse product. Here the derivative is
a linear map with two faces. Evaluated, as in forward mode, it is JAX's own derivative
of the plain function; transposed, as in reverse mode, it is what is written by hand.
Both, and what is kept between them, are plain JAX, to be differentiated again.
"""

from collections.abc import Callable
from functools import partial, update_wrapper, wraps
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

__all__ = ["with_backward", "with_value"]


def with_backward(
    forward: Callable[..., tuple[jax.Array, Any]],
    backward: Callable[..., tuple[Any, ...]],
    value: Callable[..., jax.Array] | None = None,
) -> Callable[[Callable[..., jax.Array]], Callable[..., jax.Array]]:
    """Give a plain function a faster way, and its reverse derivative.

    Args:
        forward: maps the arguments of the plain function to its result and what the
            derivative needs of it.
        backward: maps what is needed and the result's derivative to those of the
            arguments, a tuple; None for what has none, such as integers.
        value: what is computed where no derivative is asked for; the plain function
            where None.

    Returns:
        A decorator. Positional arguments are trees of arrays; what is given by keyword
        is no array, and given to every function.

    Example:
        >>> def forward(x):
        ...     return jnp.square(x), x
        >>> def backward(x, d_y):
        ...     return (2 * x * d_y,)
        >>> square = with_backward(forward, backward)(jnp.square)
        >>> jax.grad(square)(3.0).item(), jax.jvp(square, (3.0,), (1.0,))[1].item()
        (6.0, 6.0)
    """

    def decorate(plain):
        @wraps(plain)
        def function(*arguments, **options):
            ways = value or plain, plain, forward, backward
            return _bound(*(partial(way, **options) for way in ways))(*arguments)

        return function

    return decorate


def with_value(
    value: Callable[..., jax.Array],
) -> Callable[[Callable[..., jax.Array]], Callable[..., jax.Array]]:
    """Give a plain function a faster way where no derivative is asked for.

    Args:
        value: computes what the plain function does, of the same arguments.

    Returns:
        A decorator; what it makes takes trees of arrays, and no options.

    Example:
        >>> double = with_value(lambda x: x + x)(lambda x: 2 * x)
        >>> double(3.0), jax.grad(double)(3.0).item()
        (6.0, 2.0)
    """

    def decorate(plain):
        function = jax.custom_jvp(value)
        function.defjvp(partial(jax.jvp, plain))
        return update_wrapper(function, plain)

    return decorate


def _bound(value, plain, forward, backward):
    """Do what `with_backward` does, where there are no options."""
    function = jax.custom_jvp(value)

    @function.defjvp
    def _(primals, tangents):
        y, saved = forward(*primals)
        return y, _tangent(plain, backward, primals, saved, tangents, y)

    return function


def _tangent(plain, backward, primals, saved, tangents, y):
    """Return the tangent of `y`, with `backward` as the way back."""
    leaves, tree = jax.tree.flatten(jax.tree.map(jnp.asarray, primals))
    fixed, fixed_tree = jax.tree.flatten((leaves, saved))
    moving = [i for i, x in enumerate(leaves) if jnp.issubdtype(x.dtype, jnp.inexact)]

    def along(fixed, *moves):
        leaves, _ = jax.tree.unflatten(fixed_tree, fixed)

        def of_moving(*moved):
            for i, leaf in zip(moving, moved, strict=True):
                leaves[i] = leaf
            return plain(*jax.tree.unflatten(tree, leaves))

        return jax.jvp(of_moving, tuple(leaves[i] for i in moving), moves)[1]

    def back(fixed, d_y):
        _, saved = jax.tree.unflatten(fixed_tree, fixed)
        d_leaves = tree.flatten_up_to(backward(saved, d_y))
        return [d_leaves[i] for i in moving]

    d_leaves = tree.flatten_up_to(tangents)
    moves = [d_leaves[i] for i in moving]
    return _linear_p.bind(
        *fixed, *moves, along=along, back=back, count=len(fixed), of=jax.typeof(y)
    )


# A linear map of its last arguments: `along` itself, `back` its transpose. Both are
# given the first `count` arguments, which are fixed, as a list.
_linear_p = Primitive("linear_map_transposed_by_hand")


@_linear_p.def_impl
def _evaluate(*arguments, along, back, count, of):
    return along(list(arguments[:count]), *arguments[count:])


@_linear_p.def_abstract_eval
def _type(*arguments, along, back, count, of):
    return of


def _differentiate(primals, tangents, *, count, **options):
    """Differentiate what is evaluated; along what moves it is its own derivative."""
    evaluate = partial(_linear_p.bind, count=count, **options)
    if all(isinstance(tangent, ad.Zero) for tangent in tangents[:count]):
        moves = map(ad.instantiate_zeros, tangents[count:])
        return evaluate(*primals), evaluate(*primals[:count], *moves)
    tangents = tuple(map(ad.instantiate_zeros, tangents))
    return jax.jvp(partial(_evaluate, count=count, **options), tuple(primals), tangents)


def _transpose(d_y, *arguments, along, back, count, of):
    if isinstance(d_y, ad.Zero):
        return [None] * len(arguments)
    return [None] * count + back(list(arguments[:count]), d_y)


def _batch(arguments, axes, *, along, back, count, of):
    """Map both over the axis that is batched; what moves is batched throughout."""
    pairs = list(zip(arguments, axes, strict=True))
    (size, *_) = (x.shape[axis] for x, axis in pairs if axis is not None)
    moved = [
        x if axis is None and i < count else batching.bdim_at_front(x, axis, size)
        for i, (x, axis) in enumerate(pairs)
    ]
    fixed_axes = [None if axis is None else 0 for axis in axes[:count]]
    moving_axes = [0] * (len(arguments) - count)
    along = jax.vmap(along, in_axes=(fixed_axes, *moving_axes))
    back = jax.vmap(back, in_axes=(fixed_axes, 0))
    (of,) = jax.make_jaxpr(along)(moved[:count], *moved[count:]).out_avals
    return _linear_p.bind(*moved, along=along, back=back, count=count, of=of), 0


ad.primitive_jvps[_linear_p] = _differentiate
ad.primitive_transposes[_linear_p] = _transpose
batching.primitive_batchers[_linear_p] = _batch
mlir.register_lowering(_linear_p, mlir.lower_fun(_evaluate, multiple_results=False))
