"""The leaves of a pytree as a checkpoint keeps them, by name, and back."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from seqconv_jax._checks import UserError
from seqconv_jax._leaves import Difference, Spec, differences, named_leaves

_SHOWN = 5  # differences that one message lists


def nested(leaves: Mapping[str, Any]) -> dict[str, Any]:
    """Return named leaves as nested dicts, one level for each part of a name."""
    tree: dict[str, Any] = {}
    for name, leaf in leaves.items():
        *parents, last = name.split("/")
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {})
        node[last] = leaf
    return tree


def host_copies(tree: Any) -> dict[str, np.ndarray]:
    """Return every leaf as a NumPy array that shares no memory with the tree.

    The copy is what makes donation safe: on CPU a NumPy view of a `jax.Array` is the
    very buffer that the next step may overwrite.
    """
    leaves = named_leaves(tree)
    for name, leaf in leaves.items():
        if hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            raise UserError(
                f"`{name}` must be an array of numbers, got a random key: save its "
                "`jax.random.key_data`, or only the seed"
            )
    copies = {k: np.array(leaf) for k, leaf in jax.device_get(leaves).items()}
    for name, copy in copies.items():
        if copy.dtype.kind in "OSUMm":
            raise UserError(
                f"`{name}` must be an array of numbers, got dtype {copy.dtype}"
            )
    return copies


def describe(leaf: Any) -> dict[str, Any]:
    """Return the shape and the dtype of a leaf as a manifest keeps them."""
    return Spec.of(leaf)._asdict()


def below(like: Any, held: Mapping[str, Any]) -> dict[str, Any]:
    """Return the held leaves under the top-level keys that `like` has, if a dict."""
    if not isinstance(like, Mapping):
        return dict(held)
    keys = {str(key) for key in like}
    return {name: leaf for name, leaf in held.items() if name.split("/")[0] in keys}


def compare(where: Path, held: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Raise `UserError` unless the held leaves have the expected names and shapes.

    Args:
        where: the checkpoint, for the message.
        held: `describe` of each leaf in it, as read from the manifest.
        expected: the leaves to be filled.
    """
    specs = {k: Spec(tuple(v["shape"]), v["dtype"]) for k, v in held.items()}
    found = differences(specs, expected)
    if found:
        more = len(found) - _SHOWN
        rest = f"; and {more} more differences" if more > 0 else ""
        raise UserError(
            f"checkpoint {where} {'; '.join(map(_words, found[:_SHOWN]))}{rest}. Build "
            "the model with the settings of that run (its config.json), or start a new "
            "run"
        )


def _words(difference: Difference) -> str:
    name, held, expected = difference
    if held is None:
        return f"lacks {name}, which the model expects"
    if expected is None:
        return f"holds {name}, which the model does not have"
    kind = "shape" if held.shape != expected.shape else "dtype"
    got, want = getattr(held, kind), getattr(expected, kind)
    return f"holds {name} of {kind} {got}, the model expects {want}"


def like(leaf: Any, value: np.ndarray) -> Any:
    """Return `value` in the kind of `leaf`: NumPy, a number, or a `jax.Array`."""
    if isinstance(leaf, np.ndarray):
        return value
    if isinstance(leaf, np.generic):
        return value[()]
    if not hasattr(leaf, "dtype"):
        return value.item()
    array = jnp.array(value)
    if array.dtype != value.dtype:
        raise UserError(
            f"a leaf of dtype {value.dtype} needs 64-bit JAX: call "
            '`jax.config.update("jax_enable_x64", True)` first'
        )
    # An uncommitted array may move to where it is needed; keep it so.
    committed = getattr(leaf, "committed", True)
    sharding = getattr(leaf, "sharding", None) if committed else None
    return array if sharding is None else jax.device_put(array, sharding)
