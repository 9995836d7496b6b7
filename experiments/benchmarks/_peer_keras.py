"""The network in Keras 3, on the backend that `KERAS_BACKEND` names.

Steps are those of `_keras_steps`, inference is `predict_on_batch`, an epoch is `fit`:
over arrays for a text, over the book's Python generator for a series. Compilation is
left to Keras (`jit_compile="auto"`).
"""

import importlib
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from _data import Problem
from _keras_steps import make_steps
from _machine import usable_cores
from _peers import BATCHES
from _workloads import PlainLayer, Workload
from keras import layers as k

BACKEND = keras.backend.backend()
if BACKEND == "torch":
    importlib.import_module("torch").set_num_threads(len(usable_cores()))

# The order in which a Keras layer holds its weights.
ORDER = ("embedding", "kernel", "recurrent_kernel", "bias")


def residual(layer: PlainLayer, x: Any) -> tuple[Any, dict[str, Any]]:
    """Return a residual block's output, and its layers with weights by name."""
    y, made, features = x, {}, x.shape[-1]
    for index in range(2):
        conv = k.Conv1D(
            layer.features,
            layer.kernel_size,
            padding="causal",
            dilation_rate=layer.dilation,
            activation="relu",
        )
        made[f"Conv1D_{index}"] = conv
        y = k.SpatialDropout1D(layer.dropout)(conv(y))
    if features != layer.features:
        made["shortcut"] = k.Conv1D(layer.features, 1)
        x = made["shortcut"](x)
    return k.Activation("relu")(k.Add()([x, y])), made


def single(layer: PlainLayer) -> Any:
    """Return the Keras layer that does the same."""
    match layer.kind:
        case "Embedding":
            return k.Embedding(layer.vocabulary, layer.features)
        case "Conv1D":
            return k.Conv1D(layer.features, layer.kernel_size, activation="relu")
        case "MaxPool1D":
            return k.MaxPooling1D(layer.window)
        case "GlobalMaxPool1D":
            return k.GlobalMaxPooling1D()
        case "GRU":
            return k.GRU(
                layer.units,
                dropout=layer.dropout,
                recurrent_dropout=layer.recurrent_dropout,
                reset_after=False,
            )
        case "Dense":
            return k.Dense(layer.features)
        case "LastStep":
            return k.Lambda(lambda x: x[:, -1])
        case _:
            raise NotImplementedError(layer.kind)


class Peer:
    """A compiled functional model."""

    def __init__(
        self,
        workload: Workload,
        layers: tuple[PlainLayer, ...],
        problem: Problem,
        epoch_steps: int,
    ):
        """Build the network and turn its batches into the backend's tensors."""
        self._workload, self._problem = workload, problem
        self._epoch_steps = epoch_steps
        self._layers: list[dict[str, Any]] = []
        if workload.is_text:
            inputs = keras.Input((workload.length,), dtype="int32")
        else:
            inputs = keras.Input((workload.length, workload.columns))
        x = inputs
        for layer in layers:
            if layer.kind == "ResidualBlock":
                x, made = residual(layer, x)
            else:
                made = {"": single(layer)}
                x = made[""](x)
            self._layers.append(made)
        self._model: Any = keras.Model(inputs, x)
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        self._model.compile(
            optimizer=keras.optimizers.RMSprop(1e-3),
            loss=loss if workload.is_text else "mae",
        )
        tensor = keras.ops.convert_to_tensor
        self._batches = [
            (tensor(x), tensor(y))
            for x, y in problem.batches(BATCHES, workload.batch_size)
        ]
        if workload.is_text:
            rows = problem.rows[: epoch_steps * workload.batch_size]
            self._arrays = problem.gather(rows)
        self._steps = make_steps(self._model, BACKEND)

    def load(self, weights: list[dict[str, Any]]) -> None:
        """Take over weights by layer."""
        for made, given in zip(self._layers, weights, strict=True):
            for name, layer in made.items():
                params = given[name] if name else given
                layer.set_weights([params[key] for key in ORDER if key in params])
        self._steps = make_steps(self._model, BACKEND)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the outputs, on the host."""
        return np.asarray(self._model.predict_on_batch(x))

    def train(self, steps: int) -> None:
        """Do training steps, and wait for the last."""
        self._steps(self._batches[index % BATCHES] for index in range(steps))

    def epoch(self) -> None:
        """Let `fit` do an epoch."""
        size, steps = self._workload.batch_size, self._epoch_steps
        if self._workload.is_text:
            self._model.fit(*self._arrays, batch_size=size, verbose=0)
        else:
            generator = windows(self._problem, size)
            self._model.fit(generator, steps_per_epoch=steps, shuffle=False, verbose=0)


def windows(problem: Problem, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield batches as the book's generator does: a window at a time, for ever."""
    assert problem.offsets is not None
    oldest, every = -int(problem.offsets[0]), 1
    if len(problem.offsets) > 1:
        every = int(problem.offsets[1] - problem.offsets[0])
    low, high = int(problem.rows[0]), int(problem.rows[-1]) + 1
    while True:
        rows = np.random.randint(low, high, size=size)
        samples = np.zeros((size, oldest // every, problem.inputs.shape[-1]))
        targets = np.zeros((size,))
        for index, row in enumerate(rows):
            samples[index] = problem.inputs[range(row - oldest, row, every)]
            targets[index] = problem.targets[row, 0]
        yield samples, targets
