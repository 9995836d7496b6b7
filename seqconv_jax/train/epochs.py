"""The epochs of a run: steps, validation, the best epoch, checkpoints.

Invariant at the head of every epoch: the history holds one record for each epoch
completed, and `state.step` lies in the epoch that comes next. Resuming means
restoring the state, the running totals and the history; everything else is a pure
function of the seed and the step.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from seqconv_jax import _checks
from seqconv_jax.train.batches import DeviceData, gather
from seqconv_jax.train.callback import Callback, ends_training
from seqconv_jax.train.diagnose import NonFiniteError, first_bad_tensor
from seqconv_jax.train.engine import Trainer, run_steps
from seqconv_jax.train.evaluation import Evaluator
from seqconv_jax.train.reporter import Reporter
from seqconv_jax.train.selection import Best, ModelSelection, Record
from seqconv_jax.train.state import TrainState
from seqconv_jax.train.step import Metrics, Score, means_of, zero_totals
from seqconv_jax.train.store import NullStore, RunStore


class Parts(NamedTuple):
    """What an epoch is made of, the same for all of them.

    Attributes:
        model: the Flax module.
        loss: what is minimised, per example.
        data: the data on the device.
        dropout_key: the run's key for dropout.
        trainer: the compiled steps.
        evaluator: the compiled scores.
        validation: the rows to validate; empty for none.
        order_of: from an epoch's number, from 0, to its order.
        steps: steps of an epoch.
        observe: told the validation loss, returns the optimiser's new state; or None.
        reporter: shown the progress.
        stopped: whether a stop is requested.
    """

    model: Any
    loss: Score
    data: DeviceData
    dropout_key: jax.Array
    trainer: Trainer
    evaluator: Evaluator
    validation: np.ndarray
    order_of: Callable[[int], jax.Array]
    steps: int
    observe: Callable[[Any, float], Any] | None
    reporter: Reporter
    stopped: Callable[[], bool]


class Trained(NamedTuple):
    """What is behind when the epochs end; `best` is None before the first one's end."""

    state: TrainState
    history: list[Record]
    best: Best | None


def train_epochs(
    parts: Parts,
    state: TrainState,
    store: NullStore | RunStore,
    selection: ModelSelection,
    epochs: int,
    callback: Callback | None,
) -> Trained:
    """Train from where the store left off, or from `state`, and keep every epoch.

    Ends after `epochs`, without a better epoch for long, when the callback says so, or
    when a stop is requested, the state saved.
    """
    nothing = zero_totals(parts.trainer.total_names)
    state, totals, history = store.restore(state, nothing)
    best = store.best(state, history)
    behind, ended = int(state.step), False
    _checks.expect(
        behind <= epochs * parts.steps,
        "epochs",
        f"at least {-(-behind // parts.steps)}, those that the run has behind it",
        epochs,
    )

    def goes_on():
        return not ended and len(history) < epochs and not selection.is_stale(history)

    if goes_on() and history and history[-1]["step"] == behind:
        ended = ends_training(callback, state, history[-1])
    while goes_on():
        parts.reporter.begin(
            len(history) + 1,
            epochs,
            int(state.step) - len(history) * parts.steps,
            parts.steps,
        )
        state, totals, record = _run_epoch(parts, state, totals, len(history))
        if record is None:
            store.save(state, totals, history)
            break
        history = [*history, record]
        if best is None or selection.best([best.record, record]) is record:
            best = Best.of(record, state)
        totals = zero_totals(parts.trainer.total_names)
        store.save(state, totals, history)
        parts.reporter.end(record)
        if callback is not None:
            store.wait()
        ended = ends_training(callback, state, record) or parts.stopped()
    return Trained(state, history, best)


def _run_epoch(
    parts: Parts, state: TrainState, totals: Metrics, epoch: int
) -> tuple[TrainState, Metrics, Record | None]:
    """Do what is left of an epoch; its record is None where a stop was requested."""
    end, order = (epoch + 1) * parts.steps, parts.order_of(epoch)
    started, counted = time.perf_counter(), _count_examples(totals)
    state, totals, finite = run_steps(
        parts.trainer,
        state,
        totals,
        order,
        end - int(state.step),
        stopped=parts.stopped,
        advance=parts.reporter.advance,
    )
    reached = int(state.step)
    trained = time.perf_counter() - started
    if not finite:
        index = reached % parts.steps
        batch = gather(parts.data, order[index])
        tensor = first_bad_tensor(
            parts.model, parts.loss, state, batch, parts.dropout_key
        )
        where = f"epoch {epoch + 1}, batch {index + 1}"
        raise NonFiniteError(reached, tensor, where)
    if reached < end:
        return state, totals, None

    record = {"epoch": epoch + 1, "step": reached, **means_of(totals)}
    if len(parts.validation):
        scores = parts.evaluator(state.eval_params, state.batch_stats, parts.validation)
        record |= {f"val_{name}": value for name, value in scores.items()}
    if parts.observe is not None:
        value = record.get("val_loss", record["loss"])
        state = state._replace(opt_state=parts.observe(state.opt_state, value))
    examples = _count_examples(totals) - counted
    record["seconds"] = time.perf_counter() - started
    record["examples_per_second"] = examples / max(trained, 1e-9)
    return state, totals, record


def _count_examples(totals: Mapping[str, jax.Array]) -> int:
    """Return how many examples were trained on so far in the epoch."""
    return int(jax.device_get(totals["examples"]))
