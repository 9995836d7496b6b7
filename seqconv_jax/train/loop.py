"""The training loop: epochs, validation, the best epoch, checkpoints, resuming.

Invariant at the head of every epoch: the history holds one record for each epoch
completed, and `state.step` lies in the epoch that comes next. Resuming means
restoring the state, the running totals and the history; everything else is a pure
function of the seed and the step.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import optax

from seqconv_jax import _checks
from seqconv_jax.train.batches import (
    Examples,
    count_steps,
    epoch_order,
    gather,
    put_on_device,
)
from seqconv_jax.train.diagnose import Diverged, first_bad_tensor
from seqconv_jax.train.engine import Evaluator, Ticket, Trainer
from seqconv_jax.train.interrupt import Interrupted, stop_on_signals
from seqconv_jax.train.selection import Choice, Record
from seqconv_jax.train.state import TrainState, init_state, seed_keys
from seqconv_jax.train.step import Score, means_of, zero_totals
from seqconv_jax.train.store import RunDirectory, open_store

MAX_CALLS_AHEAD = 1  # of the one at work; each holds memory


class Best(NamedTuple):
    """The epoch that scored best on validation: its record and its parameters."""

    record: Record
    params: Any

    @property
    def epoch(self) -> int:
        """Its number, from 1."""
        return self.record["epoch"]

    @property
    def val_loss(self) -> float:
        """Its validation loss."""
        return self.record["val_loss"]


class Result(NamedTuple):
    """What training leaves: the last state, one record an epoch, the best epoch."""

    state: TrainState
    history: list[Record]
    best: Best


class Reporter(Protocol):
    """Shown what happens; only reading a loss waits for the device."""

    def begin(self, epoch: int, epochs: int, done: int, steps: int) -> None:
        """An epoch begins, `done` of its `steps` already behind."""

    def advance(self, steps: int, loss: Callable[[], float]) -> None:
        """`steps` more are on their way; `loss()` is the epoch's mean so far."""

    def end(self, record: Record) -> None:
        """An epoch has ended."""


class Silence:
    """The reporter that says nothing."""

    def begin(self, epoch: int, epochs: int, done: int, steps: int) -> None:
        """Say nothing."""

    def advance(self, steps: int, loss: Callable[[], float]) -> None:
        """Say nothing."""

    def end(self, record: Record) -> None:
        """Say nothing."""


class NotFinite(Exception):
    """A step was refused; carries the state before it."""

    def __init__(self, state: TrainState):
        """Keep the state."""
        super().__init__()
        self.state = state


def fit(
    model: Any,
    task: Examples,
    *,
    optimizer: optax.GradientTransformation,
    loss: Score,
    metrics: Mapping[str, Score] | None = None,
    epochs: int,
    steps_per_epoch: int | None = None,
    batch_size: int = 128,
    seed: int = 0,
    params: Any = None,
    monitor: str | None = None,
    mode: Literal["min", "max"] = "min",
    patience: int | None = None,
    run: RunDirectory | None = None,
    steps_per_call: int | None = None,
    reporter: Reporter | None = None,
) -> Result:
    """Train a model, keep its best epoch, and continue where a run was stopped.

    On CPU a run that was stopped, anywhere, and continued gives bit for bit what the
    uninterrupted run gives.

    Args:
        model: a Flax module that maps a batch of sequences to `(batch, outputs)`.
        task: the data; see `seqconv_jax.data.task.Task`.
        optimizer: an optax optimiser; a learning rate may be a schedule.
        loss: what is minimised, per example; see `seqconv_jax.losses`.
        metrics: more scores to report, by name.
        epochs: how many to train for, those of a resumed run counted in.
        steps_per_epoch: updates in an epoch; by default enough for every row once.
        batch_size: examples in a batch.
        seed: what parameters, order and dropout follow from, in [0, 2**32).
        params: parameters to begin with, such as those of `interop.load_keras`; None
            draws them. A resumed run has its own.
        monitor: the score that says which epoch is best; by default `"val_loss"`, or
            `"loss"` where the task has no validation rows.
        mode: whether the smallest or the largest of it is best; the earliest of equals.
        patience: epochs without a better one before training stops early; None never.
        run: a run directory, for the history and the checkpoints; None keeps nothing.
        steps_per_call: steps of one compiled call; by default one on a CPU, many on
            a GPU.
        reporter: shown the progress; None for silence.

    Returns:
        The last state, the history, and the best epoch with its parameters.

    Raises:
        UserError: for arguments out of range, or a checkpoint of another model.
        Diverged: where a loss or gradient is not finite; it names the tensor.
        Interrupted: after SIGINT or SIGTERM, once the state has been saved.
    """
    metrics = dict(metrics or {})
    _checks.positive_int("epochs", epochs)
    validated = len(task.validation) > 0
    choice = Choice.of(monitor, mode, patience, ("loss", *metrics), validated)
    steps = count_steps(task, batch_size, steps_per_epoch)
    keys = seed_keys(seed)
    resident = put_on_device(task)
    trainer = Trainer(
        model, optimizer, loss, metrics, resident, keys.dropout, steps_per_call
    )
    evaluator = Evaluator(model, {"loss": loss, **metrics}, resident)
    order_of = _order_function(keys.order, task, steps, batch_size)
    reporter = reporter or Silence()

    state = init_state(model, optimizer, task.example, seed=seed, params=params)
    with stop_on_signals() as request, open_store(run, choice) as store:
        state, totals, history = store.restore(state, zero_totals(trainer.total_names))
        best_params = store.best_params(state, history)
        while len(history) < epochs and not choice.is_stale(history):
            epoch = len(history)
            done = int(state.step) - epoch * steps
            order = order_of(epoch)
            reporter.begin(epoch + 1, epochs, done, steps)
            started = time.perf_counter()
            try:
                state, totals = _run_steps(
                    trainer, state, totals, order, steps - done, request, reporter
                )
            except NotFinite as stopped:
                at = int(stopped.state.step)
                batch = gather(resident, order[at % steps])
                bad = first_bad_tensor(model, loss, stopped.state, batch, keys.dropout)
                where = f"epoch {epoch + 1}, batch {at % steps + 1}"
                raise Diverged(at, bad, where) from None
            trained = time.perf_counter() - started
            reached = int(state.step)
            if request.signum is not None and reached < (epoch + 1) * steps:
                store.save(state, totals, history)
                raise Interrupted(request.signum, reached, saved=run is not None)

            record = {"epoch": epoch + 1, "step": reached, **means_of(totals)}
            if validated:
                scores = evaluator(state.params, task.validation)
                record |= {f"val_{name}": value for name, value in scores.items()}
            examples = (steps - done) * batch_size
            record["seconds"] = time.perf_counter() - started
            record["examples_per_second"] = examples / max(trained, 1e-9)
            history = [*history, record]
            if choice.best(history) is record:
                best_params = jax.tree.map(jnp.copy, state.params)
            totals = zero_totals(trainer.total_names)
            store.save(state, totals, history)
            reporter.end(record)
            if request.signum is not None and len(history) < epochs:
                raise Interrupted(request.signum, reached, saved=run is not None)
    return Result(state, history, Best(choice.best(history), best_params))


def _run_steps(trainer, state, totals, order, steps, request, reporter):
    """Do up to `steps` steps, fewer if a stop is requested; wait for the last one.

    One call is always ahead, so that the device never waits for the host; a step that
    was refused shows when its ticket is looked at.
    """
    pending: deque[tuple[int, Ticket]] = deque()
    expected = int(state.step)
    while steps > 0 and request.signum is None:
        state, totals, ticket, count = trainer.call(state, totals, order, steps)
        steps -= count
        expected += count
        pending.append((expected, ticket))
        if len(pending) > MAX_CALLS_AHEAD:
            _look_at(*pending.popleft(), state)
        reporter.advance(count, partial(_loss_of, pending[0][1]))
    while pending:
        _look_at(*pending.popleft(), state)
    return state, totals


def _look_at(expected: int, ticket: Ticket, state: TrainState) -> None:
    if int(jax.device_get(ticket.step)) != expected:
        raise NotFinite(state)


def _loss_of(ticket: Ticket) -> float:
    return float(jax.device_get(ticket.loss))


def _order_function(key, task: Examples, steps: int, batch_size: int):
    """Return the compiled function from an epoch's number, from 0, to its order."""
    rows = jnp.asarray(task.train)
    order = jax.jit(
        partial(
            epoch_order,
            steps=steps,
            batch_size=batch_size,
            replacement=task.replacement,
        )
    )
    return lambda epoch: order(key, jax.device_put(np.int32(epoch)), rows)
