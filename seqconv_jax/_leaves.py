"""The leaves of a pytree by name, and whether they are those expected.

A leaf is named by its path: `{"Dense_0": {"bias": b}}` holds `"Dense_0/bias"`.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from seqconv_jax._checks import UserError


class Spec(NamedTuple):
    """What is known of an array before it is there: its shape and its dtype's name."""

    shape: tuple[int, ...]
    dtype: str

    @classmethod
    def of(cls, leaf: Any) -> "Spec":
        """Return that of an array, a `jax.ShapeDtypeStruct`, a number or a `Spec`."""
        if isinstance(leaf, Spec):
            return leaf
        leaf = leaf if hasattr(leaf, "dtype") else np.asarray(leaf)
        return cls(tuple(leaf.shape), str(leaf.dtype))

    def __str__(self) -> str:
        """Return both as one word: `float32(5, 3)`."""
        return f"{self.dtype}{self.shape}"


class Difference(NamedTuple):
    """A leaf that is not as expected.

    Attributes:
        name: its path.
        given: what it is; None where it is missing.
        expected: what it should be; None where there should be none.
    """

    name: str
    given: Spec | None
    expected: Spec | None


def named_leaves(tree: Any) -> dict[str, Any]:
    """Return the leaves of a pytree by name, in the order of `jax.tree.leaves`.

    Raises:
        UserError: if two leaves have the same name.

    Example:
        >>> named_leaves({"Dense_0": {"bias": 1, "kernel": 2}})
        {'Dense_0/bias': 1, 'Dense_0/kernel': 2}
    """
    leaves: dict[str, Any] = {}
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        name = jax.tree_util.keystr(path, simple=True, separator="/")
        if name in leaves:
            raise UserError(f"`tree` must have distinct leaf names, got {name!r} twice")
        leaves[name] = leaf
    return leaves


def differences(
    given: Mapping[str, Any], expected: Mapping[str, Any], *, dtypes: bool = True
) -> list[Difference]:
    """Compare leaves by name with those expected, in the order expected.

    Args:
        given: arrays or `Spec`s by name.
        expected: arrays, `jax.ShapeDtypeStruct`s or `Spec`s by name.
        dtypes: whether a leaf of another dtype differs.

    Returns:
        What is missing, unexpected, or of another shape or dtype.

    Example:
        >>> given = {"bias": np.zeros(4, np.float32)}
        >>> differences(given, {"bias": np.zeros(5, np.float32)})[0].given.shape
        (4,)
    """
    found = []
    for name in dict.fromkeys([*expected, *given]):
        got, want = (
            Spec.of(side[name]) if name in side else None for side in (given, expected)
        )
        if got is None or want is None or got.shape != want.shape:
            found.append(Difference(name, got, want))
        elif dtypes and got.dtype != want.dtype:
            found.append(Difference(name, got, want))
    return found


def check_leaves(
    argument: str,
    given: Mapping[str, Any],
    expected: Mapping[str, Any],
    *,
    dtypes: bool = True,
) -> None:
    """Raise unless an argument holds the leaves that `model` has.

    Args:
        argument: what the message calls it, such as `"params"`.
        given: arrays by name.
        expected: arrays or `jax.ShapeDtypeStruct`s by name.
        dtypes: whether a leaf of another dtype is an error.

    Raises:
        UserError: naming all leaves that are missing, else all that are unexpected,
            else the first of another shape or dtype.

    Example:
        >>> check_leaves("params", {}, {"bias": np.zeros(5)})
        Traceback (most recent call last):
        seqconv_jax._checks.UserError: `params` lacks bias
    """
    found = differences(given, expected, dtypes=dtypes)
    if missing := sorted(each.name for each in found if each.given is None):
        raise UserError(f"`{argument}` lacks {', '.join(missing)}")
    if unexpected := sorted(each.name for each in found if each.expected is None):
        raise UserError(
            f"`{argument}` has {', '.join(unexpected)}, which `model` has not"
        )
    for name, got, want in found:
        raise UserError(f"`{argument}` must have {name} as {want}, got {got}")
