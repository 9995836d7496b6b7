"""Weights of layers that map each step, or windows of steps: axes are turned round."""

import numpy as np

from seqconv_jax import _checks
from seqconv_jax.interop.pytorch.arrays import Arrays, take


def conv1d_from_torch(state: Arrays) -> dict[str, np.ndarray]:
    """Return the parameters of `nn.Conv1D` from the state of a `torch.nn.Conv1d`.

    Example:
        >>> conv1d_from_torch({"weight": np.zeros((32, 14, 5))})["kernel"].shape
        (5, 14, 32)
    """
    return _from_torch(state, ("filters", "features", "kernel_size"))


def conv1d_to_torch(params: Arrays) -> dict[str, np.ndarray]:
    """Return the state of a `torch.nn.Conv1d` from the parameters of `nn.Conv1D`.

    Example:
        >>> conv1d_to_torch({"kernel": np.zeros((5, 14, 32))})["weight"].shape
        (32, 14, 5)
    """
    return _to_torch(params, ("kernel_size", "features", "filters"))


def dense_from_torch(state: Arrays) -> dict[str, np.ndarray]:
    """Return the parameters of `nn.Dense` from the state of a `torch.nn.Linear`.

    Example:
        >>> dense_from_torch({"weight": np.zeros((1, 32))})["kernel"].shape
        (32, 1)
    """
    return _from_torch(state, ("features", "features_in"))


def dense_to_torch(params: Arrays) -> dict[str, np.ndarray]:
    """Return the state of a `torch.nn.Linear` from the parameters of `nn.Dense`.

    Example:
        >>> dense_to_torch({"kernel": np.zeros((32, 1))})["weight"].shape
        (1, 32)
    """
    return _to_torch(params, ("features_in", "features"))


def embedding_from_torch(state: Arrays) -> dict[str, np.ndarray]:
    """Return the parameters of `nn.Embedding` from a `torch.nn.Embedding`'s state.

    Example:
        >>> embedding_from_torch({"weight": np.zeros((9, 4))})["embedding"].shape
        (9, 4)
    """
    weight = take("state", state, ["weight"])["weight"]
    _checks.rank("weight", weight, ("vocabulary", "features"))
    return {"embedding": weight}


def embedding_to_torch(params: Arrays) -> dict[str, np.ndarray]:
    """Return the state of a `torch.nn.Embedding` from those of `nn.Embedding`.

    Example:
        >>> embedding_to_torch({"embedding": np.zeros((9, 4))})["weight"].shape
        (9, 4)
    """
    table = take("params", params, ["embedding"])["embedding"]
    _checks.rank("embedding", table, ("vocabulary", "features"))
    return {"weight": table}


def _from_torch(state: Arrays, axes: tuple[str, ...]) -> dict[str, np.ndarray]:
    return _turned("state", state, "weight", "kernel", axes, outputs=0)


def _to_torch(params: Arrays, axes: tuple[str, ...]) -> dict[str, np.ndarray]:
    return _turned("params", params, "kernel", "weight", axes, outputs=-1)


def _turned(argument: str, arrays, old: str, new: str, axes, outputs: int):
    """Turn all axes of the weight round, and check the bias against its outputs."""
    arrays = take(argument, arrays, [old], ["bias"])
    weight = arrays.pop(old)
    _checks.rank(old, weight, axes)
    if "bias" in arrays:
        _checks.shape("bias", arrays["bias"], (weight.shape[outputs],))
    return {new: weight.T, **arrays}
