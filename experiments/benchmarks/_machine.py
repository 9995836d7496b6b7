"""The machine: which cores and threads are used, what is installed, memory."""

import contextlib
import importlib.metadata
import os
import platform
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from seqconv_jax import UserError

PACKAGES = ("jax", "flax", "optax", "numpy", "keras", "torch", "tensorflow-cpu")
# What JAX calls the precisions of products.
JAX_PRECISIONS = {"float32": "highest", "tf32": "default"}


def pin(threads: int | None) -> int:
    """Keep this process and its children to so many cores and threads.

    Libraries read the variables when they are imported, XLA the set of cores.

    Args:
        threads: how many; None for all that this process may use.

    Returns:
        How many it is.
    """
    cores = usable_cores()
    threads = len(cores) if threads is None else threads
    if not 1 <= threads <= len(cores):
        raise UserError(
            f"--threads must be from 1 to {len(cores)}, the cores that this process "
            f"may use, got {threads}"
        )
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores[:threads])
    for library in ("OMP", "MKL", "OPENBLAS", "TF_NUM_INTRAOP", "TF_NUM_INTEROP"):
        name = f"{library}_THREADS" if "TF_" in library else f"{library}_NUM_THREADS"
        os.environ[name] = str(threads)
    # Where there is a GPU, the workers share it.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    return threads


def multiply_in(precision: str) -> None:
    """Set what this process's children multiply float32 arrays in on a GPU.

    NVIDIA's libraries read the one variable, whoever calls them; JAX the other.

    Args:
        precision: "float32", or "tf32", whose factors have 10 bits behind the point.
    """
    os.environ["NVIDIA_TF32_OVERRIDE"] = str(int(precision == "tf32"))
    os.environ["JAX_DEFAULT_MATMUL_PRECISION"] = JAX_PRECISIONS[precision]


def usable_cores() -> list[int]:
    """Return the cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def available_megabytes() -> float:
    """Return the memory that is free for new programs; infinity where unknown."""
    with contextlib.suppress(OSError):
        table = Path("/proc/meminfo").read_text()
        if match := re.search(r"MemAvailable:\s+(\d+) kB", table):
            return int(match[1]) / 1024
    return float("inf")


def description(threads: int, device: str) -> dict[str, Any]:
    """Return what a reader must know to judge the figures."""
    return {
        "processor": _processor(),
        "device": device,
        "threads": threads,
        "platform": platform.platform(),
        "python": platform.python_version(),
        "versions": _versions(PACKAGES),
    }


def _versions(packages: Iterable[str]) -> dict[str, str]:
    found = {}
    for package in packages:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def _processor() -> str:
    with contextlib.suppress(OSError):
        table = Path("/proc/cpuinfo").read_text()
        if match := re.search(r"model name\s*:\s*(.+)", table):
            return match[1].strip()
    return platform.processor() or "unknown"
