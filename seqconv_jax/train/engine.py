"""The compiled functions of a run, and how many steps each call of them does."""

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax
from jax.sharding import Mesh

from seqconv_jax import _checks
from seqconv_jax.train import compiling
from seqconv_jax.train.batches import DeviceData, gather
from seqconv_jax.train.feed import Feed
from seqconv_jax.train.mesh import on_each, part_on, spread
from seqconv_jax.train.scores import Score
from seqconv_jax.train.slow_scatter import warn_of_slow_scatter
from seqconv_jax.train.state import TrainState
from seqconv_jax.train.step import Metrics, add_to_totals, make_step, zero_totals
from seqconv_jax.train.streamed import Calls

GPU_STEPS_PER_CALL = 100
MAX_CALLS_AHEAD = 1  # of the one at work; each holds memory


class StepHandle(NamedTuple):
    """What a call leaves behind to look at while later calls are already running.

    Attributes:
        step: updates done so far.
        loss: the epoch's mean loss so far.
    """

    step: jax.Array
    loss: jax.Array


def default_steps_per_call() -> int:
    """Return how many steps one call should do on the default device.

    A GPU is kept busy by many; on a CPU a convolution inside XLA's loop leaves the
    fast path, and each step must be a call of its own.
    """
    return 1 if jax.default_backend() == "cpu" else GPU_STEPS_PER_CALL


class Trainer:
    """Runs steps in compiled calls over data on the device.

    Args:
        model: a Flax module that maps a batch of sequences to `(batch, outputs)`.
        tx: an optax optimiser.
        loss: what is minimised, per example.
        metrics: more scores to report, by name.
        data: where each call's data comes from.
        dropout_key: the run's key for dropout.
        steps_per_call: steps of one call; None for the device's default.
        ema_decay: of the parameters' moving average; None for none.
        stacked: whether each array of the state and the totals, the key and the order
            have an axis for several seeds in front, which all do their step at once.
        mesh: the devices that each batch is spread over, where all arrays are; None for
            one device.
    """

    def __init__(
        self,
        model: Any,
        tx: optax.GradientTransformation,
        loss: Score,
        metrics: Mapping[str, Score],
        data: Feed,
        dropout_key: jax.Array,
        steps_per_call: int | None = None,
        ema_decay: float | None = None,
        stacked: bool = False,
        mesh: Mesh | None = None,
    ):
        """Compile nothing yet; the first call does."""
        warn_of_slow_scatter(jax.default_backend(), jax.__version__)
        if steps_per_call is None:
            steps_per_call = default_steps_per_call()
        self.steps_per_call = _checks.positive_int("steps_per_call", steps_per_call)
        self.total_names = ("loss", *metrics, "gradient_norm")
        self._data = data
        self._key = dropout_key
        self._mesh = mesh
        self._step = make_step(model, tx, loss, metrics, ema_decay)
        call: Any = self._one if self.steps_per_call == 1 else self._many
        if stacked:
            counts = () if self.steps_per_call == 1 else (None,)
            call = jax.vmap(call, in_axes=(0, 0, None, 0, 0, *counts))
        options = compiling.options(compiling.OFTEN)
        self._call = compiling.Program(
            jax.jit(spread(mesh, call), donate_argnums=(0, 1), compiler_options=options)
        )

    def call(
        self,
        state: TrainState,
        totals: Metrics,
        data: DeviceData,
        order: jax.Array,
        steps: int,
        keys: jax.Array | None = None,
    ) -> tuple[TrainState, Metrics, StepHandle, int]:
        """Do one call's steps, `steps` at the most, without waiting for them.

        Args:
            state: where to start; its buffers are given away.
            totals: metrics added up so far in this epoch; given away likewise.
            data: the data that holds the call's rows, from `calls`.
            order: the rows of its steps, likewise.
            steps: how many steps are left to do.
            keys: for dropout, those of stacked seeds; None for the run's own.

        Returns:
            The state, the totals, a step handle and the number of steps done.
        """
        count = min(self.steps_per_call, steps)
        key = self._key if keys is None else keys
        data, order = on_each(self._mesh, (data, order))
        arguments = [state, totals, data, key, order]
        if self.steps_per_call > 1:
            arguments.append(on_each(self._mesh, jax.device_put(np.int32(count))))
        state, totals, handle = self._call(*arguments)
        return state, totals, handle, count

    def calls(self, order: jax.Array, begin: int, steps: int) -> Calls:
        """Yield the data and the order of each call; to be closed when it is left.

        Args:
            order: the epoch's rows from `epoch_order`.
            begin: the step to begin with.
            steps: how many steps are left to do.
        """
        return self._data.calls(order, begin, steps, self.steps_per_call)

    def nothing(self) -> Metrics:
        """Return the totals before an epoch's first step."""
        return on_each(self._mesh, zero_totals(self.total_names))

    def trace(self, state: TrainState, steps: int, batch_size: int) -> None:
        """Raise what a call would, of the model, loss or optimiser; compute nothing.

        JAX keeps the trace for the call itself; one device's is compiled from here on.

        Args:
            state: the state, or its shapes.
            steps: batches of an epoch.
            batch_size: rows of a batch.
        """
        data, order = self._data.shapes(steps, batch_size, self.steps_per_call)
        arguments = [state, self.nothing(), data, self._key, order]
        if self.steps_per_call > 1:
            arguments.append(jax.ShapeDtypeStruct((), np.int32))
        self._call.trace(*arguments, ahead=self._mesh is None)

    def _one(self, state, totals, data, key, order):
        with part_on(self._mesh, order.shape[1]):
            batch = gather(data, order[state.step % order.shape[0]])
            state, metrics = self._step(state, batch, key)
        totals = add_to_totals(totals, metrics)
        return state, totals, _handle(state, totals)

    def _many(self, state, totals, data, key, order, count):
        def body(_, carry):
            state, totals = carry
            return self._one(state, totals, data, key, order)[:2]

        state, totals = lax.fori_loop(0, count, body, (state, totals))
        return state, totals, _handle(state, totals)


def _handle(state: TrainState, totals: Metrics) -> StepHandle:
    return StepHandle(state.step, totals["loss"] / jnp.maximum(totals["examples"], 1))


class Progress(NamedTuple):
    """What is behind when `run_steps` returns.

    Attributes:
        state: the state, every call that led to it ended.
        totals: metrics added up in this epoch.
        finite: whether every step was done; else `state` is that before the first step
            whose loss or gradient was not finite.
    """

    state: TrainState
    totals: Metrics
    finite: bool


def run_steps(
    trainer: Trainer,
    state: TrainState,
    totals: Metrics,
    order: jax.Array,
    steps: int,
    *,
    stopped: Callable[[], bool],
    advance: Callable[[int, Callable[[], float]], None],
) -> Progress:
    """Do up to `steps` steps, and wait for the last one.

    One call is always ahead, so that the device never waits for the host; a step that
    was not finite shows when its handle is looked at.

    Args:
        trainer: the compiled steps.
        state: where to start; its buffers are given away.
        totals: metrics added up so far in this epoch; given away likewise.
        order: the epoch's rows.
        steps: how many steps are left to do.
        stopped: whether a stop is requested; asked before every call.
        advance: told how many steps are on their way, with a function that waits for
            the mean loss.
    """
    pending: deque[tuple[int, StepHandle]] = deque()
    expected, finite = state.steps_done, True
    with closing(trainer.calls(order, expected, steps)) as calls:
        while steps > 0 and finite and not stopped():
            state, totals, handle, count = trainer.call(
                state, totals, *next(calls), steps
            )
            steps -= count
            expected += count
            pending.append((expected, handle))
            if len(pending) > MAX_CALLS_AHEAD:
                finite = _all_done(*pending.popleft())
            if finite:
                advance(count, partial(_loss_of, pending[0][1]))
    finite = finite and all(_all_done(*each) for each in pending)
    return Progress(state, totals, finite)


def _all_done(expected: int, handle: StepHandle) -> bool:
    return int(jax.device_get(handle.step)) == expected


def _loss_of(handle: StepHandle) -> float:
    return float(jax.device_get(handle.loss))
