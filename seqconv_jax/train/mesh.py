"""Training over several devices: the batch is spread, all else is on each of them.

Every device holds the data and the state, computes the gradient of its part of the
batch, and does the same update once the gradients are added up. Nothing else in the
package knows of devices.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from seqconv_jax import _checks
from seqconv_jax._checks import UserError
from seqconv_jax.ops import BatchPart, part_of_batch

AXIS = "data"


def data_mesh(devices: int | Literal["all"] | Sequence[Any] = "all") -> Mesh:
    """Return a mesh of devices whose one axis, `"data"`, the batch is spread over.

    On a machine with nothing but a CPU, and before JAX has looked for devices, a number
    makes as many of its cores into devices.

    Args:
        devices: how many of `jax.devices()`, of each process where there are several;
            or `"all"`, or those themselves.

    Returns:
        What `fit` takes as `mesh`.

    Raises:
        UserError: if there are fewer.

    Example:
        >>> mesh = data_mesh(1)
        >>> mesh.axis_names, mesh.size
        (('data',), 1)
    """
    if isinstance(devices, Sequence) and not isinstance(devices, str):
        chosen = list(devices)
        fits = bool(chosen) and all(isinstance(each, jax.Device) for each in chosen)
        _checks.expect(fits, "devices", "some of jax.devices()", devices)
    elif devices == "all":
        chosen = jax.devices()
    else:
        chosen = _first(_checks.positive_int("devices", devices))
    return Mesh(np.array(chosen), (AXIS,), axis_types=(AxisType.Auto,))


def _first(count: int) -> list[Any]:
    """Return the first devices, made of a CPU's cores where that is still possible."""
    if count > 1:
        try:
            jax.config.update("jax_num_cpu_devices", count)
        except RuntimeError:  # JAX has looked for devices
            pass
    there = jax.local_devices()
    if len(there) < count:
        more = ""
        if jax.default_backend() == "cpu":
            more = (
                "; to make its cores into devices, call this before JAX computes "
                f'anything, or jax.config.update("jax_num_cpu_devices", {count})'
            )
        raise UserError(
            f"`devices` must be at most {len(there)}, which are there "
            f"({there[0].device_kind}), got {count}{more}"
        )
    found: dict[int, list[Any]] = {}
    for device in sorted(jax.devices(), key=lambda each: (each.process_index, each.id)):
        found.setdefault(device.process_index, []).append(device)
    return [device for own in found.values() for device in own[:count]]


def check_mesh(mesh: Any) -> Mesh | None:
    """Return the mesh, or None for one device.

    Raises:
        UserError: unless it has the one axis `"data"`, of type Auto.
    """
    if mesh is None:
        return None
    what = 'a mesh with the one axis "data", such as train.data_mesh(2)'
    _checks.expect(isinstance(mesh, Mesh), "mesh", what, mesh)
    _checks.expect(mesh.axis_names == (AXIS,), "mesh", what, mesh.axis_names)
    return mesh


def on_each(mesh: Mesh | None, tree: Any) -> Any:
    """Copy arrays to every device of the mesh; without one, return them."""
    if mesh is None:
        return tree
    everywhere = NamedSharding(mesh, PartitionSpec())
    if not mesh.is_multi_process:
        return jax.device_put(tree, everywhere)
    return jax.tree.map(partial(_from_host, everywhere), tree)


def _from_host(everywhere: NamedSharding, leaf: Any) -> jax.Array:
    """Return an array of several processes, each of which has the whole of it."""
    if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        data = _from_host(everywhere, jax.random.key_data(leaf))
        return jax.random.wrap_key_data(data, impl=jax.random.key_impl(leaf))
    if getattr(leaf, "sharding", None) == everywhere:
        return leaf
    host = np.asarray(jax.device_get(leaf))
    return jax.make_array_from_callback(host.shape, everywhere, lambda at: host[at])


def on_one(mesh: Mesh | None, tree: Any) -> Any:
    """Copy arrays that are on every device to JAX's default one; leave the rest."""
    if mesh is None:
        return tree

    def copy(leaf):
        return jnp.array(jax.device_get(leaf)) if isinstance(leaf, jax.Array) else leaf

    return jax.tree.map(copy, tree)


def spread(mesh: Mesh | None, call: Callable[..., Any]) -> Callable[..., Any]:
    """Return what does `call` on every device, with the same arrays, to be compiled.

    `part_on` says within it where a batch is spread.
    """
    if mesh is None:
        return call
    whole = PartitionSpec()
    # Unchecked: loops in models begin with zeros, which JAX would take for values that
    # are the same everywhere, and refuse to let become others.
    return jax.shard_map(
        call, mesh=mesh, in_specs=whole, out_specs=whole, check_vma=False
    )


def part_on(mesh: Mesh | None, batch_size: int) -> AbstractContextManager[None]:
    """Trace what follows as a device's part of a batch of so many examples."""
    part = None if mesh is None else BatchPart(AXIS, mesh.size, batch_size)
    return part_of_batch(part)
