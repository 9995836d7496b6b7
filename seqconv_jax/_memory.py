"""How much memory the machine has, and what can't be had there by far."""

import os
from typing import Any

from seqconv_jax._checks import UserError


def machine_memory() -> int | None:
    """Return the machine's memory in bytes, or None where the system doesn't say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # such as on Windows
        return None


def expect_memory(name: str, value: Any, needed: int, there: int | None) -> None:
    """Raise unless what an argument asks for may fit.

    Args:
        name: the argument.
        value: what it is.
        needed: the bytes that it takes at the least.
        there: the bytes that there are; None if unknown.

    Example:
        >>> expect_memory("batch_size", 10**12, 10**15, 10**10)
        Traceback (most recent call last):
        seqconv_jax._checks.UserError: `batch_size` must fit in memory, got \
1000000000000, which takes 1,000,000.0 GB or more where there are 10.0 GB
    """
    if there is not None and needed > there:
        raise UserError(
            f"`{name}` must fit in memory, got {value}, which takes "
            f"{needed / 1e9:,.1f} GB or more where there are {there / 1e9:,.1f} GB"
        )
