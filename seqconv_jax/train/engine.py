"""The compiled functions of a run, and how many steps each call of them does."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

from seqconv_jax import _checks
from seqconv_jax.train.batches import (
    Examples,
    Resident,
    gather,
    in_order,
    put_on_device,
)
from seqconv_jax.train.slow_scatter import warn_of_slow_scatter
from seqconv_jax.train.state import TrainState
from seqconv_jax.train.step import (
    Metrics,
    Score,
    add_to_totals,
    make_scorer,
    make_step,
    means_of,
    zero_totals,
)

GPU_STEPS_PER_CALL = 100
EVALUATION_BATCH_SIZE = 512


class Ticket(NamedTuple):
    """What a call leaves behind to look at while later calls are already running."""

    step: jax.Array
    loss: jax.Array


def default_steps_per_call() -> int:
    """Return how many steps one call should do on the default device.

    A GPU is kept busy by many; on a CPU a convolution inside XLA's loop leaves the
    fast path, and each step must be a call of its own.
    """
    return 1 if jax.default_backend() == "cpu" else GPU_STEPS_PER_CALL


class Trainer:
    """Runs steps in compiled calls over data that lies on the device.

    Args:
        model: a Flax module that maps a batch of sequences to `(batch, outputs)`.
        tx: an optax optimiser.
        loss: what is minimised, per example.
        metrics: more scores to report, by name.
        resident: the data on the device.
        dropout_key: the run's key for dropout.
        steps_per_call: steps of one call; None for the device's default.
    """

    def __init__(
        self,
        model: Any,
        tx: optax.GradientTransformation,
        loss: Score,
        metrics: Mapping[str, Score],
        resident: Resident,
        dropout_key: jax.Array,
        steps_per_call: int | None = None,
    ):
        """Compile nothing yet; the first call does."""
        warn_of_slow_scatter(jax.default_backend(), jax.__version__)
        if steps_per_call is None:
            steps_per_call = default_steps_per_call()
        self.steps_per_call = _checks.positive_int("steps_per_call", steps_per_call)
        self.total_names = ("loss", *metrics, "gradient_norm")
        self._resident = resident
        self._key = dropout_key
        self._step = make_step(model, tx, loss, metrics)
        call = self._one if self.steps_per_call == 1 else self._many
        self._call: Callable[..., Any] = jax.jit(call, donate_argnums=(0, 1))

    def call(
        self, state: TrainState, totals: Metrics, order: jax.Array, steps: int
    ) -> tuple[TrainState, Metrics, Ticket, int]:
        """Do one call's steps, `steps` at the most, without waiting for them.

        Args:
            state: where to start; its buffers are given away.
            totals: metrics added up so far in this epoch; given away likewise.
            order: the epoch's rows from `epoch_order`.
            steps: how many steps are left to do.

        Returns:
            The state, the totals, a ticket and the number of steps done.
        """
        count = min(self.steps_per_call, steps)
        arguments = [state, totals, self._resident, self._key, order]
        if self.steps_per_call > 1:
            arguments.append(jax.device_put(np.int32(count)))
        state, totals, ticket = self._call(*arguments)
        return state, totals, ticket, count

    def _one(self, state, totals, resident, key, order):
        batch = gather(resident, order[state.step % order.shape[0]])
        state, metrics = self._step(state, batch, key)
        totals = add_to_totals(totals, metrics)
        return state, totals, _ticket(state, totals)

    def _many(self, state, totals, resident, key, order, count):
        def body(_, carry):
            state, totals = carry
            return self._one(state, totals, resident, key, order)[:2]

        state, totals = lax.fori_loop(0, count, body, (state, totals))
        return state, totals, _ticket(state, totals)


def _ticket(state: TrainState, totals: Metrics) -> Ticket:
    return Ticket(state.step, totals["loss"] / jnp.maximum(totals["examples"], 1))


class Evaluator:
    """Scores every row of a split exactly once.

    Args:
        model: a Flax module that maps a batch of sequences to `(batch, outputs)`.
        scores: what to report, by name.
        resident: the data on the device.
        batch_size: rows scored at a time.
    """

    def __init__(
        self,
        model: Any,
        scores: Mapping[str, Score],
        resident: Resident,
        batch_size: int = EVALUATION_BATCH_SIZE,
    ):
        """Compile nothing yet; the first call does."""
        self._names = tuple(scores)
        self._resident = resident
        self._score = make_scorer(model, scores)
        self._batch_size = _checks.positive_int("batch_size", batch_size)
        self._call = jax.jit(
            self._one if jax.default_backend() == "cpu" else self._many,
            donate_argnums=1,
        )

    def __call__(self, params: Any, rows: np.ndarray) -> dict[str, float]:
        """Return the mean scores over `rows`.

        Raises:
            UserError: if there are no rows.
        """
        _checks.expect(len(rows) > 0, "rows", "at least one row", [])
        order = jax.device_put(in_order(rows, min(self._batch_size, len(rows))))
        totals = zero_totals(self._names)
        batches = order.shape[0] if jax.default_backend() == "cpu" else 1
        for index in range(batches):
            at = jax.device_put(np.int32(index))
            totals = self._call(params, totals, self._resident, order, at)
        return means_of(totals)

    def _one(self, params, totals, resident, order, index):
        metrics = self._score(params, gather(resident, order[index]))
        return add_to_totals(totals, metrics)

    def _many(self, params, totals, resident, order, _):
        add = partial(self._add, params, resident, order)
        return lax.fori_loop(0, order.shape[0], add, totals)

    def _add(self, params, resident, order, index, totals):
        return self._one(params, totals, resident, order, index)


def evaluate(
    model: Any,
    params: Any,
    task: Examples,
    rows: np.ndarray,
    scores: Mapping[str, Score],
    *,
    batch_size: int = EVALUATION_BATCH_SIZE,
) -> dict[str, float]:
    """Return a model's mean scores over rows of a task, each scored exactly once.

    Args:
        model: a Flax module that maps a batch of sequences to `(batch, outputs)`.
        params: its parameters.
        task: the data.
        rows: `(n,)` int32, for example `task.test`.
        scores: what to report, by name.
        batch_size: rows scored at a time.
    """
    return Evaluator(model, scores, put_on_device(task), batch_size)(params, rows)


def predict(
    model: Any,
    params: Any,
    task: Examples,
    rows: np.ndarray,
    *,
    batch_size: int = EVALUATION_BATCH_SIZE,
) -> np.ndarray:
    """Return a model's outputs for rows of a task, `(n, outputs)`, in their order.

    Args:
        model: a Flax module that maps a batch of sequences to `(batch, outputs)`.
        params: its parameters.
        task: the data.
        rows: `(n,)` int32.
        batch_size: rows at a time.
    """
    resident = put_on_device(task)
    apply = jax.jit(
        lambda params, rows: model.apply({"params": params}, gather(resident, rows).x)
    )
    outputs = [apply(params, batch) for batch in in_order(rows, batch_size)]
    return np.concatenate(jax.device_get(outputs))[: len(rows)]
