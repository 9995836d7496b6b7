"""The devices, of one machine or of several, that an experiment trains on."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

Settings = TypeVar("Settings", bound=Any)


@dataclass(frozen=True, kw_only=True)
class DeviceSettings:
    """Flags for more devices than one."""

    devices: int | Literal["all"] = 1
    """Spread each batch over so many devices; on a CPU, over its cores. Where several
    processes train together: so many of each."""
    coordinator: str | None = None
    """HOST:PORT of the first of several processes that train together, the same for
    all; under srun and mpirun none of these three is needed."""
    processes: int | None = None
    """How many processes train together."""
    process: int | None = None
    """Which of them this is, from 0."""


def mesh_of(settings: DeviceSettings) -> Any:
    """Return what `train.fit` spreads each batch over; None for one device."""
    from seqconv_jax import train

    together = train.count_processes() > 1
    alone = settings.devices == 1 and not together
    return None if alone else train.data_mesh(settings.devices)


@contextmanager
def joined(settings: Settings) -> Iterator[Settings]:
    """Meet the other processes, before JAX looks for devices anywhere else.

    All but the first are silent, and keep what they write in a directory that goes
    with them.
    """
    from seqconv_jax import train

    train.join_hosts(settings.coordinator, settings.processes, settings.process)
    _expect_one_training(settings)
    mesh_of(settings)
    if train.is_first():
        with _at_once_if_others_are_lost():
            yield settings
        return
    with tempfile.TemporaryDirectory() as name, open(os.devnull, "w") as nowhere:
        sys.stdout = nowhere
        with _at_once_if_others_are_lost():
            yield replace(settings, out=Path(name) / "run", resume=False)


def _expect_one_training(settings: Any) -> None:
    """Raise where several processes are asked for more networks than one."""
    from seqconv_jax import UserError, train

    for name, alone in (("ensemble", 1), ("retrain", False)):
        asked = getattr(settings, name, alone)
        if asked != alone and train.count_processes() > 1:
            raise UserError(
                f"`{name}` must be {alone} where several processes train together, "
                f"got {asked}"
            )


@contextmanager
def _at_once_if_others_are_lost() -> Iterator[None]:
    """End with one line where JAX would wait for those who do not come."""
    from seqconv_jax import train

    try:
        yield
    except train.ProcessLostError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        os._exit(1)
