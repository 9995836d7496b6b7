"""The epochs of a run: steps, validation, the best epoch, checkpoints.

Invariant at the head of every epoch: the history holds one record for each epoch
completed, and `state.step` lies in the epoch that comes next. Resuming means
restoring the state, the running totals and the history; everything else is a pure
function of the seed and the step.
"""

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax

from seqconv_jax import _checks
from seqconv_jax.train.batches import gather
from seqconv_jax.train.callback import ends_training
from seqconv_jax.train.diagnose import NonFiniteError, first_bad_tensor
from seqconv_jax.train.engine import Trainer, run_steps
from seqconv_jax.train.evaluation import Evaluator
from seqconv_jax.train.feed import Feed
from seqconv_jax.train.plan import Plan
from seqconv_jax.train.reporter import Reporter
from seqconv_jax.train.selection import Best, Record
from seqconv_jax.train.state import TrainState
from seqconv_jax.train.step import Metrics, means_of
from seqconv_jax.train.store import NullStore, RunStore


class Parts(NamedTuple):
    """What an epoch is made of, the same for all of them.

    Attributes:
        plan: what the training does.
        data: where each call's data comes from.
        dropout_key: the run's key for dropout.
        trainer: the compiled steps.
        evaluator: the compiled scores.
        order_of: from an epoch's number, from 0, to its order.
        reporter: shown the progress.
        stopped: whether a stop is requested.
    """

    plan: Plan
    data: Feed
    dropout_key: jax.Array
    trainer: Trainer
    evaluator: Evaluator
    order_of: Callable[[int], jax.Array]
    reporter: Reporter
    stopped: Callable[[], bool]


class Trained(NamedTuple):
    """What is behind when the epochs end; `best` is None before the first one's end."""

    state: TrainState
    history: list[Record]
    best: Best | None


class Training:
    """A run between two epochs, from where the store left off, or from `state`.

    Args:
        parts: what its epochs are made of.
        state: the state before the first step.
        store: keeps every epoch.

    Attributes:
        state: the state.
        totals: metrics added up so far in the epoch that comes next.
        history: a record for each epoch.
        best: the best of them.
    """

    def __init__(self, parts: Parts, state: TrainState, store: NullStore | RunStore):
        """Restore it."""
        self.parts, self._store, plan = parts, store, parts.plan
        nothing = parts.trainer.nothing()
        self.state, self.totals, self.history = store.restore(state, nothing)
        self.best = store.best(self.state, self.history)
        behind, self._ended = self.state.steps_done, False
        _checks.expect(
            behind <= plan.epochs * plan.steps,
            "epochs",
            f"at least {-(-behind // plan.steps)}, those that the run has behind it",
            plan.epochs,
        )
        if self.goes_on() and self.history and self.history[-1]["step"] == behind:
            self._ended = ends_training(plan.callback, self.state, self.history[-1])

    def goes_on(self) -> bool:
        """Return whether there is an epoch to do.

        There is none after the last one, without a better epoch for long, once the
        callback has said so, or when a stop was requested.
        """
        plan = self.parts.plan
        left = len(self.history) < plan.epochs
        return not self._ended and left and not plan.selection.is_stale(self.history)

    def begin(self) -> None:
        """Report that an epoch begins."""
        epoch, plan = len(self.history), self.parts.plan
        done = self.state.steps_done - epoch * plan.steps
        self.parts.reporter.begin(epoch + 1, plan.epochs, done, plan.steps)

    def keep(self, state: TrainState, totals: Metrics, record: Record | None) -> None:
        """Go on behind an epoch, everything saved; without a record in the midst of it.

        Args:
            state: the state.
            totals: metrics added up so far in the epoch.
            record: the epoch's; None where a stop was requested.
        """
        self.state, self.totals = state, totals
        if record is None:
            self._ended = True
            self._store.save(state, totals, self.history)
            return
        plan, self.history = self.parts.plan, [*self.history, record]
        best = self.best
        if best is None or plan.selection.best([best.record, record]) is record:
            self.best = Best.of(record, state)
        self.totals = self.parts.trainer.nothing()
        self._store.save(state, self.totals, self.history)
        self.parts.reporter.end(record)
        if plan.callback is not None:
            self._store.wait()
        ended = ends_training(plan.callback, state, record)
        self._ended = ended or self.parts.stopped()

    def trained(self) -> Trained:
        """Return what is behind."""
        return Trained(self.state, self.history, self.best)


def train_epochs(
    parts: Parts, state: TrainState, store: NullStore | RunStore
) -> Trained:
    """Train from where the store left off, or from `state`, and keep every epoch."""
    training = Training(parts, state, store)
    while training.goes_on():
        training.begin()
        training.keep(*_run_epoch(training))
    return training.trained()


def _run_epoch(training: Training) -> tuple[TrainState, Metrics, Record | None]:
    """Do what is left of an epoch; its record is None where a stop was requested."""
    parts, epoch = training.parts, len(training.history)
    steps = parts.plan.steps
    end, order = (epoch + 1) * steps, parts.order_of(epoch)
    started, counted = time.perf_counter(), count_examples(training.totals)
    state, totals, finite = run_steps(
        parts.trainer,
        training.state,
        training.totals,
        order,
        end - training.state.steps_done,
        stopped=parts.stopped,
        advance=parts.reporter.advance,
    )
    trained = time.perf_counter() - started
    if not finite:
        raise non_finite_error(parts, state, epoch, order)
    if state.steps_done < end:
        return state, totals, None
    state, record = end_of_epoch(parts, state, totals, epoch)
    examples = count_examples(totals) - counted
    record["seconds"] = time.perf_counter() - started
    record["examples_per_second"] = examples / max(trained, 1e-9)
    return state, totals, record


def non_finite_error(
    parts: Parts, state: TrainState, epoch: int, order: jax.Array
) -> NonFiniteError:
    """Return the error that says which tensor of the next step is not finite."""
    reached = state.steps_done
    index = reached % parts.plan.steps
    batch = gather(*parts.data.take(order[index]))
    tensor = first_bad_tensor(
        parts.plan.model, parts.plan.loss, state, batch, parts.dropout_key
    )
    where = f"epoch {epoch + 1}, batch {index + 1}"
    return NonFiniteError(reached, tensor, where)


def end_of_epoch(
    parts: Parts, state: TrainState, totals: Metrics, epoch: int
) -> tuple[TrainState, Record]:
    """Return the state behind an epoch that is done, and its record but for times."""
    plan = parts.plan
    record = {"epoch": epoch + 1, "step": state.steps_done, **means_of(totals)}
    if len(plan.task.validation):
        rows = plan.task.validation
        scores = parts.evaluator(state.eval_params, state.batch_stats, rows)
        record |= {f"val_{name}": value for name, value in scores.items()}
    if plan.observe is not None:
        value = record.get("val_loss", record["loss"])
        state = state._replace(opt_state=plan.observe(state.opt_state, value))
    return state, record


def count_examples(totals: Mapping[str, jax.Array]) -> int:
    """Return how many examples were trained on so far in the epoch."""
    return int(jax.device_get(totals["examples"]))
