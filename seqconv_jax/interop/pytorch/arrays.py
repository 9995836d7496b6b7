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
        UserError: for other names.

    Example:
        >>> sorted(take("state", {"weight": [1.0]}, ["weight"], ["bias"]))
        ['weight']
    """
    needed, optional = list(needed), list(optional)
    expected = f"the arrays {needed}"
    expected += f", with or without {optional}" if optional else ""
    fits = set(arrays) in (set(needed), {*needed, *optional})
    _checks.expect(fits, argument, expected, sorted(arrays))
    return {name: np.asarray(array).copy() for name, array in arrays.items()}
