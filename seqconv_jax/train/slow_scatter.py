"""Versions of JAX whose scatter-add on a GPU is hundreds of times too slow."""

import re
import warnings

# From 0.10.2 on f32 updates were retried until they met no other; 0.11.1 has the
# hardware's own addition back (openxla/xla issue 46225).
FIRST_SLOW, FIRST_FIXED = (0, 10, 2), (0, 11, 1)


def warn_of_slow_scatter(platform: str, version: str) -> None:
    """Warn where the gradient of an embedding would take most of the time.

    Many examples hold the same frequent words, and their updates meet.

    Args:
        platform: what JAX computes on, such as `"gpu"`.
        version: JAX's.
    """
    numbers = tuple(map(int, re.findall(r"\d+", version)[:3]))
    if platform == "gpu" and FIRST_SLOW <= numbers < FIRST_FIXED:
        warnings.warn(
            f"JAX {version} adds up an embedding's gradient on a GPU hundreds of times "
            "too slowly; install 0.10.1, or 0.11.1 or newer",
            stacklevel=3,
        )
