"""Training: the settings are checked, the parts made, and the epochs run."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple

import optax
from jax.sharding import Mesh

from seqconv_jax.train.batches import Dataset, order_function
from seqconv_jax.train.callback import Callback
from seqconv_jax.train.door import check_listeners
from seqconv_jax.train.engine import Trainer, default_steps_per_call
from seqconv_jax.train.epochs import Parts, Trained, train_epochs
from seqconv_jax.train.evaluation import Evaluator
from seqconv_jax.train.feed import Place, feed_of
from seqconv_jax.train.hosts import (
    FirstStore,
    agreed,
    is_first,
    largest,
    wording_lost_processes,
)
from seqconv_jax.train.interrupt import TrainingInterrupted, stop_on_signals
from seqconv_jax.train.mesh import check_mesh, on_each, on_one
from seqconv_jax.train.plan import make_plan
from seqconv_jax.train.reporter import NullReporter, Reporter
from seqconv_jax.train.selection import Best, Record
from seqconv_jax.train.state import TrainState, seed_keys
from seqconv_jax.train.step import Score
from seqconv_jax.train.store import RunDirectory


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
    mode: Literal["min", "max"] | None = None,
    patience: int | None = None,
    run: RunDirectory | None = None,
    data: Place | None = None,
    steps_per_call: int | None = None,
    ema_decay: float | None = None,
    plateau: optax.GradientTransformationExtraArgs | None = None,
    callback: Callback | None = None,
    may_change: Collection[str] = (),
    reporter: Reporter | None = None,
    mesh: Mesh | None = None,
) -> Result:
    """Train a model, keep its best epoch, and continue where a run was stopped.

    Step `s` takes the batch and the dropout masks that follow from `(seed, s)` alone.
    On CPU a run that was stopped, anywhere, and continued gives bit for bit what the
    uninterrupted run gives.

    A run goes on with its own settings only: what its numbers depend on is kept with
    each checkpoint and compared, the optimiser and the losses by what they close over.
    `epochs`, `patience`, `steps_per_call`, `reporter` and `callback` may change.

    A last batch that is not full repeats its own examples at weight 0: they count in
    no loss, gradient or score, but batch statistics, which know no weights, see them.

    Args:
        model: a Flax module that maps a batch of sequences, `(batch, time)` ids or
            `(batch, time, features)`, to `(batch, outputs)`. It is called with
            `train=True` in training, and its `batch_stats` are part of the state.
        task: the data; see `seqconv_jax.data.task.Task`.
        optimizer: an optax optimiser; a learning rate may be a schedule. One that wants
            the `value` gets the batch's loss.
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
        mode: whether the smallest or the largest of it is best (the earliest of
            equals); must be given for a metric whose name does not say.
        patience: so many epochs in a row without a better one end training; None for
            never.
        run: a run directory, for the history, the checkpoints and what a
            `runs.Predictor` needs; None keeps nothing. Of several processes that train
            together the first one's is used.
        data: "resident", on the device for the whole run, or "streamed": gathered from
            the task's arrays ahead of each step, with the same numbers, so that arrays
            in files (`np.load(path, mmap_mode="r")`) may be larger than any memory. By
            default resident if they take at most half of it.
        steps_per_call: steps of one compiled call; by default one on a CPU, many on
            a GPU.
        ema_decay: the weight on its past, in (0, 1), of a moving average of the
            parameters, which is then validated and kept as the best in their place,
            with the batch statistics as they are; None keeps none.
        plateau: scales the optimiser's updates by what became of the validation loss
            (the training loss where none is validated), told once an epoch, such as
            `optax.contrib.reduce_on_plateau(factor=0.5, patience=3)`.
        callback: called with a copy of the state and the record of each epoch, once
            both are saved; training ends where it returns True. A run that is resumed
            at the end of an epoch calls it for that epoch again: so what it ended
            stays ended, as long as the same callback is given.
        may_change: names of settings, such as `"optimizer"`, that a resumed run may
            change all the same; what differs is then a warning.
        reporter: shown the progress; None for nobody.
        mesh: devices that each batch is spread over, from `data_mesh`; None for one.
            The numbers are those of one device to rounding, dropout and batch
            statistics included, so a run may go on with more or fewer.

    Returns:
        The last state, the history, and the best epoch with its parameters and batch
        statistics.

    Raises:
        UserError: for arguments out of range, a run of other settings, or one whose
            history is not that of its checkpoint.
        NonFiniteError: where a loss or gradient is not finite; it names the tensor.
        TrainingInterrupted: after SIGINT or SIGTERM, once the state has been saved; it
            carries the state, the history and the best epoch.

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
    check_listeners(run, callback, reporter)
    plan = make_plan(
        model,
        task,
        optimizer=optimizer,
        loss=loss,
        metrics=metrics,
        epochs=epochs,
        steps_per_epoch=steps_per_epoch,
        batch_size=batch_size,
        seed=seed,
        params=params,
        batch_stats=batch_stats,
        monitor=monitor,
        mode=mode,
        patience=patience,
        data=data,
        steps_per_call=steps_per_call,
        ema_decay=ema_decay,
        plateau=plateau,
        callback=callback,
        may_change=may_change,
        kept=run is not None,
    )
    mesh, keys = check_mesh(mesh), seed_keys(seed)
    feed, dropout_key = feed_of(task, data, mesh), on_each(mesh, keys.dropout)
    if steps_per_call is None:
        steps_per_call = feed.steps_per_call(default_steps_per_call(), batch_size)
    trainer = Trainer(
        model,
        plan.optimizer,
        loss,
        plan.metrics,
        feed,
        dropout_key,
        steps_per_call,
        plan.ema_decay,
        mesh=mesh,
    )
    evaluator = Evaluator(model, plan.scores, feed, mesh=mesh)
    shapes = plan.state_shapes() if mesh is None else None
    if shapes is not None:
        trainer.trace(shapes, plan.steps, batch_size)
    state = on_each(mesh, plan.initial_state(seed))
    if mesh is not None and callback is not None:
        plan = plan._replace(
            callback=lambda s, record: callback(on_one(mesh, s), record)
        )
    order_of = order_function(keys.order, task, plan.steps, batch_size)
    if shapes is None:
        trainer.trace(state, plan.steps, batch_size)
    if len(task.validation):
        evaluator.trace(state.eval_params, state.batch_stats, task.validation)

    with (
        stop_on_signals() as request,
        plan.open_store(run if is_first() else None, seed) as store,
        wording_lost_processes(mesh),
    ):
        if mesh is not None and mesh.is_multi_process:
            store = FirstStore(store, partial(on_each, mesh))
        parts = Parts(
            plan,
            feed,
            dropout_key,
            trainer,
            evaluator,
            order_of=lambda epoch: on_each(mesh, order_of(epoch)),
            reporter=reporter or NullReporter(),
            stopped=agreed(lambda: request.signum is not None, mesh),
        )
        trained = on_one(mesh, train_epochs(parts, state, store))

    # Here, where the run is on disk and the handlers are put back, none is missed.
    if (signum := largest(request.signum, mesh)) is not None:
        raise TrainingInterrupted(
            signum,
            trained.state.steps_done,
            saved=run is not None,
            **trained._asdict(),
        )
    return result_of(trained)


def result_of(trained: Trained) -> Result:
    """Return what training leaves that has come to its end."""
    assert trained.best is not None  # there is at least one epoch
    return Result(trained.state, trained.history, trained.best)
