"""The training loop: epochs, validation, the best epoch, checkpoints, resuming.

Invariant at the head of every epoch: the history holds one record for each epoch
completed, and `state.step` lies in the epoch that comes next. Resuming means
restoring the state, the running totals and the history; everything else is a pure
function of the seed and the step.
"""

import time
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import jax
import optax

from seqconv_jax.train.batches import (
    Dataset,
    count_steps,
    gather,
    order_function,
    put_on_device,
)
from seqconv_jax.train.check import check_settings
from seqconv_jax.train.diagnose import NonFiniteError, first_bad_tensor
from seqconv_jax.train.engine import Trainer, run_steps
from seqconv_jax.train.evaluation import Evaluator
from seqconv_jax.train.interrupt import TrainingInterrupted, stop_on_signals
from seqconv_jax.train.reporter import NullReporter, Reporter
from seqconv_jax.train.selection import Best, ModelSelection, Record
from seqconv_jax.train.state import TrainState, init_state, seed_keys
from seqconv_jax.train.step import Score, means_of, zero_totals
from seqconv_jax.train.store import RunDirectory, open_store


class Result(NamedTuple):
    """What training leaves.

    Attributes:
        state: the state after the last step.
        history: a record for each epoch: `epoch`, `step`, the scores, those of the
            validation rows with `val_`, `gradient_norm`, `seconds` and
            `examples_per_second`.
        best: the best epoch, with its parameters and batch statistics.
    """

    state: TrainState
    history: list[Record]
    best: Best


def fit(
    model: Any,
    task: Dataset,
    *,
    optimizer: optax.GradientTransformation,
    loss: Score,
    metrics: Mapping[str, Score] | None = None,
    epochs: int,
    steps_per_epoch: int | None = None,
    batch_size: int = 128,
    seed: int = 0,
    params: Any = None,
    batch_stats: Any = None,
    monitor: str | None = None,
    mode: Literal["min", "max"] = "min",
    patience: int | None = None,
    run: RunDirectory | None = None,
    steps_per_call: int | None = None,
    reporter: Reporter | None = None,
) -> Result:
    """Train a model, keep its best epoch, and continue where a run was stopped.

    Step `s` takes the batch and the dropout masks that follow from `(seed, s)` alone.
    On CPU a run that was stopped, anywhere, and continued gives bit for bit what the
    uninterrupted run gives.

    A last batch that is not full repeats its own examples at weight 0: they count in
    no loss, gradient or score, but batch statistics, which know no weights, see them.

    Args:
        model: a Flax module that maps a batch of sequences, `(batch, time)` ids or
            `(batch, time, features)`, to `(batch, outputs)`. It is called with
            `train=True` in training, and its `batch_stats` are part of the state.
        task: the data; see `seqconv_jax.data.task.Task`.
        optimizer: an optax optimiser; a learning rate may be a schedule.
        loss: what is minimised, per example; see `seqconv_jax.losses`.
        metrics: more scores to report, by name.
        epochs: how many to train for, those of a resumed run counted in.
        steps_per_epoch: updates in an epoch; by default enough for every row once.
        batch_size: examples in a batch; one of fewer rows is filled up with padding.
        seed: what parameters, order and dropout follow from, in [0, 2**32).
        params: parameters to begin with, such as those of `interop.load_keras`; None
            draws them. A resumed run has its own.
        batch_stats: batch statistics to begin with; None takes the model's first ones.
        monitor: the score that says which epoch is best; by default `"val_loss"`, or
            `"loss"` where the task has no validation rows.
        mode: whether the smallest or the largest of it is best; the earliest of equals.
        patience: so many epochs in a row without a better one end training; None for
            never.
        run: a run directory, for the history and the checkpoints; None keeps nothing.
        steps_per_call: steps of one compiled call; by default one on a CPU, many on
            a GPU.
        reporter: shown the progress; None for nobody.

    Returns:
        The last state, the history, and the best epoch with its parameters and batch
        statistics.

    Raises:
        UserError: for arguments out of range, or a checkpoint of another model.
        NonFiniteError: where a loss or gradient is not finite; it names the tensor.
        TrainingInterrupted: after SIGINT or SIGTERM, once the state has been saved.

    Example:
        >>> import numpy as np
        >>> from flax import linen as nn
        >>> from seqconv_jax import losses, optim
        >>> from seqconv_jax.data import Task
        >>> class Line(nn.Module):
        ...     @nn.compact
        ...     def __call__(self, x, train=False):
        ...         return nn.Dense(1)(x)
        >>> rows = np.arange(8, dtype=np.int32)
        >>> x = rows[:, None].astype(np.float32)
        >>> split = {"train": rows, "validation": rows, "test": rows}
        >>> task = Task(inputs=x, targets=x, offsets=None, **split)
        >>> tx = optim.rmsprop(1e-2)
        >>> result = fit(Line(), task, optimizer=tx, loss=losses.mae, epochs=3)
        >>> len(result.history), int(result.state.step), sorted(result.best.params)
        (3, 3, ['Dense_0'])
    """
    metrics = dict(metrics or {})
    check_settings(
        model,
        task,
        epochs=epochs,
        steps_per_epoch=steps_per_epoch,
        batch_size=batch_size,
        seed=seed,
        patience=patience,
    )
    validated = len(task.validation) > 0
    selection = ModelSelection.of(
        monitor, mode, patience, ("loss", *metrics), validated
    )
    steps = count_steps(task, batch_size, steps_per_epoch)
    keys = seed_keys(seed)
    data = put_on_device(task)
    trainer = Trainer(
        model, optimizer, loss, metrics, data, keys.dropout, steps_per_call
    )
    evaluator = Evaluator(model, {"loss": loss, **metrics}, data)
    order_of = order_function(keys.order, task, steps, batch_size)
    reporter = reporter or NullReporter()

    state = init_state(
        model,
        optimizer,
        task.example,
        seed=seed,
        params=params,
        batch_stats=batch_stats,
    )
    with stop_on_signals() as request, open_store(run, selection) as store:
        state, totals, history = store.restore(state, zero_totals(trainer.total_names))
        best = store.best(state, history)
        while len(history) < epochs and not selection.is_stale(history):
            epoch = len(history)
            done = int(state.step) - epoch * steps
            order = order_of(epoch)
            reporter.begin(epoch + 1, epochs, done, steps)
            started, counted = time.perf_counter(), _count_examples(totals)
            state, totals, finite = run_steps(
                trainer,
                state,
                totals,
                order,
                steps - done,
                stopped=lambda: request.signum is not None,
                advance=reporter.advance,
            )
            reached = int(state.step)
            trained = time.perf_counter() - started
            if not finite:
                index = reached % steps
                batch = gather(data, order[index])
                tensor = first_bad_tensor(model, loss, state, batch, keys.dropout)
                where = f"epoch {epoch + 1}, batch {index + 1}"
                raise NonFiniteError(reached, tensor, where)
            if request.signum is not None and reached < (epoch + 1) * steps:
                store.save(state, totals, history)
                raise TrainingInterrupted(
                    request.signum, reached, saved=run is not None
                )

            record = {"epoch": epoch + 1, "step": reached, **means_of(totals)}
            if validated:
                scores = evaluator(state.params, state.batch_stats, task.validation)
                record |= {f"val_{name}": value for name, value in scores.items()}
            examples = _count_examples(totals) - counted
            record["seconds"] = time.perf_counter() - started
            record["examples_per_second"] = examples / max(trained, 1e-9)
            history = [*history, record]
            if best is None or selection.best([best.record, record]) is record:
                best = Best.of(record, state)
            totals = zero_totals(trainer.total_names)
            store.save(state, totals, history)
            reporter.end(record)
            if request.signum is not None and len(history) < epochs:
                raise TrainingInterrupted(
                    request.signum, reached, saved=run is not None
                )
    assert best is not None  # there is at least one epoch
    return Result(state, history, best)


def _count_examples(totals: Mapping[str, jax.Array]) -> int:
    """Return how many examples were trained on so far in the epoch."""
    return int(jax.device_get(totals["examples"]))
