"""Where a run ran: versions, platform and device."""

import platform
from importlib import metadata
from typing import Any

PACKAGES = (
    "jax",
    "jaxlib",
    "flax",
    "optax",
    "orbax-checkpoint",
    "numpy",
    "pandas",
    "seqconv-jax",
)


def environment(*, device: str | None = None) -> dict[str, Any]:
    """Return the part of a config that says where it ran; nothing is imported for it.

    Args:
        device: what the arrays are on, such as `jax.devices()[0].device_kind`.

    Example:
        >>> sorted(environment(device="cpu"))
        ['device', 'platform', 'python', 'versions']
    """
    return {
        "versions": {name: _version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": device,
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
