"""The variables of a model by name: what is expected of a file, or of a caller.

A variable is named by its collection and its path: `"params/Dense_0/bias"`.
"""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from flax.traverse_util import unflatten_dict

from seqconv_jax._checks import array_like
from seqconv_jax._leaves import check_leaves, named_leaves
from seqconv_jax.nn.calls import abstract
from seqconv_jax.nn.declared import check_model

COLLECTIONS = ("params", "batch_stats")


def expected_variables(model: nn.Module, example: Any) -> dict[str, Any]:
    """Return the shape and dtype of each variable of a model, by name.

    Args:
        model: a Flax module.
        example: a batch, or anything with its shape and dtype.

    Raises:
        UserError: for what is no module, or no batch.
    """
    check_model(model)
    array_like("example", example)
    batch = abstract(example.shape, example.dtype)
    variables = jax.eval_shape(model.init, jax.random.key(0), batch)
    kept = {name: variables[name] for name in COLLECTIONS if name in variables}
    return named_leaves(kept)


def checked_variables(
    params: Any, batch_stats: Any, expected: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    """Return host copies of variables by name, if they are those expected.

    Raises:
        UserError: if one is missing, unexpected, or of another shape or dtype.
    """
    arrays: dict[str, np.ndarray] = {}
    given = (params, {} if batch_stats is None else batch_stats)
    for collection, tree in zip(COLLECTIONS, given, strict=True):
        leaves = {name: np.asarray(leaf) for name, leaf in named_leaves(tree).items()}
        check_leaves(collection, leaves, of_collection(collection, expected))
        arrays |= {f"{collection}/{name}": leaf for name, leaf in leaves.items()}
    return arrays


def of_collection(collection: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables of one collection, by the path within it.

    Example:
        >>> of_collection("params", {"params/Dense_0/bias": 1, "batch_stats/mean": 2})
        {'Dense_0/bias': 1}
    """
    start = f"{collection}/"
    return {
        name.removeprefix(start): variable
        for name, variable in variables.items()
        if name.startswith(start)
    }


def as_variables(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Return named arrays as nested variables: `"params"` and `"batch_stats"`."""
    named = {tuple(name.split("/")): jnp.asarray(a) for name, a in arrays.items()}
    return {name: {} for name in COLLECTIONS} | unflatten_dict(named)
