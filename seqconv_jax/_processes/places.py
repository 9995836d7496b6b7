"""Where commands run: on some of the cores, or on a GPU."""

import os
import subprocess
import sys
from importlib import metadata
from typing import NamedTuple


class Place(NamedTuple):
    """Where one command at a time runs.

    Attributes:
        cores: numbers of the processor's; empty for any.
        environ: variables of the environment, such as which GPU it sees.
    """

    cores: tuple[int, ...] = ()
    environ: dict[str, str] = {}


def cores() -> list[int]:
    """Return the numbers of the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def places_on_cores(count: int) -> list[Place]:
    """Share out the cores among as many of `count` commands as there are cores.

    Example:
        >>> places = places_on_cores(1)
        >>> len(places), list(places[0].cores) == cores()
        (1, True)
    """
    all_cores = cores()
    count = max(1, min(count, len(all_cores)))
    return [Place(tuple(all_cores[place::count])) for place in range(count)]


def places_for(count: int) -> list[Place]:
    """Return where `count` commands run: a place for each GPU, else on cores.

    JAX is asked in a process of its own: in this one it would take the GPU's memory.
    """
    plugins = metadata.entry_points(group="jax_plugins")
    if not plugins or os.environ.get("JAX_PLATFORMS") == "cpu":
        return places_on_cores(count)
    code = "import jax; print(jax.default_backend(), jax.local_device_count())"
    asked = subprocess.run(python("-c", code), capture_output=True, text=True)
    backend, _, devices = asked.stdout.strip().rpartition(" ")
    if asked.returncode or backend.split()[-1:] == ["cpu"]:
        return places_on_cores(count)
    if backend.split()[-1:] != ["gpu"]:
        return [Place()]
    name = "CUDA_VISIBLE_DEVICES"
    seen = [each for each in os.environ.get(name, "").split(",") if each]
    seen = seen or [str(number) for number in range(int(devices))]
    return [Place(environ={name: each}) for each in seen]


def python(*arguments: str) -> list[str]:
    """Return the command of a Python like this one; it imports what this one can."""
    return [sys.executable, "-P", *arguments]
