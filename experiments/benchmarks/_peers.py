"""Who is compared: how each is made ready in its own process, and what it is asked."""

import importlib
import importlib.util
import os
import shutil
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from _data import Problem
from _workloads import PlainLayer, Workload

import seqconv_jax as sc

OURS = "ours"
BATCHES = 8  # different batches that the training steps go through in turn
INSTALL = "pip install -e '.[benchmarks]'"


class Peer(Protocol):
    """One network in one library, compiled where the library offers it."""

    def __init__(
        self,
        workload: Workload,
        layers: tuple[PlainLayer, ...],
        problem: Problem,
        epoch_steps: int,
    ):
        """Build the network with RMSprop, and put batches where it trains.

        Args:
            workload: the batches' size and shapes, and the loss.
            layers: of the network.
            problem: the examples.
            epoch_steps: the steps of an epoch.
        """

    def load(self, weights: list[dict[str, Any]]) -> None:
        """Take over our weights, a dict for each layer of the workload."""

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the outputs without dropout, from host to host."""
        ...

    def train(self, steps: int) -> None:
        """Do training steps on the batches at hand, and wait for the last."""

    def epoch(self) -> None:
        """Train `epoch_steps` steps, data included, the way its users do."""


@dataclass(frozen=True)
class Entry:
    """What has to be known about a peer before it is imported.

    Attributes:
        title: its name in tables.
        module: the file that holds its `Peer`.
        needs: what must be installed.
        environment: variables that it reads when it is imported.
        reset_after: whether its GRU can only reset after the matrix product.
        recurrent_dropout: whether its GRU has it.
        needs_compiler: whether it calls a C++ compiler.
    """

    title: str
    module: str
    needs: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    reset_after: bool = False
    recurrent_dropout: bool = True
    needs_compiler: bool = False

    @property
    def is_installed(self) -> bool:
        """Whether what it needs is there."""
        if self.needs_compiler and not any(map(shutil.which, ("c++", "g++", "clang"))):
            return False
        return all(importlib.util.find_spec(name) for name in self.needs)

    def note(self, workload: Workload) -> str:
        """Say where its work is not that of the workload; empty where it is."""
        drops = any(
            isinstance(layer, sc.nn.GRU) and layer.recurrent_dropout > 0
            for layer in workload.layers
        )
        if drops and not self.recurrent_dropout:
            return "no recurrent dropout; reset gate after the product"
        return ""

    def import_module(self) -> Any:
        """Import its file, and the library with it."""
        os.environ.update(self.environment)
        return importlib.import_module(self.module)


def _keras(title: str, backend: str, *needs: str) -> Entry:
    environment = (("KERAS_BACKEND", backend), ("TF_CPP_MIN_LOG_LEVEL", "3"))
    return Entry(title, "_peer_keras", ("keras", *needs), environment)


PEERS = {
    OURS: Entry("seqconv_jax", "_peer_ours", ("seqconv_jax",)),
    "flax": Entry(
        "Flax, written plainly",
        "_peer_flax",
        ("flax", "optax"),
        reset_after=True,
        recurrent_dropout=False,
    ),
    "torch": Entry(
        "PyTorch",
        "_peer_torch",
        ("torch",),
        reset_after=True,
        recurrent_dropout=False,
    ),
    "torch-compile": Entry(
        "PyTorch, compiled",
        "_peer_torch_compile",
        ("torch",),
        reset_after=True,
        recurrent_dropout=False,
        needs_compiler=True,
    ),
    "keras-jax": _keras("Keras on JAX", "jax", "jax"),
    "keras-torch": _keras("Keras on PyTorch", "torch", "torch"),
    "keras-tensorflow": _keras("Keras on TensorFlow", "tensorflow", "tensorflow"),
}

# Those that need nothing but what `INSTALL` installs.
USUAL = tuple(peer for peer, entry in PEERS.items() if not entry.needs_compiler)
