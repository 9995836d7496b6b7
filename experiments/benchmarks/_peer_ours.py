"""Our network, the way the library's users train it."""

import threading
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from _data import Problem
from _peers import BATCHES
from _workloads import PlainLayer, Workload, by_layer, layer_names

import seqconv_jax as sc


class Peer:
    """`train.make_step` jitted, `model.apply` jitted, and `train.fit` for epochs."""

    def __init__(
        self,
        workload: Workload,
        layers: tuple[PlainLayer, ...],
        problem: Problem,
        epoch_steps: int,
    ):
        """Build the network and put its batches on the device.

        Its layers are its own: the plain copies of them are for others.
        """
        self._workload, self._problem = workload, problem
        self._epoch_steps = epoch_steps
        self._model = workload.model()
        losses = sc.losses
        self._loss = losses.binary_cross_entropy if workload.is_text else losses.mae
        self._tx = sc.optim.rmsprop(1e-3)
        self._batches = [
            sc.train.Batch(jnp.asarray(x), jnp.asarray(y), jnp.ones(len(x)))
            for x, y in problem.batches(BATCHES, workload.batch_size)
        ]
        self._state: sc.train.TrainState | None = None
        step = sc.train.make_step(self._model, self._tx, self._loss)
        self._step = jax.jit(step, donate_argnums=0)
        self._apply = jax.jit(self._model.apply)
        self._key = jax.random.key(0)
        self._epochs: _Epochs | None = None

    def reference(
        self, reset_after: bool, x: np.ndarray
    ) -> tuple[list[dict[str, Any]], np.ndarray]:
        """Return random weights by layer, no zero among them, and their outputs."""
        model = self._workload.model(reset_after=reset_after)
        shapes = jax.eval_shape(model.init, jax.random.key(0), x)["params"]
        rng = np.random.default_rng(0)
        params = jax.tree.map(lambda each: _random(rng, each.shape), shapes)
        outputs = np.asarray(jax.jit(model.apply)({"params": params}, x))
        return by_layer(params, model), outputs

    def load(self, weights: list[dict[str, Any]]) -> None:
        """Take over weights by layer."""
        names = layer_names(self._model)
        named = zip(names, weights, strict=True)
        self._begin({name: given for name, given in named if given})

    def _begin(self, params: Any = None) -> sc.train.TrainState:
        """Draw the state of the plain steps, which `fit` does for its own."""
        self._state = sc.train.init_state(
            self._model, self._tx, self._batches[0].x, seed=0, params=params
        )
        return self._state

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the outputs, on the host."""
        state = self._state or self._begin()
        return np.asarray(self._apply({"params": state.params}, x))

    def train(self, steps: int) -> None:
        """Do training steps, and wait for the last."""
        state = self._state or self._begin()
        for index in range(steps):
            state, _ = self._step(state, self._batches[index % BATCHES], self._key)
        self._state = jax.block_until_ready(state)

    def epoch(self) -> None:
        """Let `train.fit` go on for one epoch."""
        if self._epochs is None:
            self._epochs = _Epochs(self._fit)
        self._epochs.next()

    def _fit(self, turns: "_Epochs") -> None:
        problem, size = self._problem, self._workload.batch_size
        rows = problem.rows
        if self._workload.is_text:
            rows = rows[: self._epoch_steps * size]
        task = sc.data.Task(
            inputs=problem.inputs,
            targets=problem.targets,
            offsets=problem.offsets,
            train=rows,
            validation=rows[:0],
            test=rows[:0],
            replacement=not self._workload.is_text,
        )
        sc.train.fit(
            self._model,
            task,
            optimizer=self._tx,
            loss=self._loss,
            epochs=1_000_000,
            steps_per_epoch=self._epoch_steps,
            batch_size=size,
            reporter=turns,
        )


def _random(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return noise that keeps the size of what it is multiplied with."""
    scale = np.prod(shape[:-1]) ** -0.5 if len(shape) > 1 else 0.1
    return (scale * rng.standard_normal(shape)).astype(np.float32)


class _Epochs:
    """A reporter that holds training, in its own thread, before every epoch."""

    def __init__(self, fit: Callable[["_Epochs"], None]):
        """Start, and wait for the head of the first epoch."""
        self._go, self._there = threading.Semaphore(0), threading.Semaphore(0)
        self._error: BaseException | None = None
        threading.Thread(target=self._run, args=(fit,), daemon=True).start()
        self._wait()

    def next(self) -> None:
        """Run to the head of the next epoch."""
        self._go.release()
        self._wait()

    def _run(self, fit: Callable[["_Epochs"], None]) -> None:
        try:
            fit(self)
        except BaseException as error:
            self._error = error
            self._there.release()

    def _wait(self) -> None:
        self._there.acquire()
        if self._error is not None:
            raise self._error

    def begin(self, epoch: int, epochs: int, done: int, steps: int) -> None:
        """Wait to be let go on."""
        self._there.release()
        self._go.acquire()

    def advance(self, steps: int, loss: Callable[[], float]) -> None:
        """Say nothing."""

    def end(self, record: dict[str, Any]) -> None:
        """Say nothing."""
