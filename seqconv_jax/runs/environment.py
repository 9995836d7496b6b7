"""Where a run ran: versions, platform, device and memory."""

import contextlib
import platform
import re
import sys
from importlib import metadata
from pathlib import Path
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


def peak_memory() -> int:
    """Return the most bytes of memory that this process has held; 0 where unknown.

    Linux counts them since the process began; `ru_maxrss`, elsewhere, may hold the
    parent's. Of a GPU see `device.memory_stats()` in JAX.

    Example:
        >>> peak_memory() > 2**20
        True
    """
    with contextlib.suppress(OSError):
        status = Path("/proc/self/status").read_text()
        if found := re.search(r"VmHWM:\s+(\d+) kB", status):
            return int(found[1]) << 10
    try:
        import resource
    except ImportError:  # such as on Windows
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most << 10


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
