"""Weights of normalisation, which are named differently and not turned."""

from typing import Any

import numpy as np

from seqconv_jax import _checks
from seqconv_jax.interop.pytorch.arrays import Arrays, take

_OURS = {"weight": "scale", "bias": "bias"}
_AVERAGES = {"running_mean": "mean", "running_var": "var"}


def layer_norm_from_torch(state: Arrays) -> dict[str, np.ndarray]:
    """Return the parameters of `nn.LayerNorm` from a `torch.nn.LayerNorm`'s state.

    Example:
        >>> sorted(layer_norm_from_torch({"weight": np.ones(4), "bias": np.ones(4)}))
        ['bias', 'scale']
    """
    return _renamed("state", state, _OURS)


def layer_norm_to_torch(params: Arrays) -> dict[str, np.ndarray]:
    """Return the state of a `torch.nn.LayerNorm` from those of `nn.LayerNorm`.

    Example:
        >>> sorted(layer_norm_to_torch({"scale": np.ones(4), "bias": np.ones(4)}))
        ['bias', 'weight']
    """
    return _renamed("params", params, {new: old for old, new in _OURS.items()})


def batch_norm_from_torch(state: Arrays) -> dict[str, dict[str, np.ndarray]]:
    """Return the variables of `nn.BatchNorm` from a `torch.nn.BatchNorm1d`'s state.

    Returns:
        `{"params": ..., "batch_stats": ...}`; how many batches PyTorch saw is dropped.

    Note:
        While training, PyTorch averages variances with `n - 1` in the denominator, we
        do with `n`, as Keras.

    Example:
        >>> state = dict.fromkeys(["weight", "bias", "running_mean"], np.zeros(4))
        >>> variables = batch_norm_from_torch(state | {"running_var": np.ones(4)})
        >>> sorted(variables["batch_stats"])
        ['mean', 'var']
    """
    kept = {k: v for k, v in state.items() if k != "num_batches_tracked"}
    named = _renamed("state", kept, {**_AVERAGES, **_OURS})
    averages = {name: named.pop(name) for name in _AVERAGES.values()}
    return {"params": named, "batch_stats": averages}


def batch_norm_to_torch(params: Arrays, batch_stats: Arrays) -> dict[str, Any]:
    """Return the state of a `torch.nn.BatchNorm1d` from `nn.BatchNorm`'s variables.

    Args:
        params: its scale and bias.
        batch_stats: its averages.

    Example:
        >>> one = np.ones(4)
        >>> batch_norm_to_torch({"scale": one, "bias": one}, {"mean": one, "var": one})[
        ...     "running_var"
        ... ].tolist()
        [1.0, 1.0, 1.0, 1.0]
    """
    averages = take("batch_stats", batch_stats, _AVERAGES.values())
    names = {new: old for old, new in {**_OURS, **_AVERAGES}.items()}
    state = _renamed("params", {**params, **averages}, names)
    return {**state, "num_batches_tracked": np.zeros((), np.int64)}


def _renamed(argument: str, arrays: Arrays, names: dict[str, str]):
    """Return the arrays under other names, if all are of one width."""
    taken = take(argument, arrays, [n for n in names if n != "bias"], ["bias"])
    first = next(name for name in names if name in taken)
    _checks.rank(first, taken[first], ("features",))
    for name, array in taken.items():
        _checks.shape(name, array, taken[first].shape)
    return {new: taken[name] for name, new in names.items() if name in taken}
