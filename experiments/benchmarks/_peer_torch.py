"""The network as one would write it in PyTorch: `torch.nn` layers, run eagerly."""

from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from _data import Problem
from _machine import usable_cores
from _peers import BATCHES
from _workloads import PlainLayer, Workload
from torch import nn  # pyright: ignore[reportMissingImports]

import seqconv_jax as sc

torch.set_num_threads(len(usable_cores()))

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


class Recurrent(nn.Module):
    """Input dropout, one mask for all steps, and a GRU: its last state."""

    def __init__(self, features: int, layer: PlainLayer):
        """Build both."""
        super().__init__()
        self.drop = nn.Dropout1d(layer.dropout)
        self.gru = nn.GRU(features, layer.units, batch_first=True)

    def forward(self, x: Any) -> Any:
        """Map `(batch, features, time)` to `(batch, units)`."""
        _, last = self.gru(self.drop(x).transpose(1, 2))
        return last[0]


class ResidualBlock(nn.Module):
    """Two causal convolutions and a shortcut."""

    def __init__(self, features: int, layer: PlainLayer):
        """Build the convolutions."""
        super().__init__()
        taps, dilation = layer.kernel_size, layer.dilation
        self.pad = nn.ConstantPad1d(((taps - 1) * dilation, 0), 0.0)
        self.first = nn.Conv1d(features, layer.features, taps, dilation=dilation)
        self.second = nn.Conv1d(layer.features, layer.features, taps, dilation=dilation)
        self.drop = nn.Dropout1d(layer.dropout)
        self.shortcut = None
        if features != layer.features:
            self.shortcut = nn.Conv1d(features, layer.features, 1)

    def forward(self, x: Any) -> Any:
        """Map `(batch, features, time)` to the same of the block's width."""
        y = self.drop(torch.relu(self.first(self.pad(x))))
        y = self.drop(torch.relu(self.second(self.pad(y))))
        return torch.relu(y + (x if self.shortcut is None else self.shortcut(x)))


class Network(nn.Module):
    """The layers one after the other, on `(batch, features, time)`."""

    def __init__(self, layers: tuple[PlainLayer, ...], features: int):
        """Build a module for each layer; `features` are those of a series."""
        super().__init__()
        self.kinds = [layer.kind for layer in layers]
        self.steps = nn.ModuleList()
        for layer in layers:
            module: Any = nn.Identity()
            match layer.kind:
                case "Embedding":
                    module = nn.Embedding(layer.vocabulary, layer.features)
                case "Conv1D":
                    module = nn.Conv1d(features, layer.features, layer.kernel_size)
                case "MaxPool1D":
                    module = nn.MaxPool1d(layer.window)
                case "GRU":
                    module = Recurrent(features, layer)
                case "ResidualBlock":
                    module = ResidualBlock(features, layer)
                case "Dense":
                    module = nn.Linear(features, layer.features)
            features = getattr(layer, "features", getattr(layer, "units", features))
            self.steps.append(module)

    def forward(self, x: Any) -> Any:
        """Map inputs, time on axis 1, to `(batch, 1)`."""
        if x.ndim == 3:
            x = x.transpose(1, 2)
        for kind, step in zip(self.kinds, self.steps, strict=True):
            match kind:
                case "Embedding":
                    x = step(x).transpose(1, 2)
                case "Conv1D":
                    x = torch.relu(step(x))
                case "GlobalMaxPool1D":
                    x = x.amax(dim=2)
                case "MaxPool1D" | "GRU" | "ResidualBlock" | "Dense":
                    x = step(x)
                case "LastStep":
                    x = x[:, :, -1]
                case _:
                    raise NotImplementedError(kind)
        return x


class Examples(torch.utils.data.Dataset):
    """The training examples one by one, as a DataLoader asks for them."""

    def __init__(self, problem: Problem):
        """Keep the arrays as tensors."""
        text = problem.offsets is None
        inputs = problem.inputs.astype(np.int32) if text else problem.inputs
        self.inputs = torch.from_numpy(inputs)
        self.targets = torch.from_numpy(problem.targets)
        self.rows = problem.rows
        self.offsets = None if text else torch.from_numpy(problem.offsets).long()

    def __len__(self) -> int:
        """Count them."""
        return len(self.rows)

    def __getitem__(self, index: int) -> Any:
        """Return one example and its target."""
        row = int(self.rows[index])
        where = row if self.offsets is None else row + self.offsets
        return self.inputs[where], self.targets[row]


class Peer:
    """The usual loop: zero the gradients, forward, loss, backward, step."""

    def __init__(
        self,
        workload: Workload,
        layers: tuple[PlainLayer, ...],
        problem: Problem,
        epoch_steps: int,
    ):
        """Build the network and put its batches on the device."""
        self._workload = workload
        self._batches = [
            (torch.from_numpy(x).to(DEVICE), torch.from_numpy(y).to(DEVICE))
            for x, y in problem.batches(BATCHES, workload.batch_size)
        ]
        self._network = Network(layers, workload.columns).to(DEVICE)
        self._loss = nn.BCEWithLogitsLoss() if workload.is_text else nn.L1Loss()
        self._optimiser = torch.optim.RMSprop(
            self._network.parameters(), lr=1e-3, alpha=0.9, eps=1e-7
        )
        count = epoch_steps * workload.batch_size
        if workload.is_text:
            problem = problem._replace(rows=problem.rows[:count])
        examples, sampling = Examples(problem), torch.utils.data.RandomSampler
        sampler = sampling(
            examples, replacement=not workload.is_text, num_samples=count
        )
        self._loader = torch.utils.data.DataLoader(
            examples, workload.batch_size, sampler=sampler
        )

    def load(self, weights: list[dict[str, Any]]) -> None:
        """Take over weights by layer."""
        to_torch = sc.interop
        network = self._network
        for step, kind, given in zip(
            network.steps, network.kinds, weights, strict=True
        ):
            match kind:
                case "Embedding":
                    _load(step, to_torch.embedding_to_torch(given))
                case "Conv1D":
                    _load(step, to_torch.conv1d_to_torch(given))
                case "GRU":
                    _load(step.gru, to_torch.gru_to_torch(given))
                case "ResidualBlock":
                    _load(step.first, to_torch.conv1d_to_torch(given["Conv1D_0"]))
                    _load(step.second, to_torch.conv1d_to_torch(given["Conv1D_1"]))
                    if step.shortcut is not None:
                        shortcut = to_torch.conv1d_to_torch(given["shortcut"])
                        _load(step.shortcut, shortcut)
                case "Dense":
                    _load(step, to_torch.dense_to_torch(given))

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the outputs, on the host."""
        self._network.eval()
        with torch.inference_mode():
            return self._network(torch.from_numpy(x).to(DEVICE)).cpu().numpy()

    def train(self, steps: int) -> None:
        """Do training steps, and wait for the last."""
        self._run(self._batches[index % BATCHES] for index in range(steps))

    def epoch(self) -> None:
        """Let a DataLoader make the batches."""
        self._run(self._loader)

    def _run(self, batches: Any) -> None:
        self._network.train()
        for x, y in batches:
            self._optimiser.zero_grad()
            self._loss(self._network(x.to(DEVICE)), y.to(DEVICE)).backward()
            self._optimiser.step()
        if DEVICE == "cuda":
            torch.cuda.synchronize()


def _load(module: Any, state: dict[str, np.ndarray]) -> None:
    module.load_state_dict({n: torch.as_tensor(a.copy()) for n, a in state.items()})
