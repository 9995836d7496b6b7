"""Operations on arrays that are spread over a mesh of explicit axes.

There every operation of JAX must say how its result is spread, and many of those here
could not: products over the batch, lookups, loops whose state begins as zeros. So each
runs with automatic axes inside, and its result is spread over the batch as its input.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import jax
from jax.sharding import AxisType, NamedSharding, PartitionSpec

__all__ = ["on_any_mesh"]

Op = TypeVar("Op", bound=Callable[..., Any])


def on_any_mesh(op: Op) -> Op:
    """Let an operation from arrays to arrays, batch first, run on explicit axes.

    Without such axes it is the operation itself; the check is done when it is traced.

    Example:
        >>> import jax.numpy as jnp
        >>> on_any_mesh(jnp.negative)(jnp.ones(2)).tolist()
        [-1.0, -1.0]
    """

    @wraps(op)
    def run(*args, **kwargs):
        leaves, tree = jax.tree.flatten((args, kwargs))
        places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, jax.Array)]
        arrays = [leaves[i] for i in places]
        sharding = _over_the_batch(arrays)
        if sharding is None:
            return op(*args, **kwargs)

        def of_arrays(*arrays):
            for i, array in zip(places, arrays, strict=True):
                leaves[i] = array
            args, kwargs = jax.tree.unflatten(tree, leaves)
            return op(*args, **kwargs)

        return jax.sharding.auto_axes(of_arrays, out_sharding=sharding)(*arrays)

    return cast(Op, run)


def _over_the_batch(arrays: list[jax.Array]) -> NamedSharding | None:
    """Return how a result is spread: as the first array's batch; None for no mesh."""
    shardings = [jax.typeof(array).sharding for array in arrays]
    meshes = [s.mesh for s in shardings if AxisType.Explicit in s.mesh.axis_types]
    if not meshes:
        return None
    batch = shardings[0].spec[:1]
    return NamedSharding(meshes[0], PartitionSpec(*batch))
