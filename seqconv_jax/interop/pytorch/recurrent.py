"""Weights of recurrent layers: their gates are ordered and their biases paired."""

from typing import Any, NamedTuple

import numpy as np

from seqconv_jax import _checks
from seqconv_jax.interop.pytorch.arrays import Arrays, take

_WEIGHTS = ("weight_ih_l0", "weight_hh_l0")
_BIASES = ("bias_ih_l0", "bias_hh_l0")
_SUFFIXES = {"forward": "", "backward": "_reverse"}


class _Kind(NamedTuple):
    """A recurrent layer of both.

    Attributes:
        name: what messages call PyTorch's.
        order: for each gate of ours the place of PyTorch's; its own inverse.
        both_biases: whether ours keeps the two biases apart.
    """

    name: str
    order: tuple[int, ...]
    both_biases: bool = False


_GRU = _Kind("a GRU", (1, 0, 2), both_biases=True)
_LSTM = _Kind("an LSTM", (0, 1, 2, 3))
_RNN = _Kind("an RNN", (0,))


def gru_from_torch(state: Arrays) -> dict[str, Any]:
    """Return the parameters of a GRU from the state of a `torch.nn.GRU`.

    Args:
        state: the weights of one layer, in one direction or both.

    Returns:
        Parameters of `nn.GRU(reset_after=True)`, or, of a bidirectional one, of
        `nn.Bidirectional`: the same for `forward` and for `backward`.

    Example:
        >>> weights = np.zeros((6, 4)), np.zeros((6, 2))
        >>> params = gru_from_torch(dict(zip(_WEIGHTS, weights)))
        >>> {name: array.shape for name, array in params.items()}
        {'kernel': (4, 6), 'recurrent_kernel': (2, 6)}
    """
    return _from_torch(_GRU, state)


def gru_to_torch(params: Arrays) -> dict[str, np.ndarray]:
    """Return the state of a `torch.nn.GRU` from the parameters of a GRU.

    Args:
        params: of `nn.GRU(reset_after=True)`, or of `nn.Bidirectional` around it.

    Example:
        >>> state = gru_to_torch(
        ...     {"kernel": np.zeros((4, 6)), "recurrent_kernel": np.zeros((2, 6))}
        ... )
        >>> {name: array.shape for name, array in state.items()}
        {'weight_ih_l0': (6, 4), 'weight_hh_l0': (6, 2)}
    """
    return _to_torch(_GRU, params)


def lstm_from_torch(state: Arrays) -> dict[str, Any]:
    """Return the parameters of an LSTM from the state of a `torch.nn.LSTM`.

    Args:
        state: the weights of one layer, in one direction or both.

    Returns:
        Parameters of `nn.LSTM`, or of `nn.Bidirectional` around it.

    Example:
        >>> weights = np.zeros((8, 4)), np.zeros((8, 2)), np.ones(8), np.ones(8)
        >>> params = lstm_from_torch(dict(zip(_WEIGHTS + _BIASES, weights)))
        >>> params["kernel"].shape, params["bias"].tolist()
        ((4, 8), [2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0])
    """
    return _from_torch(_LSTM, state)


def lstm_to_torch(params: Arrays) -> dict[str, np.ndarray]:
    """Return the state of a `torch.nn.LSTM` from the parameters of an LSTM.

    Args:
        params: of `nn.LSTM`, or of `nn.Bidirectional` around it.

    Example:
        >>> state = lstm_to_torch(
        ...     {"kernel": np.zeros((4, 8)), "recurrent_kernel": np.zeros((2, 8))}
        ... )
        >>> state["weight_ih_l0"].shape
        (8, 4)
    """
    return _to_torch(_LSTM, params)


def rnn_from_torch(state: Arrays) -> dict[str, Any]:
    """Return the parameters of a plain recurrent layer from a `torch.nn.RNN`'s state.

    Args:
        state: the weights of one layer, in one direction or both.

    Returns:
        Parameters of `nn.SimpleRNN`, or of `nn.Bidirectional` around it.

    Example:
        >>> weights = np.zeros((2, 4)), np.zeros((2, 2)), np.ones(2), np.ones(2)
        >>> rnn_from_torch(dict(zip(_WEIGHTS + _BIASES, weights)))["bias"].tolist()
        [2.0, 2.0]
    """
    return _from_torch(_RNN, state)


def rnn_to_torch(params: Arrays) -> dict[str, np.ndarray]:
    """Return the state of a `torch.nn.RNN` from a plain recurrent layer's parameters.

    Args:
        params: of `nn.SimpleRNN`, or of `nn.Bidirectional` around it.

    Example:
        >>> state = rnn_to_torch(
        ...     {"kernel": np.zeros((4, 2)), "recurrent_kernel": np.zeros((2, 2))}
        ... )
        >>> state["weight_ih_l0"].shape
        (2, 4)
    """
    return _to_torch(_RNN, params)


def _from_torch(kind: _Kind, state: Arrays) -> dict[str, Any]:
    deeper = sorted(name for name in state if "_l" in name and "_l0" not in name)
    _checks.expect(not deeper, "state", f"of {kind.name} of one layer", deeper)
    both = any(name.endswith("_reverse") for name in state)
    suffixes = list(_SUFFIXES.values()) if both else [""]
    arrays = take(
        "state",
        state,
        [name + suffix for suffix in suffixes for name in _WEIGHTS],
        [name + suffix for suffix in suffixes for name in _BIASES],
    )
    if not both:
        return _direction_from_torch(kind, arrays, "")
    return {
        direction: _direction_from_torch(kind, arrays, suffix)
        for direction, suffix in _SUFFIXES.items()
    }


def _to_torch(kind: _Kind, params: Arrays) -> dict[str, np.ndarray]:
    if set(params) != set(_SUFFIXES):
        return _direction_to_torch(kind, params, "")
    state = {}
    for direction, suffix in _SUFFIXES.items():
        state |= _direction_to_torch(kind, params[direction], suffix)
    return state


def _direction_from_torch(kind: _Kind, arrays, suffix: str) -> dict[str, np.ndarray]:
    names = [name + suffix for name in _WEIGHTS + _BIASES]
    gates = len(kind.order)
    _checks.rank(names[1], arrays[names[1]], (f"{gates} * units", "units"))
    units = arrays[names[1]].shape[1]
    width = gates * units
    shapes = (width, None), (width, units), (width,), (width,)
    for name, shape in zip(names, shapes, strict=True):
        if name in arrays:
            _checks.shape(name, arrays[name], shape)
    kernel, recurrent, *biases = (
        _reorder(kind, arrays[name]) for name in names if name in arrays
    )
    params = {"kernel": kernel.T, "recurrent_kernel": recurrent.T}
    if biases:
        params["bias"] = np.stack(biases) if kind.both_biases else np.add(*biases)
    return params


def _direction_to_torch(kind: _Kind, params, suffix: str) -> dict[str, np.ndarray]:
    arrays = take("params", params, ["kernel", "recurrent_kernel"], ["bias"])
    recurrent, gates = arrays["recurrent_kernel"], len(kind.order)
    _checks.rank("recurrent_kernel", recurrent, ("units", f"{gates} * units"))
    units = recurrent.shape[0]
    width = gates * units
    _checks.shape("recurrent_kernel", recurrent, (units, width))
    _checks.shape("kernel", arrays["kernel"], (None, width))
    rows = [arrays["kernel"].T, recurrent.T]
    if "bias" in arrays:
        bias = arrays["bias"]
        _checks.shape("bias", bias, (2, width) if kind.both_biases else (width,))
        rows += list(bias) if kind.both_biases else [bias, np.zeros_like(bias)]
    names = [name + suffix for name in _WEIGHTS + _BIASES]
    return {n: _reorder(kind, a) for n, a in zip(names, rows)}  # noqa: B905


def _reorder(kind: _Kind, rows: np.ndarray) -> np.ndarray:
    """Change the gates' order to ours, or back, along the rows."""
    parts = np.split(rows, len(kind.order))
    return np.concatenate([parts[place] for place in kind.order])
