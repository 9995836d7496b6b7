"""The devices that an experiment trains on."""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class DeviceSettings:
    """Flags for more devices than one."""

    devices: int | Literal["all"] = 1
    """Spread each batch over so many devices; on a CPU, over its cores."""


def mesh_of(settings: DeviceSettings) -> Any:
    """Return what `train.fit` spreads each batch over; None for one device."""
    from seqconv_jax import train

    return None if settings.devices == 1 else train.data_mesh(settings.devices)
