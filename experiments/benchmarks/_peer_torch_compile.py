"""The network in PyTorch, its forward and backward pass through `torch.compile`."""

from typing import Any

import _peer_torch


class Peer(_peer_torch.Peer):
    """The usual loop around a compiled network, once compiled for each shape."""

    def __init__(self, *arguments: Any):
        """Build the network; its first calls compile it."""
        super().__init__(*arguments)
        self._network.compile(dynamic=False)
