"""How long devices take to add up their gradients, on paper.

Of `bytes` a device, a ring sends and receives `2 (n - 1) / n bytes`, and a tree has
`2 log2(n)` messages one after the other: the time is taken as the sum of both, first
inside each machine, then between machines. That is what NCCL's algorithms cost at best
(Thakur, Rabenseifner and Gropp, "Optimization of Collective Communication Operations in
MPICH", IJHPCA 19, 2005), without waiting for the slowest device.
"""

from dataclasses import dataclass
from math import log2


@dataclass(frozen=True, kw_only=True)
class Links:
    """What connects the devices.

    Attributes:
        inside: devices of a machine.
        bandwidth: bytes a second of a device, in one direction, inside a machine.
        latency: seconds of a message inside a machine.
        net_bandwidth: bytes a second of a machine to the others.
        net_latency: seconds of a message between machines.
    """

    inside: int
    bandwidth: float
    latency: float
    net_bandwidth: float
    net_latency: float

    def seconds(self, size: float, devices: int) -> float:
        """Return the seconds of an all-reduce of `size` bytes over some devices.

        >>> links = Links(inside=8, bandwidth=1e9, latency=1e-6, net_bandwidth=1e8,
        ...               net_latency=1e-5)
        >>> links.seconds(1e6, 1), round(links.seconds(1e6, 8) * 1e3, 3)
        (0.0, 1.756)
        """
        near = min(devices, self.inside)
        machines = -(-devices // self.inside)
        return _one_level(size, near, self.bandwidth, self.latency) + _one_level(
            size, machines, self.net_bandwidth, self.net_latency
        )


def _one_level(size: float, count: int, bandwidth: float, latency: float) -> float:
    return 2 * (count - 1) / count * size / bandwidth + 2 * log2(count) * latency
