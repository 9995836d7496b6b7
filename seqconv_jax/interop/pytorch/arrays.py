"""What every map between PyTorch's state and ours checks and copies."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from seqconv_jax import _checks

Arrays = Mapping[str, Any]


def take(
    argument: str, arrays: Arrays, needed: Iterable[str], optional: Iterable[str] = ()
) -> dict[str, np.ndarray]:
    """Copy the arrays, whose names must be those needed, and all or none optional.

    Args:
        argument: what the message calls them.
        arrays: anything that `numpy.asarray` takes, by name.
        needed: the names that must be there.
        optional: those that may be there, all together: the biases.

    Raises:
        UserError: for other names, and for what is no array of floats: quantised
            weights, and tensors on another device.

    Example:
        >>> sorted(take("state", {"weight": [1.0]}, ["weight"], ["bias"]))
        ['weight']
    """
    _checks.expect(isinstance(arrays, Mapping), argument, "arrays by name", arrays)
    needed, optional = list(needed), list(optional)
    expected = f"the arrays {needed}"
    expected += f", with or without {optional}" if optional else ""
    fits = set(arrays) in (set(needed), {*needed, *optional})
    _checks.expect(fits, argument, expected, sorted(map(str, arrays)))
    return {name: _floats(name, array) for name, array in arrays.items()}


def _floats(name: str, array: Any) -> np.ndarray:
    try:
        copied = np.asarray(array).copy()
    except (TypeError, ValueError, RuntimeError) as error:
        raise _checks.UserError(
            f"`{name}` must be an array on the CPU, got {type(array).__name__}, which "
            f"NumPy does not take: {str(error).splitlines()[0]}"
        ) from error
    is_float = copied.dtype.kind == "f" or copied.dtype.name == "bfloat16"
    _checks.expect(is_float, name, "floats", str(copied.dtype))
    return copied
