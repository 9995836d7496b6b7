"""The network as one would write it in Flax after its documentation."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from _data import Problem
from _peers import BATCHES
from _workloads import PlainLayer, Workload
from flax import linen as nn


class Network(nn.Module):
    """The layers one after the other, from `flax.linen`."""

    layers: tuple[PlainLayer, ...]

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool = False) -> jax.Array:
        """Map inputs to `(batch, 1)`."""
        for index, layer in enumerate(self.layers):
            name = f"layer_{index}"
            match layer.kind:
                case "Embedding":
                    x = nn.Embed(layer.vocabulary, layer.features, name=name)(x)
                case "Conv1D":
                    conv = nn.Conv(
                        layer.features, (layer.kernel_size,), padding="VALID", name=name
                    )
                    x = nn.relu(conv(x))
                case "MaxPool1D":
                    x = nn.max_pool(x, (layer.window,), (layer.window,))
                case "GlobalMaxPool1D":
                    x = jnp.max(x, axis=1)
                case "GRU":
                    drop = nn.Dropout(layer.dropout, broadcast_dims=(1,))
                    x = drop(x, deterministic=not train)
                    states: Any = nn.RNN(nn.GRUCell(layer.units, name=name))(x)
                    x = states[:, -1]
                case "ResidualBlock":
                    x = ResidualBlock(layer, name=name)(x, train=train)
                case "Dense":
                    x = nn.Dense(layer.features, name=name)(x)
                case "LastStep":
                    x = x[:, -1]
                case _:
                    raise NotImplementedError(layer.kind)
        return x


class ResidualBlock(nn.Module):
    """Two causal convolutions and a shortcut."""

    layer: PlainLayer

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """Map `(batch, time, features)` to the same of the block's width."""
        y, layer = x, self.layer
        for index in range(2):
            conv = nn.Conv(
                layer.features,
                (layer.kernel_size,),
                padding="CAUSAL",
                kernel_dilation=(layer.dilation,),
                name=f"Conv1D_{index}",
            )
            drop = nn.Dropout(layer.dropout, broadcast_dims=(1,))
            y = drop(nn.relu(conv(y)), deterministic=not train)
        if x.shape[-1] != layer.features:
            x = nn.Conv(layer.features, (1,), name="shortcut")(x)
        return nn.relu(x + y)


class Peer:
    """A jitted step over NumPy batches that the host gathers."""

    def __init__(
        self,
        workload: Workload,
        layers: tuple[PlainLayer, ...],
        problem: Problem,
        epoch_steps: int,
    ):
        """Build the network and put its batches on the device."""
        self._workload, self._problem = workload, problem
        self._epoch_steps = epoch_steps
        self._batches = [
            (jnp.asarray(x), jnp.asarray(y))
            for x, y in problem.batches(BATCHES, workload.batch_size)
        ]
        self._model = Network(layers)
        self._tx = optax.rmsprop(1e-3, decay=0.9, eps=1e-7)
        init = jax.jit(self._model.init)
        self._params = init(jax.random.key(0), self._batches[0][0])["params"]
        self._optimiser = self._tx.init(self._params)
        self._apply = jax.jit(self._model.apply)
        self._jitted = jax.jit(self._step, donate_argnums=(0, 1))
        self._key = jax.random.key(0)
        self._rng = np.random.default_rng(0)

    def _step(self, params: Any, optimiser: Any, x: Any, y: Any, key: Any) -> Any:
        def objective(params):
            outputs = self._model.apply(
                {"params": params}, x, train=True, rngs={"dropout": key}
            )
            if self._workload.is_text:
                return optax.sigmoid_binary_cross_entropy(outputs, y).mean()
            return jnp.abs(outputs - y).mean()

        grads = jax.grad(objective)(params)
        updates, optimiser = self._tx.update(grads, optimiser)
        key, _ = jax.random.split(key)
        return optax.apply_updates(params, updates), optimiser, key

    def load(self, weights: list[dict[str, Any]]) -> None:
        """Take over weights by layer."""
        self._params = {
            f"layer_{index}": _own_form(given)
            for index, given in enumerate(weights)
            if given
        }
        self._optimiser = self._tx.init(self._params)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the outputs, on the host."""
        return np.asarray(self._apply({"params": self._params}, x))

    def train(self, steps: int) -> None:
        """Do training steps, and wait for the last."""
        self._run(self._batches[index % BATCHES] for index in range(steps))

    def epoch(self) -> None:
        """Gather each batch with NumPy, then do its step."""
        self._run(self._host_batches())

    def _run(self, batches: Any) -> None:
        for x, y in batches:
            self._params, self._optimiser, self._key = self._jitted(
                self._params, self._optimiser, x, y, self._key
            )
        jax.block_until_ready(self._params)

    def _host_batches(self) -> Any:
        rows, size = self._problem.rows, self._workload.batch_size
        count = self._epoch_steps * size
        if self._workload.is_text:
            order = self._rng.permutation(rows[:count])
        else:
            order = self._rng.choice(rows, count)
        yield from map(self._problem.gather, order.reshape(-1, size))


def _own_form(params: dict[str, Any]) -> dict[str, Any]:
    """Return a layer's parameters as Flax's own layer has them."""
    if "recurrent_kernel" not in params:
        return params
    split = partial(np.split, indices_or_sections=3, axis=-1)
    gates: dict[str, Any] = {}
    names = ("z", "r", "n")
    for name, kernel, recurrent, bias, recurrent_bias in zip(
        names,
        split(params["kernel"]),
        split(params["recurrent_kernel"]),
        *map(split, params["bias"]),
        strict=True,
    ):
        gates[f"i{name}"] = {"kernel": kernel, "bias": bias}
        gates[f"h{name}"] = {"kernel": recurrent}
        if name == "n":
            gates["hn"]["bias"] = recurrent_bias
        else:
            gates[f"i{name}"]["bias"] = bias + recurrent_bias
    return gates
